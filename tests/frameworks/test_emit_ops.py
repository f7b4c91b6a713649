"""Every op, in several forms, is the same function in both frameworks: values, running statistics
and all gradients."""

from __future__ import annotations

import pytest
from elementwise_cases import CASES as ELEMENTWISE
from elementwise_cases import NETWORKS, OF_POSITIVE
from movement_cases import CASES as MOVEMENT
from networks import handed_over, padded
from recurrent_cases import CASES as RECURRENT
from twins import assert_twins, one_op

from isograd.frameworks.tensorflow.expressions import EXPRESSIONS as IN_TENSORFLOW
from isograd.frameworks.torch.expressions import EXPRESSIONS as IN_TORCH
from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.layout import RULES
from isograd.ir.ops import Op, TensorType


def real(*shape: int | str) -> TensorType:
    return TensorType(shape)


def whole(*shape: int | str) -> TensorType:
    return TensorType(shape, "int")


IMAGE = real("N", 4, 7, 6)
SQUARE = real("N", 2, 7, 7)
SIGNAL = real("N", 4, 9)
FEATURES = real("N", 10)

CONVOLUTIONS = (
    (ops.conv2d(5, 3), IMAGE),
    (ops.conv2d(5, 3, padding=1), IMAGE),
    (ops.conv2d(5, (3, 2), stride=(2, 1), padding=(1, 0)), IMAGE),
    (ops.conv2d(3, 3, stride=2, padding=1, bias=False), IMAGE),
    (ops.conv2d(3, 2, padding=1), IMAGE),
    (ops.conv2d(3, 3, dilation=2, padding=2), IMAGE),
    (ops.conv2d(3, 3, dilation=(1, 2), padding=(1, 2)), IMAGE),
    (ops.conv2d(3, 3, stride=2, dilation=2, padding=2), IMAGE),
    (ops.Conv(3, (3, 3), (2, 2), ((0, 1), (1, 0)), (1, 1)), IMAGE),
    (ops.Conv(3, (2, 3), (1, 1), ((1, 0), (1, 1)), (1, 1)), IMAGE),
    (ops.conv2d(6, 3, groups=2), IMAGE),
    (ops.conv2d(6, 3, groups=2, dilation=2, stride=2, padding=2), IMAGE),
    (ops.conv2d(4, 3, groups=4, padding=1), IMAGE),
    (ops.conv2d(4, 3, groups=4, stride=2, bias=False), IMAGE),
    (ops.conv2d(4, 3, groups=4, stride=(2, 1), padding=1), IMAGE),
    (ops.conv2d(4, 3, groups=4, dilation=2, stride=2, padding=2), IMAGE),
    (ops.conv2d(8, 3, groups=4), IMAGE),
    (ops.conv1d(5, 3, padding=1), SIGNAL),
    (ops.conv1d(5, 4, stride=3, padding=2), SIGNAL),
    (ops.conv1d(6, 3, dilation=2, groups=2), SIGNAL),
    (ops.conv1d(4, 3, groups=4, padding=1), SIGNAL),
    (ops.conv1d(8, 3, groups=4, stride=2, dilation=2), SIGNAL),
)
POOLS = tuple(
    (make(*form, ceil_mode=ceil_mode), SQUARE)
    for make in (ops.max_pool2d, ops.avg_pool2d)
    for form in ((2,), (3, 1, 1), (3, 2, 1), ((3, 2), (2, 1), (1, 0)), (2, 3, 1), (2, 2, 1))
    for ceil_mode in (False, True)
)
MORE_POOLS = (
    *(
        (ops.avg_pool2d(*form, ceil_mode=ceil_mode, count_include_pad=False), SQUARE)
        for form in ((2,), (3, 1, 1), (3, 2, 1), (2, 3, 1))
        for ceil_mode in (False, True)
    ),
    (ops.avg_pool2d(4, 2, ceil_mode=True), real("N", 2, 3, 4)),
    (ops.max_pool2d(4, 2, ceil_mode=True), real("N", 2, 3, 4)),
    (ops.max_pool2d(2, 1, 0, dilation=2), SQUARE),
    (ops.max_pool2d((3, 2), (2, 1), (1, 0), dilation=(2, 3)), SQUARE),
    (ops.max_pool2d(2, 2, 1, dilation=3, ceil_mode=True), SQUARE),
    (ops.MaxPool((3,), (2,), ((1, 1),), (1,)), SIGNAL),
    (ops.MaxPool((2,), (1,), ((0, 0),), (2,)), SIGNAL),
    (ops.AvgPool((3,), (2,), ((1, 1),), True, False), SIGNAL),
    (ops.AvgPool((2,), (2,), ((0, 0),), True), SIGNAL),
    *(
        (op(keepdims), x)
        for op in (ops.GlobalAvgPool, ops.GlobalMaxPool)
        for keepdims in (False, True)
        for x in (IMAGE, SIGNAL, real("N", 2, 3, 2, 2))
    ),
)
NORMALISATIONS = (
    *((ops.BatchNorm(), x) for x in (FEATURES, SIGNAL, IMAGE, real("N", 2, 3, 2, 2))),
    (ops.BatchNorm(eps=0.1, momentum=0.7), IMAGE),
    (ops.BatchNorm(momentum=0.0, affine=False), IMAGE),
    (ops.BatchNorm(momentum=1.0, affine=False), FEATURES),
    (ops.LayerNorm((10,)), FEATURES),
    (ops.LayerNorm((10,), eps=0.1, affine=False), FEATURES),
    (ops.LayerNorm((7, 6)), IMAGE),
    (ops.LayerNorm((4, 7, 6)), IMAGE),
    (ops.LayerNorm((6,)), IMAGE),
    (ops.GroupNorm(2), IMAGE),
    (ops.GroupNorm(4, eps=0.1), SIGNAL),
    (ops.GroupNorm(1, affine=False), IMAGE),
    (ops.GroupNorm(5), FEATURES),
)
POINTWISE = tuple(
    (op, x)
    for x in (FEATURES, IMAGE)
    for op in (
        ops.ReLU(),
        ops.LeakyReLU(),
        ops.LeakyReLU(-0.3),
        ops.GELU(),
        ops.GELU("tanh"),
        ops.SiLU(),
        ops.Sigmoid(),
        ops.Tanh(),
        ops.HardSwish(),
        ops.HardSigmoid(),
        ops.Softmax(),
        ops.Softmax(1),
        ops.LogSoftmax(),
        ops.LogSoftmax(-2),
        ops.Dropout(0.5),
        ops.Negative(),
        ops.Exp(),
        ops.Abs(),
        ops.Square(),
        ops.AddScalar(0.1),
        ops.AddScalar(-3),
        ops.MultiplyScalar(-0.7),
        ops.PowerScalar(2),
        ops.PowerScalar(3.0),
        ops.PowerScalar(-1),
        ops.PowerScalar(0),
    )
)
BINARY = tuple(
    (op, x, y)
    for op in (
        ops.Add(),
        ops.Subtract(),
        ops.Multiply(),
        ops.Divide(),
        ops.Maximum(),
        ops.Minimum(),
    )
    for x, y in (
        (FEATURES, FEATURES),
        (IMAGE, real("N", 4, 1, 1)),
        (real(4, 1, 1), IMAGE),
        (FEATURES, real("N", 1)),
    )
)
SHAPES = (
    (ops.Concat(1), IMAGE, real("N", 2, 7, 6)),
    (ops.Concat(-1), FEATURES, FEATURES, FEATURES),
    (ops.Concat(2), IMAGE, IMAGE),
    (ops.Flatten(), IMAGE),
    (ops.Flatten(2), IMAGE),
    (ops.Flatten(1, 2), IMAGE),
    (ops.Flatten(0, 1), real("N", 1, 3)),
    (ops.Reshape(("N", 8, -1)), IMAGE),
    (ops.Reshape((-1, 10)), real("N", 2, 5)),
    (ops.Reshape(("N", "T", 2, 5)), real("N", "T", 10)),
    (ops.Transpose((0, 2, 3, 1)), IMAGE),
    (ops.Transpose((0, 2, 1)), SIGNAL),
    (ops.Mean((2, 3)), IMAGE),
    (ops.Mean((-1,), keepdims=True), FEATURES),
    (ops.Mean((1,)), IMAGE),
    (ops.Sum((0,)), FEATURES),
    (ops.Sum((1, -1), keepdims=True), IMAGE),
)
PRODUCTS = (
    (ops.Linear(4), FEATURES),
    (ops.Linear(4, bias=False), real("N", 3, 10)),
    (ops.Linear(4), IMAGE),
    (ops.Linear(4), real(10)),
    (ops.MatMul(), real("N", 2, 3), real(3, 5)),
    (ops.MatMul(), real("N", 1, 2, 3), real("N", 4, 3, 2)),
    (ops.Embedding(3, 5), whole("N", 7)),
    (ops.Embedding(3, 5), whole("N")),
)
HERE = (
    *CONVOLUTIONS,
    *POOLS,
    *MORE_POOLS,
    *NORMALISATIONS,
    *POINTWISE,
    *BINARY,
    *SHAPES,
    *PRODUCTS,
    *ELEMENTWISE,
    *((op, *kinds) for op, kinds in MOVEMENT),
)
CASES = (*HERE, *RECURRENT)
"""With those that are held to their definition, too, in ``test_emit_recurrent.py``."""


def label(case: tuple[object, ...]) -> str:
    op, *kinds = case
    return f"{op} {' '.join(str(kind.shape) for kind in kinds)}"


@pytest.mark.parametrize("case", HERE, ids=label)
def test_an_op_is_the_same_in_both_frameworks(case):
    op, *kinds = case
    assert_twins(one_op(op, *kinds), batch=3)


@pytest.mark.parametrize("op", OF_POSITIVE, ids=str)
def test_an_op_of_positive_numbers_is_the_same_in_both_frameworks(op):
    b = Builder("positive")
    x = b(ops.AddScalar(0.1), b(ops.Square(), b.input("x", IMAGE.shape)))
    assert_twins(b.finish(b(op, x)))


COMPILED = (
    CONVOLUTIONS[7],
    CONVOLUTIONS[11],
    CONVOLUTIONS[12],
    MORE_POOLS[12],
    POOLS[5],
    MORE_POOLS[5],
    NORMALISATIONS[2],
    NORMALISATIONS[-4],
)


# Every other op in every other mode; each in both: see the sweep.
@pytest.mark.parametrize(
    ("case", "mode"), [(case, ("function", "xla")[i % 2]) for i, case in enumerate(COMPILED)]
)
def test_an_op_is_the_same_when_tensorflow_compiles_it_for_any_batch_size(mode, case):
    op, *kinds = case
    assert_twins(one_op(op, *kinds), batch=2, mode=mode)


SHOWN = (*NETWORKS, handed_over, padded)
"""Networks of ops that need others around them."""


def test_every_op_has_a_form_in_each_framework_a_layout_and_a_case():
    ours = {op for op in Op.registry.values() if op.__module__.startswith("isograd.")}
    assert set(IN_TORCH) == set(IN_TENSORFLOW) == set(RULES) == ours
    alone = {type(op) for op, *_ in CASES} | {type(op) for op in OF_POSITIVE}
    assert alone | {type(node.op) for make in SHOWN for node in make().nodes} == ours
