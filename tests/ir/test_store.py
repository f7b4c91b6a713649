"""A network on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isograd.errors import UsageError
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import Linear
from isograd.ir.store import load, save


def network() -> Graph:
    b = Builder("net")
    return b.finish(b(Linear(3), b.input("x", ("N", 4)), scope="fc"))


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    save(network(), network().initialize(0), tmp_path)
    return tmp_path


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_graph_and_weights_come_back_bit_for_bit(tmp_path, dtype):
    weights = {name: array.astype(dtype) for name, array in network().initialize(1).items()}
    save(network(), weights, tmp_path / "new" / "folder")
    graph, arrays = load(tmp_path / "new" / "folder")
    assert graph == network()
    assert list(arrays) == list(weights)
    for name, array in weights.items():
        np.testing.assert_array_equal(arrays[name], array, strict=True)


def test_a_transposed_array_is_stored_as_it_reads(tmp_path):
    weights = network().initialize(0)
    weights["fc.weight"] = np.arange(12.0).reshape(4, 3).T
    save(network(), weights, tmp_path)
    np.testing.assert_array_equal(load(tmp_path)[1]["fc.weight"], weights["fc.weight"])


@pytest.mark.parametrize("name", ["graph.json", "weights.safetensors"])
def test_an_existing_file_is_not_overwritten(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(UsageError, match="not overwritten") as caught:
        save(network(), network().initialize(0), tmp_path)
    assert caught.value.where == str(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_file_in_place_of_the_directory_is_reported(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="Cannot write"):
        save(network(), network().initialize(0), tmp_path / "file")


@pytest.mark.parametrize("name", ["graph.json", "weights.safetensors"])
def test_a_missing_file_is_reported_with_its_path(stored, name):
    (stored / name).unlink()
    with pytest.raises(UsageError, match="Cannot read: No such file") as caught:
        load(stored)
    assert caught.value.where == str(stored / name)


@pytest.mark.parametrize("name", ["graph.json", "weights.safetensors"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_a_truncated_file_is_reported_with_its_path(stored, name, share):
    path = stored / name
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UsageError, match="cut off") as caught:
        load(stored)
    assert caught.value.where == str(path)


@pytest.mark.parametrize("name", ["graph.json", "weights.safetensors"])
def test_a_file_of_noise_is_reported_with_its_path(stored, name):
    (stored / name).write_bytes(bytes(range(255, 0, -1)))
    with pytest.raises(UsageError) as caught:
        load(stored)
    assert caught.value.where == str(stored / name)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda w: w.pop("fc.bias"), "'fc.bias', it is missing"),
        (lambda w: w.update(extra=np.zeros(1)), "'extra', the graph has no such parameter"),
        (lambda w: w.update({"fc.bias": np.zeros(4)}), r"shape \(4,\) instead of \(3,\)"),
        (lambda w: w.update({"fc.bias": np.zeros(3, np.int64)}), "holds int64, no float"),
    ],
)
def test_weights_of_another_graph_are_refused_on_both_ways(tmp_path, change, sentence):
    from safetensors.numpy import save_file

    weights = network().initialize(0)
    save(network(), weights, tmp_path)
    change(weights)
    with pytest.raises(UsageError, match=sentence):
        save(network(), weights, tmp_path / "other")
    assert not (tmp_path / "other").exists()
    save_file(weights, tmp_path / "weights.safetensors")
    with pytest.raises(UsageError, match=sentence):
        load(tmp_path)
