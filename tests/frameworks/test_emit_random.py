"""Random networks are the same function in both frameworks."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twins import assert_twins

from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import ShapeError

POINTWISE = (
    ops.Tanh(),
    ops.Sigmoid(),
    ops.SiLU(),
    ops.GELU(),
    ops.MultiplyScalar(0.7),
    ops.AddScalar(-0.3),
    ops.Dropout(0.5),
    ops.Softmax(-1),
    ops.Softmax(1),
    ops.LogSoftmax(-1),
    ops.Softplus(2.0),
    ops.CumSum(1),
    ops.CumSum(-1),
    ops.Dropout(0.5, (1,)),
    ops.Dropout(0.5, (0, -1)),
    ops.PReLU(),
    ops.PReLU(4),
)
OF_IMAGES = (
    ops.conv2d(3, 3, padding=1),
    ops.conv2d(4, 2),
    ops.conv2d(2, 3, 2, 1),
    ops.conv2d(4, 1),
    ops.max_pool2d(2),
    ops.avg_pool2d(3, 1, 1),
    ops.GlobalAvgPool(),
    ops.GlobalAvgPool(True),
    ops.conv1d(3, 3, padding=1),
    ops.MaxPool((2,), (2,), ((0, 0),), (1,)),
)
ANY = (
    ops.BatchNorm(),
    ops.LayerNorm((4,)),
    ops.Linear(4),
    ops.Linear(6),
    ops.GroupNorm(2),
    ops.Flatten(),
    ops.Flatten(2),
    ops.Flatten(1, 2),
    ops.Mean((-1,)),
    ops.Sum((1,), True),
    ops.Max((1,)),
    ops.Variance((-1,), 0, True),
    ops.Transpose((0, 2, 1)),
    ops.Transpose((0, 2, 3, 1)),
    ops.Transpose((0, 1, 3, 2)),
    ops.Reshape(("N", 4, -1)),
    ops.Reshape(("N", 2, 2, -1)),
    ops.Reshape(("N", -1)),
)
OF_TWO = (
    ops.Add(),
    ops.Multiply(),
    ops.Subtract(),
    ops.Maximum(),
    ops.Concat(1),
    ops.Concat(-1),
    ops.MatMul(),
    ops.Atan2(),
    ops.Where(),
)
SOURCES = (
    ops.Parameter((4, 1, 4)),
    ops.Parameter((4,)),
    ops.Parameter((1, 2, 4, 1)),
    ops.Buffer((6, 1)),
    ops.Full(("N", 1), 0.3),
    ops.Scalar(0.7),
    ops.Scalar(-1.3),
)


@st.composite
def networks(draw) -> Graph:
    b = Builder("random")
    values = [b.input("x", draw(st.sampled_from([("N", 2, 4, 4), ("N", 4, 6), ("N", 8)])))]
    if draw(st.booleans()):
        values.append(b.input("y", draw(st.sampled_from([("N", 2, 4, 4), ("N", 4, 1), (4,)]))))
    for _ in range(draw(st.integers(2, 9))):
        families = st.sampled_from([POINTWISE, OF_IMAGES, ANY, ANY, OF_TWO, OF_TWO, SOURCES])
        op = draw(draw(families.map(st.sampled_from)))
        recent = st.sampled_from(values[-3:])
        count = op.arity if isinstance(op.arity, int) else 2
        inputs = [draw(recent) for _ in range(count)]
        if isinstance(op, ops.Where):
            inputs[0] = b(ops.CompareScalar(">", 0.05), inputs[0])
        if isinstance(op, ops.Subtract) and len(set(inputs)) == 1:
            continue  # Nothing but rounding would be left, and a normalisation would blow it up.
        with suppress(ShapeError):
            values.append(b(op, *inputs))
    return b.finish(
        *draw(st.lists(st.sampled_from(values[-3:]), min_size=1, max_size=2, unique=True))
    )


@given(networks(), st.integers(0, 3))
@settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
def test_a_random_network_is_the_same_in_both_frameworks(graph, seed):
    assert_twins(graph, batch=2, seed=seed)
