"""Output sizes of convolution and pooling, against windows laid out one by one."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from op_cases import real

from isograd.ir.ops import AvgPool, Conv, MaxPool, ShapeError

small = st.integers(1, 5)


def lay_out(
    size: int, kernel: int, stride: int, before: int, after: int, dilation: int, ceil_mode: bool
) -> int:
    """Counts the starts of windows that end inside the padded input. With ``ceil_mode`` they may
    end less than a stride behind it, but must start before the padding at the end."""
    starts = range(-before, size if ceil_mode else size + after, stride)
    end = size + after + (stride if ceil_mode else 1) - 1
    return sum(start + dilation * (kernel - 1) < end for start in starts)


@given(st.integers(1, 12), small, small, st.integers(0, 3), st.integers(0, 3), small)
def test_a_convolution_has_one_output_for_each_window(
    size, kernel, stride, before, after, dilation
):
    op = Conv(2, (kernel,), (stride,), ((before, after),), (dilation,))
    count = lay_out(size, kernel, stride, before, after, dilation, ceil_mode=False)
    if count:
        assert op.infer(real("N", 3, size)).shape == ("N", 2, count)
    else:
        with pytest.raises(ShapeError, match="does not fit"):
            op.infer(real("N", 3, size))


@given(st.integers(1, 12), small, small, st.integers(0, 2), small, st.booleans())
def test_a_pooling_has_one_output_for_each_window(size, kernel, stride, pad, dilation, ceil_mode):
    assume(2 * pad <= kernel)
    count = lay_out(size, kernel, stride, pad, pad, dilation, ceil_mode)
    op = MaxPool((kernel,), (stride,), ((pad, pad),), (dilation,), ceil_mode)
    if count:
        assert op.infer(real("N", 3, size)).shape == ("N", 3, count)
    else:
        with pytest.raises(ShapeError, match="does not fit"):
            op.infer(real("N", 3, size))


@given(st.integers(1, 12), small, small, st.integers(0, 2), st.booleans())
def test_average_and_largest_have_the_same_windows(size, kernel, stride, pad, ceil_mode):
    assume(2 * pad <= kernel <= size + 2 * pad)
    average = AvgPool((kernel,), (stride,), ((pad, pad),), ceil_mode)
    largest = MaxPool((kernel,), (stride,), ((pad, pad),), (1,), ceil_mode)
    x = real("N", 3, size)
    assert average.infer(x) == largest.infer(x)


@given(st.integers(1, 9), st.integers(1, 9))
def test_each_spatial_axis_follows_its_own_attributes(height, width):
    op = Conv(1, (1, 2), (2, 1), ((0, 0), (1, 0)), (1, 1))
    assert op.infer(real("N", 1, height, width)).shape == ("N", 1, (height + 1) // 2, width)
