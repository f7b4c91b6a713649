"""Reading and writing safetensors: one file, and several with an index."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import numpy as library
from safetensors import torch as torch_library

from isograd.checkpoints import TensorInfo, open_checkpoint, write_safetensors
from isograd.checkpoints.checkpoint import CARRIERS
from isograd.errors import UsageError

INFOS = st.builds(
    TensorInfo,
    st.sampled_from(sorted(CARRIERS)),
    st.lists(st.integers(0, 4), max_size=3).map(tuple),
)


def filled(layout: dict[str, TensorInfo]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        name: np.frombuffer(rng.bytes(info.nbytes), "u1")
        .astype("u1")
        .__and__(1 if info.dtype == "BOOL" else 255)
        .view(CARRIERS[info.dtype])
        .reshape(info.shape)
        for name, info in layout.items()
    }


def write(path: Path, arrays: dict[str, np.ndarray], **options) -> list[Path]:
    layout = {
        name: TensorInfo({"float32": "F32", "int64": "I64"}[array.dtype.name], array.shape)
        for name, array in arrays.items()
    }
    return write_safetensors(path, layout, arrays.__getitem__, **options)


@given(
    layout=st.dictionaries(st.text(min_size=1, max_size=5), INFOS, max_size=6).filter(
        lambda layout: "__metadata__" not in layout
    ),
    shard_size=st.none() | st.integers(1, 200),
)
def test_what_is_written_is_read_back_bit_for_bit(tmp_path_factory, layout, shard_size):
    arrays = filled(layout)
    path = tmp_path_factory.mktemp("written") / "model.safetensors"
    files = write_safetensors(path, layout, arrays.__getitem__, shard_size=shard_size)
    with open_checkpoint(files[-1]) as opened:
        assert set(opened.names) == set(layout)
        for name, info in layout.items():
            assert opened.info(name) == info
            assert opened.read(name).shape == info.shape
            assert opened.read(name).tobytes() == arrays[name].tobytes()


def test_the_library_reads_what_is_written(tmp_path):
    arrays = {"a": np.arange(6, dtype="f4").reshape(2, 3), "b": np.array(7)}
    write(tmp_path / "x.safetensors", arrays)
    found = library.load_file(tmp_path / "x.safetensors")
    assert found["b"] == 7
    np.testing.assert_array_equal(found["a"], arrays["a"])


def test_bfloat16_keeps_its_bits(tmp_path):
    values = torch.tensor([1.0, -0.0, float("nan"), 3e38], dtype=torch.bfloat16)
    torch_library.save_file({"x": values}, tmp_path / "x.safetensors")
    with open_checkpoint(tmp_path / "x.safetensors") as opened:
        assert opened.info("x").dtype == "BF16"
        expected = values.view(torch.int16).numpy().view("u2")
        np.testing.assert_array_equal(opened.read("x"), expected)
        np.testing.assert_array_equal(
            opened.read("x").view(ml_dtypes.bfloat16)[:2].astype("f4"), [1.0, -0.0]
        )


def test_values_begin_at_multiples_of_their_element_size(tmp_path):
    layout = {"half": TensorInfo("F16", (3,)), "double": TensorInfo("F64", (1,))}
    arrays = filled(layout)
    path = tmp_path / "x.safetensors"
    write_safetensors(path, layout, arrays.__getitem__)
    length = int.from_bytes(path.read_bytes()[:8], "little")
    header = json.loads(path.read_bytes()[8 : 8 + length])
    assert (8 + length) % 8 == 0
    assert header["double"]["data_offsets"] == [0, 8]


def test_a_shard_is_no_larger_than_asked_unless_one_tensor_is(tmp_path):
    arrays = {name: np.zeros(size, "f4") for name, size in (("a", 10), ("b", 10), ("c", 100))}
    files = write(tmp_path / "model.safetensors", arrays, shard_size=100)
    assert [file.name for file in files] == [
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
    ]
    assert set(library.load_file(files[0])) == {"a", "b"}


@pytest.mark.parametrize("name", ["model.safetensors.index.json", ""])
def test_a_sharded_checkpoint_is_opened_by_its_index_or_its_folder(tmp_path, name):
    write(tmp_path / "model.safetensors", {k: np.ones(9, "f4") for k in "abc"}, shard_size=40)
    with open_checkpoint(tmp_path / name) as opened:
        assert opened.names == ("a", "b", "c")


@pytest.mark.parametrize("kept", [0, 4, 20, -1])
def test_a_truncated_file_is_reported_with_its_path(tmp_path, kept):
    (path,) = write(tmp_path / "x.safetensors", {"a": np.ones(100, "f4")})
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UsageError, match="damaged or cut off") as caught:
        open_checkpoint(path)
    assert caught.value.where == str(path)


@given(position=st.integers(0, 90), value=st.integers(0, 255))
def test_a_damaged_header_is_reported_and_never_crashes(tmp_path_factory, position, value):
    folder = tmp_path_factory.mktemp("damaged")
    (path,) = write(folder / "x.safetensors", {"a": np.ones(100, "f4")})
    content = bytearray(path.read_bytes())
    content[position] = value
    path.write_bytes(content)
    with suppress(UsageError), open_checkpoint(path) as opened:
        for name in opened.names:
            opened.read(name)


def test_a_shard_in_another_folder_is_refused(tmp_path):
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "../secret.safetensors"}}))
    with pytest.raises(UsageError, match="no file beside the index"):
        open_checkpoint(index)


def test_a_missing_shard_is_reported_with_its_path(tmp_path):
    files = write(
        tmp_path / "model.safetensors", {k: np.ones(9, "f4") for k in "ab"}, shard_size=40
    )
    files[0].unlink()
    with pytest.raises(UsageError) as caught:
        open_checkpoint(files[-1])
    assert caught.value.where == str(files[0])


def test_an_index_that_contradicts_its_shards_is_refused(tmp_path):
    *_, index = write(
        tmp_path / "model.safetensors", {k: np.ones(9, "f4") for k in "ab"}, shard_size=40
    )
    raw = json.loads(index.read_text())
    raw["weight_map"]["c"] = raw["weight_map"]["a"]
    index.write_text(json.dumps(raw))
    with pytest.raises(UsageError, match="does not hold 'c'"):
        open_checkpoint(index)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map": 3}', "[" * 100_000])
def test_an_index_that_is_none_is_refused(tmp_path, text):
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(text)
    with pytest.raises(UsageError, match="no index"):
        open_checkpoint(index)


def test_nothing_is_left_behind_when_a_tensor_cannot_be_made(tmp_path):
    def produce(name: str) -> np.ndarray:
        if name == "b":
            raise UsageError("no")
        return np.ones(9, "f4")

    layout = {name: TensorInfo("F32", (9,)) for name in "ab"}
    with pytest.raises(UsageError):
        write_safetensors(tmp_path / "model.safetensors", layout, produce, shard_size=40)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_exists_is_not_overwritten(tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_text("precious")
    with pytest.raises(UsageError, match="not overwritten"):
        write(path, {"a": np.ones(1, "f4")})
    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


def test_values_of_another_shape_than_announced_are_a_mistake(tmp_path):
    with pytest.raises(ValueError, match="announced"):
        write_safetensors(
            tmp_path / "x.safetensors", {"a": TensorInfo("F32", (2,))}, lambda _: np.ones(3, "f4")
        )
    assert list(tmp_path.iterdir()) == []


def test_a_path_of_no_known_kind_is_refused_with_the_known_ones(tmp_path):
    path = tmp_path / "x.ckpt"
    path.touch()
    with pytest.raises(UsageError, match=r"\.safetensors"):
        open_checkpoint(path)


def test_a_missing_checkpoint_is_reported_with_its_path(tmp_path):
    with pytest.raises(UsageError, match="no such checkpoint") as caught:
        open_checkpoint(tmp_path / "x.safetensors")
    assert caught.value.where == str(tmp_path / "x.safetensors")


def test_a_folder_without_a_checkpoint_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"0 \.safetensors files"):
        open_checkpoint(tmp_path)
