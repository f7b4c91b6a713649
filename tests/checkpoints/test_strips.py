"""Tensors from their file, transposed on the way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isograd.checkpoints import TensorInfo, turning
from isograd.checkpoints.checkpoint import Place
from isograd.checkpoints.strips import DoubleBuffer, is_transposition, read_transposed
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


@pytest.mark.parametrize("worth_threads", [0, 1 << 30], ids=["threads", "no threads"])
@pytest.mark.parametrize("block", [64, 4096])
@pytest.mark.parametrize("crowded", [1, 1 << 30], ids=["spread", "as it lies"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases())
def test_blocks_give_what_the_transform_gives(
    tmp_path, monkeypatch, crowded, block, worth_threads, case
):
    monkeypatch.setattr(turning, "CROWDED", crowded)
    monkeypatch.setattr(turning, "BLOCK", block)
    monkeypatch.setattr(turning, "WORTH_THREADS", worth_threads)
    transform, array = case
    expected = transform(array)
    out = np.full(expected.shape, 77, array.dtype)
    read_transposed(written(tmp_path, array), transform, out)
    assert out.tobytes() == expected.tobytes()


def test_other_transforms_are_left_to_others():
    assert is_transposition(Transform((Permute((1, 0)),)))
    assert not is_transposition(Transform((Permute((1, 0)), Blocks(0, (1, 0)))))


@pytest.mark.parametrize("steps", [(), (Permute((1, 0)),)])
def test_a_file_that_ends_too_early_is_reported_with_its_path(tmp_path, steps):
    place = written(tmp_path, np.zeros((200, 3), "f4"))
    out = np.zeros((300, 3), "f4")
    transform = Transform(steps)
    with pytest.raises(UsageError, match="ends before") as raised:
        read_transposed(place, transform, np.ascontiguousarray(transform(out)))
    assert raised.value.where == str(place.path)


def test_a_tensor_keeps_its_memory_while_the_next_is_made():
    buffer = DoubleBuffer(24)
    first = buffer.take(TensorInfo("F32", (2, 3)))
    first[:] = 1
    second = buffer.take(TensorInfo("BF16", (5,)))
    second[:] = 2
    np.testing.assert_array_equal(first, 1)
    assert np.shares_memory(buffer.take(TensorInfo("F32", ())), first)
