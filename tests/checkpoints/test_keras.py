"""Keras files, held against Keras itself."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import json
import sys
import zipfile
from operator import attrgetter
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

import isograd
from isograd.checkpoints import Known, open_checkpoint
from isograd.checkpoints.keras_names import dataset_paths, snake_case
from isograd.errors import MissingDependency, UsageError
from isograd.frameworks.source import load_class
from isograd.frameworks.tensorflow import emitter
from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph


def late() -> Graph:
    """Layers whose names stand behind ``layers`` in the alphabet, equal ones among them."""
    b = Builder("late")
    x = b.input("x", ("N", 4))
    for scope in ("zeta", "fc", "mlp", "out"):
        x = b(ops.Linear(4), x, scope=scope)
        x = b(ops.LayerNorm((4,)), x, scope=f"norm_{scope}")
    return b.finish(x)


def lookup() -> Graph:
    b = Builder("lookup")
    x = b.input("tokens", ("N", 3), "int")
    return b.finish(b(ops.Linear(2), b(ops.Embedding(7, 4), x, scope="embed"), scope="head"))


NETWORKS = {
    "cnn-bn": lambda: isograd.load("cnn-bn").graph,
    "lenet": lambda: isograd.load("lenet").graph,
    "late": late,
    "lookup": lookup,
}


def saved(graph: Graph, path: Path) -> tuple[keras.Model, tuple[str, ...], str]:
    """A network of Keras with random values, saved by Keras; its tensors' names; its source."""
    emitted = emitter.emit(graph)
    source = path.parent / f"{graph.name.replace('-', '_')}.py"
    source.write_text(emitted.source)
    model = load_class(source, emitted.class_name)()
    (kind,) = graph.inputs.values()
    size = {"cnn-bn": (1, 28, 28, 1), "lenet": (1, 28, 28, 1)}.get(graph.name, (1, *kind.shape[1:]))
    model(np.zeros(size, "int64" if kind.dtype == "int" else "float32"))
    names = tuple(emitted.parameters.names.values())
    rng = np.random.default_rng(0)
    for name in names:
        variable = attrgetter(name)(model)
        variable.assign(rng.normal(size=variable.shape))
    (model.save_weights if path.suffix == ".h5" else model.save)(path)
    return model, names, emitted.source


@pytest.mark.parametrize("file", ["x.weights.h5", "x.keras"])
@pytest.mark.parametrize("network", NETWORKS)
def test_every_variable_is_found_under_its_attribute(tmp_path, network, file):
    model, names, source = saved(NETWORKS[network](), tmp_path / file)
    with open_checkpoint(tmp_path / file, Known(names[::-1], source=source)) as opened:
        assert set(opened.names) == set(names)
        for name in names:
            expected = attrgetter(name)(model).numpy()
            np.testing.assert_array_equal(opened.read(name), expected)
            assert opened.info(name).shape == expected.shape


def test_without_the_source_a_layer_that_keras_lists_is_not_guessed(tmp_path):
    _, names, _ = saved(late(), tmp_path / "x.weights.h5")
    with pytest.raises(UsageError, match="only the model's source") as caught:
        open_checkpoint(tmp_path / "x.weights.h5", Known(names))
    assert "model.py" in (caught.value.hint or "")


def test_without_names_the_paths_of_the_file_are_the_names(tmp_path):
    saved(lookup(), tmp_path / "x.weights.h5")
    with open_checkpoint(tmp_path / "x.weights.h5") as opened:
        assert opened.names == ("embed/vars/0", "head/vars/0", "head/vars/1")


def test_a_layer_with_other_variables_than_expected_is_refused(tmp_path):
    saved(lookup(), tmp_path / "x.weights.h5")
    with pytest.raises(UsageError, match="2 variables in the file instead of 1"):
        open_checkpoint(tmp_path / "x.weights.h5", Known(["head.kernel"]))


def test_variables_whose_order_is_not_known_are_refused():
    with pytest.raises(UsageError, match="order"):
        dataset_paths(["cell/vars/0", "cell/vars/1"], ["cell.kernel", "cell.peephole"], None)


def test_the_eleventh_variable_stands_behind_the_tenth(tmp_path):
    with h5py.File(tmp_path / "x.weights.h5", "w") as file:
        for i in range(12):
            file[f"vars/{i}"] = np.full(1, i)
    with open_checkpoint(tmp_path / "x.weights.h5") as opened:
        assert [int(opened.read(name)[0]) for name in opened.names] == list(range(12))


def test_bfloat16_keeps_its_bits(tmp_path):
    layer = keras.layers.Dense(3, dtype="bfloat16")
    model = keras.Sequential([keras.Input((2,)), layer])
    values = keras.ops.cast(np.random.default_rng(0).normal(size=(2, 3)), "bfloat16")
    layer.kernel.assign(values)
    model.save_weights(tmp_path / "x.weights.h5")
    with open_checkpoint(tmp_path / "x.weights.h5") as opened:
        assert opened.info("layers/dense/vars/0").dtype == "BF16"
        bits = opened.read("layers/dense/vars/0")
    np.testing.assert_array_equal(bits, keras.ops.convert_to_numpy(layer.kernel).view("u2"))


@pytest.mark.parametrize("kept", [0, 100, 3000, -1])
@pytest.mark.parametrize("file", ["x.weights.h5", "x.keras"])
def test_a_truncated_file_is_reported_with_its_path(tmp_path, file, kept):
    saved(lookup(), tmp_path / file)
    content = (tmp_path / file).read_bytes()
    (tmp_path / file).write_bytes(content[:kept])
    with pytest.raises(UsageError, match="damaged or cut off") as caught:
        open_checkpoint(tmp_path / file)
    assert caught.value.where == str(tmp_path / file)


def test_an_archive_without_weights_is_reported(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(UsageError, match="damaged"):
        open_checkpoint(tmp_path / "x.keras")


def test_a_keras_archive_with_code_is_read_without_running_it(tmp_path):
    saved(lookup(), tmp_path / "good.keras")
    with (
        zipfile.ZipFile(tmp_path / "good.keras") as good,
        zipfile.ZipFile(tmp_path / "x.keras", "w") as bad,
    ):
        bad.writestr("config.json", json.dumps({"class_name": "Lambda", "config": {"code": "!"}}))
        bad.writestr("model.weights.h5", good.read("model.weights.h5"))
    with open_checkpoint(tmp_path / "x.keras") as opened:
        assert len(opened.names) == 3


@pytest.mark.parametrize("link", [h5py.ExternalLink("other.h5", "/x"), h5py.SoftLink("/elsewhere")])
def test_a_link_is_not_followed(tmp_path, link):
    with h5py.File(tmp_path / "x.weights.h5", "w") as file:
        file["vars"] = link
    with pytest.raises(UsageError, match="link"):
        open_checkpoint(tmp_path / "x.weights.h5")


def test_values_in_another_file_are_refused(tmp_path):
    (tmp_path / "secret").write_bytes(bytes(80))
    with h5py.File(tmp_path / "x.weights.h5", "w") as file:
        file.create_dataset("x", (10,), "f8", external=[(str(tmp_path / "secret"), 0, 80)])
    with pytest.raises(UsageError, match="another file"):
        open_checkpoint(tmp_path / "x.weights.h5")


def test_a_size_without_values_is_refused(tmp_path):
    with h5py.File(tmp_path / "x.weights.h5", "w") as file:
        file.create_dataset("x", (1 << 40,), "f4", chunks=(1024,), compression="gzip")
    with pytest.raises(UsageError, match="no values"):
        open_checkpoint(tmp_path / "x.weights.h5")


def test_text_is_no_tensor(tmp_path):
    with h5py.File(tmp_path / "x.weights.h5", "w") as file:
        file["x"] = "text"
    with pytest.raises(UsageError, match="no numbers"):
        open_checkpoint(tmp_path / "x.weights.h5")


def test_without_h5py_the_installation_is_named(tmp_path, monkeypatch):
    (tmp_path / "x.weights.h5").touch()
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingDependency, match="h5py"):
        open_checkpoint(tmp_path / "x.weights.h5")


@pytest.mark.parametrize("name", ["Dense", "Conv2D", "LayerNormalization", "GRU", "BatchNorm"])
def test_layers_are_called_as_keras_calls_them(name):
    from keras.src.utils.naming import to_snake_case

    assert snake_case(name) == to_snake_case(name)


def test_a_source_that_cannot_be_read_is_reported():
    with pytest.raises(UsageError, match="source"):
        dataset_paths(["layers/dense/vars/0"], ["z.kernel"], "def (")
