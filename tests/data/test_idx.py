"""idx files are read, plain or compressed, and every damage is reported with the file's path."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from small_mnist import idx_bytes

from isograd.data.idx import read_idx
from isograd.errors import UsageError

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
COMPRESSED = gzip.compress(idx_bytes(IMAGES), mtime=0)
"""Without a time: the tests of all processes have the same names."""


@given(
    array=arrays.arrays(np.uint8, arrays.array_shapes(max_dims=3, max_side=6)),
    ending=st.sampled_from(["", ".gz"]),
)
def test_what_was_written_is_read_plain_or_compressed(
    tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, ending: str
) -> None:
    path = tmp_path_factory.mktemp("idx") / f"file{ending}"
    path.write_bytes(gzip.compress(idx_bytes(array)) if ending else idx_bytes(array))
    np.testing.assert_array_equal(read_idx(path, array.ndim), array)


def test_sizes_are_big_endian(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_bytes(b"\x00\x00\x08\x01\x00\x00\x00\x03abc")
    assert read_idx(path, 1).tolist() == [97, 98, 99]


def test_an_empty_array_is_read(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_bytes(idx_bytes(np.zeros(0, np.uint8)))
    assert read_idx(path, 1).shape == (0,)


@pytest.mark.parametrize(
    ("name", "damaged", "words"),
    [
        ("cut.gz", COMPRESSED[:-12], "does not decompress"),
        ("checksum.gz", COMPRESSED[:-8] + b"\x00" * 8, "does not decompress"),
        ("plain.gz", idx_bytes(IMAGES), "does not decompress"),
        ("cut", idx_bytes(IMAGES)[:-1], "promises 24 bytes, it has 23"),
        ("long", idx_bytes(IMAGES) + b"\x00", "promises 24 bytes, it has 25"),
        ("promise", struct.pack(">HBB3I", 0, 8, 3, 9, 3, 4) + IMAGES.tobytes(), "promises 108"),
        ("header", idx_bytes(IMAGES)[:15], "15 bytes, the header alone has 16"),
        ("empty", b"", "0 bytes"),
        ("compressed", COMPRESSED, "magic number is 0x1f8b"),
        ("floats", b"\x00\x00\x0d" + idx_bytes(IMAGES)[3:], "magic number is 0x00000d03"),
        ("rank", idx_bytes(IMAGES.reshape(2, 12)) + b"\x00" * 8, "2-dimensional data, 3 were"),
    ],
)
def test_a_damaged_file_is_reported_with_its_path(
    tmp_path: Path, name: str, damaged: bytes, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(damaged)
    with pytest.raises(UsageError, match=words) as caught:
        read_idx(path, 3)
    assert caught.value.where == str(path)
    assert "--data-dir" in (caught.value.hint or "")


@pytest.mark.parametrize("name", ["missing", "missing.gz"])
def test_a_missing_file_is_reported_with_its_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="No such file") as caught:
        read_idx(tmp_path / name, 3)
    assert caught.value.where == str(tmp_path / name)


def test_a_folder_in_place_of_a_file_is_reported_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="directory") as caught:
        read_idx(tmp_path, 3)
    assert caught.value.where == str(tmp_path)
