"""A checkpoint to the twin, and back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from typer.testing import CliRunner

import isograd
from isograd.cli import app
from isograd.errors import UsageError
from isograd.frameworks.source import load_class
from isograd.frameworks.torch import emitter as torch_emitter
from isograd.ir import mapping_document
from isograd.ir.mapping import Arrays, Blocks, Link, Permute, Reorder, TensorMap, Transform
from isograd.ir.mapping_document import MappingDocument
from isograd.run.transfer import transfer

MAP = TensorMap(
    (
        Link("fc.weight", "fc.kernel", Transform((Permute((1, 0)),))),
        Link("fc.bias", "fc.bias"),
        Link(
            "head.weight", "head.kernel", Transform((Reorder(1, (2, 3), (1, 0)), Permute((1, 0))))
        ),
        Link("gates", "gates", Transform((Blocks(0, (1, 0, 2)),))),
        Link("bn.running_mean", "bn.moving_mean"),
    )
)
TRAINABLE = ("fc.weight", "fc.bias", "head.weight", "gates")
DOCUMENT = MappingDocument(MAP, "torch", "tensorflow", TRAINABLE)
SHAPES = {
    "fc.weight": (5, 3),
    "fc.bias": (5,),
    "head.weight": (2, 6),
    "gates": (9,),
    "bn.running_mean": (5,),
}


def arrays(dtype: str = "f4", slots: tuple[str, ...] = ()) -> Arrays:
    rng = np.random.default_rng(0)
    found = {name: rng.normal(size=shape).astype(dtype) for name, shape in SHAPES.items()}
    for slot in slots:
        for name in TRAINABLE:
            found[f"optimizer/{slot}/{name}"] = rng.normal(size=SHAPES[name]).astype(dtype)
    return found | ({"optimizer/step": np.array(7)} if slots else {})


@pytest.fixture
def checkpoint(tmp_path) -> Callable[..., Path]:
    def make(changes: Arrays | None = None, without: tuple[str, ...] = (), **options) -> Path:
        found = arrays(**options) | (changes or {})
        save_file({k: v for k, v in found.items() if k not in without}, tmp_path / "a.safetensors")
        return tmp_path / "a.safetensors"

    return make


def test_every_tensor_goes_through_its_transform(tmp_path, checkpoint):
    done = transfer(checkpoint(), DOCUMENT, "tensorflow", tmp_path / "b.safetensors")
    found, expected = load_file(done.files[0]), MAP.forward(arrays())
    assert set(found) == set(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)
    assert done.tensors == 5
    assert done.nbytes == sum(array.nbytes for array in expected.values())


@given(
    dtype=st.sampled_from(["f2", "f4", "f8"]),
    slots=st.sampled_from([(), ("velocity",), ("moment_1", "moment_2")]),
    shard_size=st.none() | st.integers(1, 400),
)
def test_there_and_back_gives_every_bit(tmp_path_factory, dtype, slots, shard_size):
    folder = tmp_path_factory.mktemp("round")
    start = arrays(dtype, slots)
    save_file(start, folder / "a.safetensors")
    there = transfer(
        folder / "a.safetensors",
        DOCUMENT,
        "tensorflow",
        folder / "b.safetensors",
        shard_size=shard_size,
    )
    back = transfer(there.files[-1], DOCUMENT, "torch", folder / "c.safetensors")
    found = load_file(back.files[0])
    assert set(found) == set(start)
    for name, array in start.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes()


def test_optimizer_state_goes_through_its_parameters_transform(tmp_path, checkpoint):
    path = checkpoint(slots=("moment_1",))
    transfer(path, DOCUMENT, "tensorflow", tmp_path / "b.safetensors")
    found = load_file(tmp_path / "b.safetensors")
    np.testing.assert_array_equal(
        found["optimizer/moment_1/fc.kernel"], load_file(path)["optimizer/moment_1/fc.weight"].T
    )
    assert found["optimizer/step"] == 7


@pytest.mark.parametrize(
    ("changes", "without", "message"),
    [
        ({}, ("fc.bias",), r"lacks fc\.bias\."),
        ({"surplus": np.ones(1)}, (), r"does not know surplus\."),
        ({"fc.weight": np.ones((2, 3, 4))}, (), r"cannot take fc\.weight \(shape \(2, 3, 4\)"),
        ({"head.weight": np.ones((2, 7))}, (), r"cannot take head\.weight .* size 6"),
        ({"gates": np.ones(8)}, (), r"cannot take gates .* 3 blocks"),
        ({f"s{i}": np.ones(1) for i in range(8)}, (), r"s0, s1, s2, s3, s4 and 3 more\."),
        ({"optimizer/velocity/fc.bias": np.ones(5)}, (), r"lacks optimizer/velocity/fc\.weight"),
        ({"optimizer/velocity/other": np.ones(5)}, (), r"know optimizer/velocity/other"),
        ({"optimizer/velocity/bn.running_mean": np.ones(5)}, (), r"running_mean"),
    ],
)
def test_a_checkpoint_of_another_network_is_refused(
    tmp_path, checkpoint, changes, without, message
):
    path = checkpoint(changes, without)
    with pytest.raises(UsageError, match=message) as caught:
        transfer(path, DOCUMENT, "tensorflow", tmp_path / "b.safetensors")
    assert caught.value.where == str(path)
    assert list(tmp_path.iterdir()) == [path]


def test_optimizer_state_of_another_shape_is_refused(tmp_path, checkpoint):
    path = checkpoint({"optimizer/velocity/fc.bias": np.ones(6)}, slots=("velocity",))
    with pytest.raises(UsageError, match="its parameter has"):
        transfer(path, DOCUMENT, "tensorflow", tmp_path / "b.safetensors")


def test_what_is_ignored_is_left_out_and_told(tmp_path, checkpoint):
    path = checkpoint({"ema": np.ones(1)}, slots=("velocity",))
    done = transfer(
        path, DOCUMENT, "tensorflow", tmp_path / "b.safetensors", ignore=["ema", "optimizer/*"]
    )
    assert done.tensors == 5
    assert set(done.left_out) == {
        "ema",
        "optimizer/step",
        *(f"optimizer/velocity/{name}" for name in TRAINABLE),
    }


def test_a_mapped_tensor_cannot_be_ignored(tmp_path, checkpoint):
    done = transfer(
        checkpoint(), DOCUMENT, "tensorflow", tmp_path / "b.safetensors", ignore=["fc.*"]
    )
    assert "fc.kernel" in load_file(done.files[0])


def test_torchs_batch_counters_are_left_out(tmp_path, checkpoint):
    path = checkpoint({"bn.num_batches_tracked": np.array(3)})
    done = transfer(path, DOCUMENT, "tensorflow", tmp_path / "b.safetensors")
    assert done.left_out == ("bn.num_batches_tracked",)


@pytest.mark.parametrize(
    ("source", "to", "message"),
    [
        (None, "jax", "Unknown"),
        ("tensorflow", "tensorflow", "from torch, not from tensorflow"),
        ("jax", "tensorflow", "not from jax"),
    ],
)
def test_a_direction_that_the_mapping_does_not_have_is_refused(
    tmp_path, checkpoint, source, to, message
):
    with pytest.raises(UsageError, match=message):
        transfer(checkpoint(), DOCUMENT, to, tmp_path / "b.safetensors", source=source)


def test_twins_of_one_framework_are_told_apart_by_their_side(tmp_path, checkpoint):
    document = MappingDocument(MAP, "torch", "torch", TRAINABLE)
    with pytest.raises(UsageError, match="Both sides"):
        transfer(checkpoint(), document, "torch", tmp_path / "b.safetensors")
    transfer(checkpoint(), document, "twin", tmp_path / "b.safetensors")
    assert "fc.kernel" in load_file(tmp_path / "b.safetensors")


def test_another_kind_of_output_is_refused(tmp_path, checkpoint):
    with pytest.raises(UsageError, match=r"written as \.safetensors"):
        transfer(checkpoint(), DOCUMENT, "tensorflow", tmp_path / "b.h5")


def test_a_missing_mapping_is_reported_with_its_path(tmp_path, checkpoint):
    with pytest.raises(UsageError, match="Cannot read the mapping") as caught:
        transfer(checkpoint(), tmp_path / "mapping.json", "torch", tmp_path / "b.safetensors")
    assert caught.value.where == str(tmp_path / "mapping.json")


def test_progress_is_told_of_every_tensor(tmp_path, checkpoint):
    class Watch:
        told: list[str]

        def phase(self, description: str, total: int) -> None:
            self.told = []
            self.total = total

        def advance(self, detail: str = "") -> None:
            self.told.append(detail)

    watch = Watch()
    transfer(checkpoint(), DOCUMENT, "tensorflow", tmp_path / "b.safetensors", progress=watch)
    assert sorted(watch.told) == sorted(MAP.names.values())
    assert watch.total == 5


def twin_folder(folder: Path) -> Path:
    """What `convert` writes of a network, as far as `transfer` reads it."""
    graph = isograd.load("cnn-bn").graph
    emitted = {to: isograd.emit("cnn-bn", to) for to in ("torch", "tensorflow")}
    map = emitted["torch"].parameters.inverse.compose(emitted["tensorflow"].parameters)
    names = emitted["torch"].parameters.names
    trainable = [names[name] for name in graph.trainable]
    folder.mkdir()
    (folder / "mapping.json").write_text(
        mapping_document.to_json(map, "torch", "tensorflow", trainable)
    )
    (folder / "model.py").write_text(emitted["tensorflow"].source)
    return folder


def test_twins_compute_the_same_after_a_transfer(tmp_path):
    import keras

    folder = twin_folder(tmp_path / "twin")
    emitted = torch_emitter.emit(isograd.load("cnn-bn").graph)
    (tmp_path / "torch_model.py").write_text(emitted.source)
    reference = load_class(tmp_path / "torch_model.py", emitted.class_name)().eval()
    optimizer = torch.optim.Adam(reference.parameters())
    images = torch.randn(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    reference.train()(images).square().mean().backward()
    optimizer.step()
    torch.save(
        {"model": reference.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "x.pt"
    )
    transfer(tmp_path / "x.pt", folder / "mapping.json", "tensorflow", tmp_path / "x.safetensors")

    twin = load_class(folder / "model.py", "CnnBn")()
    batch = images.numpy().transpose(0, 2, 3, 1)
    twin(batch)
    tensors = load_file(tmp_path / "x.safetensors")
    for name in [name for name in tensors if not name.startswith("optimizer/")]:
        attrgetter(name)(twin).assign(tensors[name])
    with torch.no_grad():
        expected = reference.eval()(images).numpy()
    found = keras.ops.convert_to_numpy(twin(batch, training=False))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    moment = optimizer.state[reference.conv1.weight]["exp_avg"].numpy()
    np.testing.assert_array_equal(
        tensors["optimizer/moment_1/conv1.kernel"], moment.transpose(2, 3, 1, 0)
    )

    twin.save_weights(tmp_path / "x.weights.h5")
    transfer(
        tmp_path / "x.weights.h5", folder / "mapping.json", "torch", tmp_path / "back.safetensors"
    )
    for name, array in load_file(tmp_path / "back.safetensors").items():
        np.testing.assert_array_equal(array, reference.state_dict()[name].numpy())


def test_an_optimizer_in_a_file_of_its_own_is_taken_along(tmp_path):
    folder = twin_folder(tmp_path / "twin")
    emitted = torch_emitter.emit(isograd.load("cnn-bn").graph)
    (tmp_path / "torch_model.py").write_text(emitted.source)
    model = load_class(tmp_path / "torch_model.py", emitted.class_name)()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(torch.ones(2, 1, 28, 28)).square().mean().backward()
    optimizer.step()
    torch.save(model.state_dict(), tmp_path / "model.pt")
    torch.save(optimizer.state_dict(), tmp_path / "optimizer.pt")
    transfer(
        tmp_path / "model.pt",
        folder / "mapping.json",
        "tensorflow",
        tmp_path / "x.safetensors",
        optimizer=tmp_path / "optimizer.pt",
    )
    np.testing.assert_array_equal(
        load_file(tmp_path / "x.safetensors")["optimizer/velocity/conv2.kernel"],
        optimizer.state[model.conv2.weight]["momentum_buffer"].numpy().transpose(2, 3, 1, 0),
    )


def test_without_the_models_order_an_unnamed_optimizer_is_refused(tmp_path, checkpoint):
    layer = torch.nn.Linear(3, 3)
    torch.save(torch.optim.Adam(layer.parameters()).state_dict(), tmp_path / "o.pt")
    with pytest.raises(UsageError, match="is not clear"):
        transfer(
            checkpoint(),
            DOCUMENT,
            "tensorflow",
            tmp_path / "b.safetensors",
            optimizer=tmp_path / "o.pt",
        )


def test_keras_own_optimizer_state_is_refused_and_can_be_left_out(tmp_path):
    folder = twin_folder(tmp_path / "twin")
    twin = load_class(folder / "model.py", "CnnBn")()
    twin.compile("adam", "mse")
    twin.fit(np.zeros((4, 28, 28, 1)), np.zeros((4, 10)), verbose=0)
    twin.save(tmp_path / "x.keras")
    arguments = (tmp_path / "x.keras", folder / "mapping.json", "torch", tmp_path / "x.safetensors")
    with pytest.raises(UsageError, match="does not know optimizer/vars/0") as caught:
        transfer(*arguments)
    assert "--ignore" in (caught.value.hint or "")
    transfer(*arguments, ignore=["optimizer/*"])
    np.testing.assert_array_equal(
        load_file(tmp_path / "x.safetensors")["bn1.running_var"], twin.bn1.moving_variance.numpy()
    )


def test_safetensors_are_moved_without_importing_a_framework(tmp_path, checkpoint):
    (tmp_path / "mapping.json").write_text(
        mapping_document.to_json(MAP, "torch", "tensorflow", TRAINABLE)
    )
    arguments = [str(checkpoint()), str(tmp_path / "mapping.json"), "tensorflow"]
    code = (
        "import sys, isograd; isograd.transfer(*sys.argv[1:]); "
        "sys.exit(bool({'torch', 'tensorflow', 'keras'} & set(sys.modules)))"
    )
    out = str(tmp_path / "b.safetensors")
    subprocess.run([sys.executable, "-c", code, *arguments, out], check=True, timeout=60)


def test_the_command_writes_the_file_and_names_it(tmp_path, checkpoint):
    path = checkpoint({"bn.num_batches_tracked": np.array(3)})
    mapping = tmp_path / "mapping.json"
    mapping.write_text(mapping_document.to_json(MAP, "torch", "tensorflow", TRAINABLE))
    out = tmp_path / "b.safetensors"
    options = [
        "--mapping",
        str(mapping),
        "--from",
        "torch",
        "--to",
        "tensorflow",
        "--out",
        str(out),
    ]
    result = CliRunner().invoke(app, ["transfer", str(path), *options])
    assert result.exit_code == 0
    assert "left out  bn.num_batches_tracked" in result.stdout
    assert out.name in result.stdout.replace("\n", "")
    assert set(load_file(out)) == set(MAP.names.values())
