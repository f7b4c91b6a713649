"""Tensors from their file, transposed on the way."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isograd.checkpoints import TensorInfo, pieces, turning
from isograd.checkpoints.checkpoint import CODES, Place
from isograd.checkpoints.pieces import is_transposition, pieces_of
from isograd.errors import UsageError
from isograd.ir.mapping import Blocks, Permute, Transform

SKIPPED = 13
"""Bytes before the tensor: its place need not be aligned."""


def written(folder: Path, array: np.ndarray) -> Place:
    path = folder / "values"
    path.write_bytes(bytes(SKIPPED) + array.tobytes() + bytes(7))
    return Place(path, SKIPPED)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Transform, np.ndarray]:
    """Transpositions, one after the other, of tensors of several blocks and of none."""
    shapes = [(), (5,), (0, 3), (3, 0), (150, 6), (130, 70), (200, 2, 3, 3), (3, 3, 70, 4)]
    shape = draw(st.sampled_from([*shapes, (5, 1, 130, 2), (9, 66, 2)]))
    axes = st.permutations(range(len(shape)))
    steps = [Permute(tuple(draw(axes))) for _ in range(draw(st.integers(0, 2)))]
    array = np.arange(np.prod(shape)).astype(draw(st.sampled_from(["f4", "u2", "u1", "f8"])))
    return Transform(tuple(steps)), array.reshape(shape)


def info_of(array: np.ndarray) -> TensorInfo:
    return TensorInfo(CODES[array.dtype], array.shape)


@pytest.mark.parametrize("size", [1, 300, 1 << 30])
@pytest.mark.parametrize("block", [64, 4096])
@pytest.mark.parametrize("crowded", [1, 1 << 30], ids=["spread", "as it lies"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases())
def test_pieces_are_what_the_transform_gives(tmp_path, monkeypatch, crowded, block, size, case):
    monkeypatch.setattr(turning, "CROWDED", crowded)
    monkeypatch.setattr(turning, "BLOCK", block)
    monkeypatch.setattr(pieces, "PIECE", size)
    transform, array = case
    made = pieces_of(written(tmp_path, array), info_of(array), transform)
    values = [piece.make(np.empty(piece.nbytes, "u1")) for piece in made]
    assert [part.nbytes for part in values] == [piece.nbytes for piece in made]
    assert b"".join(part.tobytes() for part in values) == transform(array).tobytes()


def test_a_large_tensor_comes_in_pieces_of_bounded_size(tmp_path):
    array = np.zeros((3000, 2000), "u2")
    place = written(tmp_path, array)
    tracemalloc.start()
    made = pieces_of(place, info_of(array), Transform((Permute((1, 0)),)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < array.nbytes / 10, "nothing is made before it is asked for"
    assert len(made) > 1
    assert max(piece.nbytes for piece in made) <= pieces.PIECE


def test_other_transforms_are_left_to_others():
    assert is_transposition(Transform((Permute((1, 0)),)))
    assert not is_transposition(Transform((Permute((1, 0)), Blocks(0, (1, 0)))))


@pytest.mark.parametrize("steps", [(), (Permute((1, 0)),)])
def test_a_file_that_ends_too_early_is_reported_with_its_path(tmp_path, steps):
    place = written(tmp_path, np.zeros((200, 3), "f4"))
    with pytest.raises(UsageError, match="ends before") as raised:
        pieces_of(place, TensorInfo("F32", (300, 3)), Transform(steps))
    assert raised.value.where == str(place.path)


def test_a_file_that_is_gone_is_reported_with_its_path(tmp_path):
    place = Place(tmp_path / "gone", 0)
    with pytest.raises(UsageError, match="Cannot read") as raised:
        pieces_of(place, TensorInfo("F32", (3,)), Transform())
    assert raised.value.where == str(place.path)
