"""What ops refuse, and how they say it."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from op_cases import FEATURES, IMAGE, INDICES, real, whole

from isograd.ir import ops
from isograd.ir.ops import Op, ShapeError, TensorType

ATTRIBUTES: tuple[tuple[Callable[[], Op], str], ...] = (
    (lambda: ops.Linear(0), "Linear: out_features must be a whole number of at least 1, got 0"),
    (lambda: ops.Linear(True), "out_features"),
    (lambda: ops.Linear(3, bias=1), "bias must be True or False"),
    (lambda: ops.Embedding(-1, 3), "num_embeddings"),
    (lambda: ops.conv2d(0, 3), "out_channels"),
    (lambda: ops.conv2d(4.0, 3), "out_channels"),
    (lambda: ops.conv2d(4, 0), "kernel_size"),
    (lambda: ops.conv2d(4, 3, stride=0), "stride"),
    (lambda: ops.conv2d(4, 3, padding=-1), "padding must be 2 pairs"),
    (lambda: ops.conv2d(4, 3, dilation=0), "dilation"),
    (lambda: ops.conv2d(4, 3, groups=3), r"out_channels \(4\) must be a multiple of groups \(3\)"),
    (lambda: ops.Conv(4, (3, 3), (1,), ((0, 0), (0, 0)), (1, 1)), "stride must be 2 long"),
    (lambda: ops.Conv(4, (3,), (1,), ((0, 0), (0, 0)), (1,)), "padding must be 1 pairs"),
    (lambda: ops.Conv(4, (3,), (1,), (0,), (1,)), "padding"),
    (lambda: ops.Conv(4, [3], (1,), ((0, 0),), (1,)), "kernel_size must be a tuple"),
    (lambda: ops.Conv(4, (3,) * 3, (1,) * 3, ((0, 0),) * 3, (1,) * 3), "one or two spatial axes"),
    (lambda: ops.max_pool2d(3, padding=2), "padding must be at most half of the kernel"),
    (lambda: ops.avg_pool2d(1, padding=1), "padding must be at most half of the kernel"),
    (lambda: ops.AvgPool((2,), (1,), ((0, 1),)), "the same before and after"),
    (lambda: ops.max_pool2d(2, ceil_mode="yes"), "ceil_mode"),
    (lambda: ops.avg_pool2d(2, count_include_pad=None), "count_include_pad"),
    (lambda: ops.GlobalAvgPool(1), "keepdims"),
    (lambda: ops.BatchNorm(eps=0), "eps must be a finite number above 0"),
    (lambda: ops.BatchNorm(momentum=1.1), "momentum must be between 0 and 1"),
    (lambda: ops.BatchNorm(momentum=None), "momentum"),
    (lambda: ops.LayerNorm(()), "normalized_shape"),
    (lambda: ops.LayerNorm(5), "normalized_shape"),
    (lambda: ops.GroupNorm(0), "groups"),
    (lambda: ops.Dropout(1.0), "p must be at least 0 and below 1"),
    (lambda: ops.Dropout(-0.1), "p must be at least 0 and below 1"),
    (lambda: ops.LeakyReLU(math.nan), "negative_slope must be a finite number"),
    (lambda: ops.GELU("sigmoid"), "approximate must be 'none' or 'tanh', got 'sigmoid'"),
    (lambda: ops.Softmax(0.5), "axis must be a whole number"),
    (lambda: ops.AddScalar(math.inf), "value must be a finite number"),
    (lambda: ops.AddScalar(10**400), "value must be a finite number"),
    (lambda: ops.PowerScalar("2"), "exponent"),
    (lambda: ops.Concat("1"), "axis"),
    (lambda: ops.Flatten(None), "start_axis"),
    (lambda: ops.Reshape((-1, -1)), "at most one -1"),
    (lambda: ops.Reshape((0, 3)), "shape must be"),
    (lambda: ops.Reshape(("", 3)), "shape must be"),
    (lambda: ops.Transpose((0, 2)), "axes must be a permutation of 0 to 1"),
    (lambda: ops.Transpose((0, 0)), "axes must be a permutation"),
    (lambda: ops.Mean(()), "axes"),
    (lambda: ops.Sum(1), "axes"),
)

SHAPES: tuple[tuple[Op, tuple[TensorType, ...], str], ...] = (
    (ops.Linear(2), (real(4, "F"),), "input features"),
    (ops.Linear(2), (INDICES,), "Linear needs floating-point"),
    (ops.MatMul(), (real(2, 3), real(4, 5)), "inner sizes differ"),
    (ops.MatMul(), (real(3), real(3, 5)), "at least two dimensions"),
    (ops.Embedding(9, 2), (FEATURES,), "integer indices"),
    (ops.conv2d(4, 3), (FEATURES,), r"Conv needs \[N, C\] and 2 spatial axes"),
    (ops.conv1d(4, 3), (IMAGE,), "1 spatial axes"),
    (ops.conv2d(4, 3, groups=4), (real("N", 6, 5, 5),), "6 input channels do not divide"),
    (ops.conv2d(4, 3), (real("N", "C", 5, 5),), "number of input channels"),
    (ops.conv2d(4, 7), (IMAGE,), "a window of 7 does not fit into 6"),
    (ops.conv2d(4, 3, dilation=3), (IMAGE,), "a window of 7 does not fit into 6"),
    (ops.conv2d(4, 3), (real("N", 1, "H", 5),), "symbolic size 'H'"),
    (ops.max_pool2d(2), (real("N", 1, "H", 5),), "symbolic size 'H'"),
    (ops.conv2d(4, 3, stride=2, padding=1), (real("N", 1, "H", 5),), "symbolic size 'H'"),
    (ops.max_pool2d(2), (whole("N", 1, 4, 4),), "MaxPool needs floating-point"),
    (ops.avg_pool2d(7), (IMAGE,), "a window of 7 does not fit"),
    (ops.GlobalAvgPool(), (FEATURES,), "GlobalAvgPool needs"),
    (ops.BatchNorm(), (real("N"),), "2 to 5 dimensions"),
    (ops.BatchNorm(), (real("N", 1, 1, 1, 1, 1),), "2 to 5 dimensions"),
    (ops.BatchNorm(), (real("N", "C"),), "number of channels"),
    (ops.LayerNorm((6,)), (FEATURES,), "does not end in"),
    (ops.LayerNorm((10, 10)), (real(10),), "does not end in"),
    (ops.GroupNorm(3), (IMAGE,), "8 channels do not divide into 3 groups"),
    (ops.Dropout(0.5), (INDICES,), "Dropout needs floating-point"),
    (ops.ReLU(), (INDICES,), "ReLU needs floating-point"),
    (ops.Softmax(2), (FEATURES,), "axis 2 is out of range"),
    (ops.Add(), (FEATURES, real("N", 9)), "do not broadcast"),
    (ops.Add(), (real("N"), real(5)), "do not broadcast"),
    (ops.Add(), (FEATURES, INDICES), "one kind, got float and int"),
    (ops.Divide(), (INDICES, INDICES), "Divide needs floating-point"),
    (ops.Exp(), (INDICES,), "Exp needs floating-point"),
    (ops.MultiplyScalar(0.5), (INDICES,), "whole number, not 0.5"),
    (ops.PowerScalar(2), (INDICES,), "PowerScalar needs floating-point"),
    (ops.Concat(1), (IMAGE, real("N", 3, 6, 5)), "differ in more than that axis"),
    (ops.Concat(1), (FEATURES, INDICES), "differ in more than that axis"),
    (ops.Concat(0), (real(4), real()), "differ in more than that axis"),
    (ops.Concat(1), (real(4, 5), real(4)), "differ in more than that axis"),
    (ops.Concat(0), (FEATURES, FEATURES), "a concatenated size must be a known number"),
    (ops.Concat(2), (FEATURES, FEATURES), "axis 2 is out of range"),
    (ops.Flatten(), (real("N"),), "axis 1 is out of range"),
    (ops.Flatten(1, 0), (IMAGE,), "is empty"),
    (ops.Flatten(0), (IMAGE,), "cannot become one axis while 'N' is not known"),
    (ops.Reshape((2880,)), (IMAGE,), "cannot be reshaped"),
    (ops.Reshape(("N", 5, -1)), (IMAGE,), "cannot be reshaped"),
    (ops.Reshape(("N", 287)), (IMAGE,), "cannot be reshaped"),
    (ops.Reshape((4, -1)), (IMAGE,), "cannot be reshaped"),
    (ops.Reshape(("M", -1)), (IMAGE,), "cannot be reshaped"),
    (ops.Reshape(("N", "N", -1)), (IMAGE,), "cannot be reshaped"),
    (ops.Transpose((1, 0)), (IMAGE,), "does not fit"),
    (ops.Mean((4,)), (IMAGE,), "axis 4 is out of range"),
    (ops.Mean((1, -1)), (FEATURES,), "name one axis"),
    (ops.Mean((0,)), (INDICES,), "Mean needs floating-point"),
)


@pytest.mark.parametrize(("make", "sentence"), ATTRIBUTES)
def test_a_bad_attribute_is_refused_with_a_sentence(make: Callable[[], Op], sentence: str):
    with pytest.raises(ValueError, match=sentence):
        make()


@pytest.mark.parametrize(("op", "inputs", "sentence"), SHAPES)
def test_an_input_that_does_not_fit_is_refused_with_a_sentence(
    op: Op, inputs: tuple[TensorType, ...], sentence: str
):
    with pytest.raises(ShapeError, match=sentence):
        op.infer(*inputs)
