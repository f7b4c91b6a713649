"""Transforms on large tensors: quick, but the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isograd.checkpoints.transformation import contiguous, transformed, transformed_shape
from isograd.ir.mapping import Blocks, Permute, Reorder, Transform


@st.composite
def cases(draw: st.DrawFn) -> tuple[Transform, np.ndarray]:
    """A transform with an array that it fits, large enough for several blocks."""
    shape = draw(st.sampled_from([(6, 150), (130, 70), (2, 6, 90), (70, 12, 3, 3), (1, 1, 200, 2)]))
    array = np.arange(np.prod(shape)).astype(draw(st.sampled_from(["f4", "u2", "u1", "f8"])))
    steps: list[Permute | Reorder | Blocks] = []
    sizes = shape
    for _ in range(draw(st.integers(0, 3))):
        axis = draw(st.integers(0, len(sizes) - 1))
        if draw(st.booleans()):
            axes = tuple(draw(st.permutations(range(len(sizes)))))
            steps.append(Permute(axes))
            sizes = tuple(sizes[a] for a in axes)
        elif sizes[axis] % 2 == 0:
            chosen = draw(
                st.sampled_from(
                    [Blocks(axis, (1, 0)), Reorder(axis, (2, sizes[axis] // 2), (1, 0))]
                )
            )
            steps.append(chosen)
    return Transform(tuple(steps)), array.reshape(shape)


@given(cases())
def test_the_quick_way_gives_what_the_transform_gives(case):
    transform, array = case
    found = transformed(transform, array)
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, transform(array))


@given(cases())
def test_the_shape_is_known_beforehand(case):
    transform, array = case
    assert transformed_shape(transform, array.shape) == transform(array).shape


@given(cases())
def test_the_inverse_gives_back_every_bit(case):
    transform, array = case
    back = transformed(transform.inverse, transformed(transform, array))
    assert back.tobytes() == array.tobytes()


@pytest.mark.parametrize(
    ("step", "shape"),
    [
        (Permute((1, 0)), (3,)),
        (Reorder(1, (2, 3), (1, 0)), (6,)),
        (Reorder(0, (2, 3), (1, 0)), (7,)),
        (Blocks(0, (1, 0)), (3,)),
        (Blocks(2, (1, 0)), (2, 2)),
    ],
)
def test_a_shape_that_does_not_fit_is_refused_before_anything_is_made(step, shape):
    with pytest.raises(ValueError, match="should"):
        transformed_shape(Transform((step,)), shape)


@pytest.mark.parametrize("shape", [(), (0, 5), (5, 0), (1,)])
def test_empty_and_scalar_arrays_are_copied_too(shape):
    view = np.ones(shape).T
    assert contiguous(view).shape == view.shape
