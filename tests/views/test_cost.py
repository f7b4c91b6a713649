"""Costs by formula are held against what the frameworks count by themselves."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.profiler.model_analyzer import profile
from tensorflow.python.profiler.option_builder import ProfileOptionBuilder
from torch.utils.flop_counter import FlopCounterMode

from isograd.frameworks.side import concrete
from isograd.frameworks.torch.tape import open_tape
from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import Op
from isograd.ir.ops.windows import symmetric
from isograd.models import load
from isograd.views.cost import Cost, costs
from isograd.views.flops import OTHERS, PRODUCTS

BATCH = 3

PRODUCT_OPS: dict[str, tuple[Op, tuple[tuple[int | str, ...], ...]]] = {
    "linear": (ops.Linear(5), (("N", 7, 4),)),
    "matmul of matrices": (ops.MatMul(), (("N", 7, 4), ("N", 4, 6))),
    "matmul of broadcast matrices": (ops.MatMul(), (("N", 1, 7, 4), (2, 4, 6))),
    "conv": (ops.conv2d(8, 3, 2, 1, groups=2), (("N", 4, 9, 7),)),
    "conv with dilation": (ops.conv1d(6, 3, dilation=2), (("N", 4, 11),)),
    "convolve": (
        ops.Convolve((3,), (1,), symmetric(1, 1), (1,)),
        (("N", 4, 9), (6, 4, 3)),
    ),
    "conv transpose": (
        ops.ConvTranspose(6, (3, 3), (2, 2), symmetric(1, 2), (1, 1), (1, 1), groups=2),
        (("N", 4, 5, 6),),
    ),
    "attention": (ops.Attention(), (("N", 2, 5, 4), ("N", 2, 6, 4), ("N", 2, 6, 3))),
    "einsum": (ops.Einsum("nhqd,nhkd->nhqk"), (("N", 2, 5, 4), ("N", 2, 6, 4))),
    "einsum that sums one operand first": (ops.Einsum("nab,bc->nc"), (("N", 5, 4), (4, 6))),
}


def single(op: Op, shapes: tuple[tuple[int | str, ...], ...]) -> Graph:
    b = Builder("single")
    return b.finish(b(op, *(b.input(f"x{i}", shape) for i, shape in enumerate(shapes))))


def counted_by_torch(graph: Graph) -> int:
    inputs = tuple(np.zeros(concrete(kind, graph.sizes(BATCH))) for kind in graph.inputs.values())
    with FlopCounterMode(display=False) as counter:
        open_tape(graph).run(graph.initialize(0), inputs, training=False)
    return counter.get_total_flops()


def total(found: dict[str, Cost]) -> int:
    return sum(cost.products or 0 for cost in found.values())


@pytest.mark.parametrize("name", PRODUCT_OPS)
def test_products_are_those_that_pytorch_counts(name: str):
    graph = single(*PRODUCT_OPS[name])
    assert total(costs(graph, BATCH)) == counted_by_torch(graph) > 0


@pytest.mark.parametrize("name", ["mnist-mlp", "lenet", "cnn-bn"])
def test_products_of_a_network_are_those_that_pytorch_counts(name: str):
    graph = load(name).graph
    assert total(costs(graph, BATCH)) == counted_by_torch(graph)


def counted_by_tensorflow(function: object, *shapes: tuple[int, ...]) -> int:
    with tf.Graph().as_default() as graph:
        function(*(tf.compat.v1.placeholder(tf.float32, shape) for shape in shapes))  # type: ignore[operator]
        options = ProfileOptionBuilder.float_operation()
        options["output"] = "none"
        return profile(graph, options=options).total_float_ops


TENSORFLOW = {
    "matmul": (ops.MatMul(), ((3, 7, 4), (3, 4, 6)), tf.linalg.matmul),
    "softmax": (ops.Softmax(), ((3, 10),), tf.nn.softmax),
    "sum": (ops.Sum((1,)), ((3, 10, 4),), lambda x: tf.reduce_sum(x, 1)),
    "mean": (ops.Mean((1, 2)), ((3, 10, 4),), lambda x: tf.reduce_mean(x, (1, 2))),
    "add": (ops.Add(), ((3, 10, 4), (3, 1, 4)), tf.add),
}


@pytest.mark.parametrize("name", TENSORFLOW)
def test_operations_are_those_that_tensorflow_counts(name: str):
    op, shapes, function = TENSORFLOW[name]
    ((_, cost),) = costs(single(op, shapes), BATCH).items()
    assert cost.flops == counted_by_tensorflow(function, *shapes)


def test_a_convolution_costs_what_tensorflow_counts():
    ((_, cost),) = costs(single(ops.conv2d(8, 3, 2, 0, bias=False), ((3, 4, 9, 7),)), 3).items()
    function = lambda x: tf.nn.conv2d(x, tf.zeros((3, 3, 4, 8)), 2, "VALID")
    assert cost.flops == counted_by_tensorflow(function, (3, 9, 7, 4))


def test_a_causal_mask_saves_nothing():
    shapes = (("N", 2, 5, 4),) * 3
    free, causal = (costs(single(ops.Attention(c), shapes), BATCH) for c in (False, True))
    assert free == causal


def test_every_op_has_a_formula():
    ours = {cls for cls in Op.registry.values() if cls.__module__.startswith("isograd.")}
    assert ours == OTHERS.keys()
    assert ours >= PRODUCTS.keys()


def test_an_op_without_a_formula_has_no_guess():
    class Unheard(ops.ReLU):
        pass

    try:
        cost = costs(single(Unheard(), (("N", 4),)), BATCH)["unheard"]
    finally:
        del Op.registry["Unheard"]
    assert cost == Cost(None, None, 2 * 4 * BATCH * 4)


def test_a_sum_of_three_operands_has_no_guess():
    graph = single(ops.Einsum("na,ab,bc->nc"), (("N", 4), (4, 5), (5, 6)))
    assert costs(graph, BATCH)["einsum"].flops is None


def test_whole_numbers_are_no_floating_point_operations():
    b = Builder("whole")
    graph = b.finish(b(ops.AddScalar(1), b.input("i", ("N", 4), "int")))
    assert costs(graph, BATCH)["add_scalar"].flops == 0


def test_bytes_are_inputs_value_and_parameters_once_each():
    graph = load("mnist-mlp").graph
    found = costs(graph, BATCH)
    first = next(node for node in graph.nodes if isinstance(node.op, ops.Linear))
    shape = graph.parameters[first.parameters["weight"]].shape
    assert found[first.name].bytes == 4 * (BATCH * sum(shape) + prod(shape) + shape[0])
    assert found["flatten"] == Cost(0, 0, 0)


def test_a_recurrence_multiplies_every_step_by_both_matrices():
    graph = single(ops.LSTM(5), (("N", 6, 4),))
    assert total(costs(graph, BATCH)) == 2 * BATCH * 6 * 20 * (4 + 5)
