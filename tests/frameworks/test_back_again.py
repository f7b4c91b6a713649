"""A network that goes to Keras and comes back computes the same, and is the same graph where the
other framework has a form of its own for each of its ops."""

from __future__ import annotations

import pytest
from back_again import assert_same_again, bring_back
from hypothesis import assume, given
from hypothesis import strategies as st
from networks import handed_over
from random_graphs import networks
from test_random_graphs import examples

from isograd.errors import UsageError
from isograd.frameworks.tensorflow.importing.emitted import FUNCTIONS, LAYERS
from isograd.ir import ops
from isograd.ir.alignment import align
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import TensorType, conv2d, max_pool2d


def residual() -> Graph:
    b = Builder("residual")
    x = b.input("x", ("N", 3, 8, 8))
    x = b(
        ops.ReLU(),
        b(ops.BatchNorm(), b(conv2d(6, 3, padding=1, bias=False), x, scope="conv1"), scope="bn1"),
    )
    y = b(ops.BatchNorm(1e-3, 0.01), b(conv2d(6, 3, padding=1), x, scope="conv2"), scope="bn2")
    x = b(max_pool2d(3, 2, 1), b(ops.ReLU(), b(ops.Add(), x, y)))
    x = b(ops.Dropout(0.2), b(ops.Flatten(), x), scope="drop")
    return b.finish(b(ops.Linear(5), x, scope="fc"))


def recurrent() -> Graph:
    b = Builder("recurrent")
    x = b(ops.Embedding(9, 4, 0), b.input("tokens", ("N", 6), "int"), scope="table")
    ahead = b(ops.LSTM(5, "double"), x, scope="ahead")
    back = b(ops.LSTM(5, "double", True), x, scope="back")
    x = b(ops.GRU(5, "double"), b(ops.Concat(2), ahead, back), scope="gru")
    x = b(ops.RNN(5, "double"), x, scope="rnn")
    return b.finish(b(ops.Linear(3), b(ops.Select(1, -1), x), scope="head"))


def attending() -> Graph:
    b = Builder("attending")
    x = b.input("x", ("N", 4, 6, 8))
    y = b(ops.Attention(True), x, x, x)
    y = b(ops.LayerNorm((8,)), b(ops.Add(), x, y), scope="norm")
    y = b(ops.Linear(8), b(ops.GELU(), b(ops.Linear(16), y, scope="up")), scope="down")
    return b.finish(b(ops.RMSNorm((8,)), y, scope="rms"))


WHOLE = {"residual": residual, "recurrent": recurrent, "attending": attending}

IMAGE, ROWS = TensorType(("N", 3, 8, 8)), TensorType(("N", 6))

ONE: dict[str, tuple[ops.Op, ...]] = {
    "BatchNorm": (ops.BatchNorm(), ops.BatchNorm(affine=False), ops.BatchNorm(unbiased=False)),
    "RMSNorm": (ops.RMSNorm((8,)), ops.RMSNorm((8, 8)), ops.RMSNorm((8,), affine=False)),
    "PReLU": (ops.PReLU(3), ops.PReLU(1)),
    "hard_tanh": (ops.HardTanh(-0.5, 0.3),),
    "mish": (ops.Mish(),),
    "selu": (ops.SELU(),),
    "celu": (ops.CELU(1.3),),
    "softplus": (ops.Softplus(2.0, 1.0),),
    "leaky_relu": (ops.LeakyReLU(0.1),),
    "gelu": (ops.GELU(),),
    "gelu_tanh": (ops.GELU("tanh"),),
    "average_pool": (
        ops.AvgPool((3, 3), (2, 2), ((1, 1), (1, 1)), False, False),
        ops.AvgPool((3, 3), (2, 2), ((0, 0), (0, 0)), True, True),
        ops.AvgPool((3, 3), (2, 2), ((0, 0), (0, 0)), True, False),
        ops.AvgPool((3, 3), (2, 2), ((1, 1), (1, 1)), True, True),
        ops.AvgPool((2, 2), (2, 2), ((1, 0), (0, 1)), False, True),
    ),
    "dilated_max_pool": (ops.MaxPool((2, 2), (1, 1), ((1, 1), (0, 0)), (2, 2)),),
    "replicate_pad": (ops.Pad(((0, 0), (0, 0), (1, 2), (0, 1)), "replicate"),),
    "circular_pad": (ops.Pad(((0, 0), (0, 0), (1, 2), (0, 1)), "circular"),),
    "resize_linear": (
        ops.Resize((5, 9), None, "bilinear"),
        ops.Resize(None, (2.0, 1.5), "bilinear"),
        ops.Resize((5, 9), None, "bilinear", True),
    ),
    "adaptive_pool": (ops.AdaptiveAvgPool((3, 2)), ops.AdaptiveMaxPool((3, 2))),
    "unbiased_variance": (ops.Variance((1, 3), 1, True), ops.Variance((2,), 1)),
    "argmax": (ops.ArgMax(1), ops.ArgMax(-1, keepdims=True)),
    "argmin": (ops.ArgMin(1), ops.ArgMin(-1, keepdims=True)),
}
"""Exact form to ops of an image that need it."""

TWO: dict[str, ops.Op] = {
    "floor_divide": ops.FloorDivide(),
    "remainder": ops.Remainder(),
    "arctan2": ops.Atan2(),
    "maximum": ops.Maximum(),
    "minimum": ops.Minimum(),
}
"""Exact form to op of two operands."""

SHOWN = {
    *ONE, *TWO, "power", "attention", "biased_attention", "masked_attention", "causal_attention",
    "padded_embedding", "TwoBiasLSTM", "TwoBiasGRU", "TwoBiasRNN",
}  # fmt: skip


def test_every_exact_form_is_brought_back() -> None:
    assert {*FUNCTIONS, *LAYERS} == SHOWN


@pytest.mark.parametrize("make", WHOLE.values(), ids=WHOLE)
def test_a_network_comes_back_as_the_same_graph_with_the_same_weights(make) -> None:
    back = assert_same_again(make())
    found = align(back.graph, back.found.graph)
    assert found.complete, (found.differences, found.ambiguous)
    assert len(back.found.graph.nodes) == len(back.graph.nodes)
    assert {*found.parameters} == {*back.graph.parameters}


@pytest.mark.parametrize("op", [op for forms in ONE.values() for op in forms], ids=repr)
def test_an_exact_form_comes_back_as_its_op(op: ops.Op) -> None:
    b = Builder("one")
    back = assert_same_again(b.finish(b(op, b.input("x", IMAGE.shape), scope="op")))
    assert type(op) in [type(node.op) for node in back.found.graph.nodes]


@pytest.mark.parametrize("op", TWO.values(), ids=TWO)
def test_an_exact_form_of_two_operands_comes_back_as_its_op(op: ops.Op) -> None:
    b = Builder("two")
    x, y = (b.input(name, ROWS.shape) for name in "xy")
    back = assert_same_again(b.finish(b(op, x, y)))
    assert op in [node.op for node in back.found.graph.nodes]


def test_a_power_comes_back_as_one() -> None:
    b = Builder("power")
    x, y = (b.input(name, ROWS.shape) for name in "xy")
    back = assert_same_again(b.finish(b(ops.Power(), b(ops.Exp(), x), y)))
    assert ops.Power() in [node.op for node in back.found.graph.nodes]


@pytest.mark.parametrize("dtype", ["float", "bool"])
def test_attention_comes_back_with_its_mask(dtype) -> None:
    b = Builder("masked")
    x = b.input("x", ("N", 2, 5, 4))
    mask = b.input("mask", ("N", 2, 5, 5), dtype)
    back = assert_same_again(b.finish(b(ops.Attention(scale=0.3), x, x, x, mask)))
    assert ops.Attention(scale=0.3) in [node.op for node in back.found.graph.nodes]


def test_a_form_that_its_user_changed_is_what_it_says() -> None:
    """Its source is not the exact one any more: it is looked into."""
    b = Builder("changed")
    graph = b.finish(b(ops.LeakyReLU(0.1), b.input("x", ROWS.shape)))
    back = bring_back(graph, {}, lambda source: source.replace("x > 0, x,", "x > 0, 2 * x,"))
    kinds = [type(node.op) for node in back.found.graph.nodes]
    assert ops.LeakyReLU not in kinds
    assert ops.Where in kinds


def test_the_states_that_a_recurrent_layer_starts_from_come_back() -> None:
    b = Builder("started")
    x, h, c = b.input("x", ("N", 5, 3)), b.input("h", ("N", 4)), b.input("c", ("N", 4))
    back = assert_same_again(b.finish(b(ops.LSTM(4, "double"), x, h, c, scope="lstm")))
    assert [len(node.inputs) for node in back.found.graph.nodes] == [3]


def test_final_states_come_back() -> None:
    back = assert_same_again(handed_over())
    found = align(back.graph, back.found.graph)
    assert found.complete, (found.mismatches, found.ambiguous)
    assert len(back.found.graph.nodes) == len(back.graph.nodes)


def test_what_nothing_reads_still_draws_and_moves() -> None:
    b = Builder("unread")
    x = b(ops.Linear(4), b.input("x", ROWS.shape), scope="fc")
    b(ops.BatchNorm(), b(ops.Dropout(0.5), x, scope="first"), scope="watched")
    back = assert_same_again(b.finish(b(ops.Dropout(0.5), x, scope="second")))
    assert len(back.found.randoms) == 2


@given(networks(), st.integers(0, 3))
@examples(30)
def test_a_random_network_comes_back_as_one_that_computes_the_same(graph, seed) -> None:
    """Or it is refused: Keras leaves sizes open that the code then computes with."""
    try:
        assert_same_again(graph, seed)
    except UsageError:
        assume(False)
