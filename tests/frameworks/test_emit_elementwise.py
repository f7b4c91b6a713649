"""Kinks, ties and bounds of the elementwise ops and reductions; values that come from nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from elementwise_cases import CASES, NETWORKS
from twins import assert_twins, draw, load, one_op, run_tensorflow, run_torch

from isograd.frameworks.tensorflow import emitter as tensorflow_emitter
from isograd.frameworks.torch import emitter as torch_emitter
from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import Op, TensorType

LINE = TensorType(("N", 60))

compiled = pytest.mark.parametrize("mode", ["function", "session", "xla"])
any_network = pytest.mark.parametrize("make", NETWORKS)


def assert_same_at(graph: Graph, *values: float, mode: str = "eager") -> None:
    """Inputs of these values only, in every combination, and no rounding to speak of."""
    weights, inputs, cotangents, masks = draw(graph, batch=2)
    rng = np.random.default_rng(0)
    inputs = {name: rng.choice(values, array.shape) for name, array in inputs.items()}
    reference = run_torch(graph, weights, inputs, cotangents, masks)
    twin = run_tensorflow(graph, weights, inputs, cotangents, masks, mode=mode)
    for name, array in reference.items():
        np.testing.assert_allclose(twin[name], array, rtol=1e-14, atol=1e-14, err_msg=name)


@pytest.mark.parametrize(
    "op",
    [
        ops.ELU(0.3),
        ops.SELU(),
        ops.CELU(0.3),
        ops.Softplus(2.0, 1.0),
        ops.Softsign(),
        ops.Sign(),
        ops.Mish(),
        ops.LogSigmoid(),
        ops.PReLU(),
        ops.PReLU(60),
    ],
    ids=str,
)
def test_activations_have_the_same_gradient_at_their_kinks(op: Op):
    assert_same_at(one_op(op, LINE), -1.0, 0.0, 0.5, 1.0)


@pytest.mark.parametrize(
    "op",
    [
        ops.Clip(-0.3, 0.7),
        ops.Clip(minimum=0.7),
        ops.Clip(maximum=0.7),
        ops.HardTanh(-0.3, 0.7),
        ops.HardTanh(0.0, 6.0),
    ],
    ids=str,
)
def test_bounds_have_the_same_gradient(op: Op):
    assert_same_at(one_op(op, LINE), -0.3, 0.0, 0.1, 0.7, 6.0, 7.0)


def test_the_bounds_of_clip_let_the_gradient_pass_and_those_of_hard_tanh_do_not():
    for op, expected in ((ops.Clip(-1.0, 1.0), 1.0), (ops.HardTanh(), 0.0)):
        graph = one_op(op, TensorType(("N",)))
        at_bounds = {"x0": np.array([-1.0, 1.0])}
        cotangents = {graph.outputs[0]: np.ones(2)}
        for run in (run_torch, run_tensorflow):
            found = run(graph, {}, at_bounds, cotangents, {})["d x0"]
            np.testing.assert_array_equal(found, [expected, expected])


@pytest.mark.parametrize("op", [ops.Softplus(), ops.Softplus(threshold=None), ops.Mish()], ids=str)
def test_activations_stay_finite_far_out(op: Op):
    assert_same_at(one_op(op, LINE), -800.0, -25.0, 19.0, 21.0, 800.0)


@pytest.mark.parametrize("op", [ops.Max((1,)), ops.Min((1,))], ids=str)
def test_equal_extremes_share_the_gradient(op: Op):
    assert_same_at(one_op(op, LINE), -1.0, 2.0)


@pytest.mark.parametrize("op", [ops.ArgMax(1), ops.ArgMin(1)], ids=str)
def test_the_first_of_equal_extremes_is_found(op: Op):
    assert_same_at(one_op(op, LINE), -1.0, 0.0, -0.0, 2.0)


@pytest.mark.parametrize("mode", ["eager", "function", "session", "xla"])
@pytest.mark.parametrize("op", [ops.ArgMax(1), ops.ArgMin(1)], ids=str)
def test_zeros_of_either_sign_are_equal_extremes(op: Op, mode: str):
    for sign in (1.0, -1.0):
        assert_same_at(one_op(op, LINE), sign, 0.0, -0.0, mode=mode)


def test_the_product_of_factors_some_of_which_are_zero_has_the_same_gradient():
    product = ops.Prod((1, 2))
    for zeros in (1, 2, 20):
        values = [0.0] * zeros + [1.0, -2.0, 0.5] * 6
        assert_same_at(one_op(product, TensorType(("N", 3, 2))), *values)


def test_halves_are_rounded_to_the_even_neighbour():
    assert_same_at(one_op(ops.Round(), LINE), -1.5, -0.5, 0.5, 1.5, 2.5, 0.3)


@pytest.mark.parametrize("op", [ops.FloorDivide(), ops.Remainder()], ids=str)
def test_division_of_negative_numbers_rounds_downwards(op: Op):
    graph = one_op(op, TensorType(("N", 4), "int"), TensorType((4,), "int"))
    for sign in (1, -1):
        inputs = {"x0": np.array([[7, -7, 6, -6]]), "x1": sign * np.array([3, 3, 3, 4])}
        cotangents = {graph.outputs[0]: np.ones((1, 4))}
        expected = {ops.FloorDivide: np.floor_divide, ops.Remainder: np.mod}[type(op)]
        for run in (run_torch, run_tensorflow):
            found = run(graph, {}, inputs, cotangents, {})[f"eval {graph.outputs[0]}"]
            np.testing.assert_array_equal(found, expected(inputs["x0"], inputs["x1"]))


def test_powers_of_zero_have_the_same_gradients():
    assert_same_at(one_op(ops.Power(), LINE, LINE), 0.0, 1.0, 2.0)


def test_angles_have_the_same_gradients_at_the_origin_too():
    assert_same_at(one_op(ops.Atan2(), LINE, LINE), 0.0, -0.0, 1.0, -2.0)


def test_quotients_that_are_nearly_whole_are_rounded_downwards():
    for op, slope in ((ops.FloorDivide(), 0.0), (ops.Remainder(), -9.0)):
        graph = one_op(op, TensorType(()), TensorType(()))
        inputs = {"x0": np.array(1.0), "x1": np.array(0.1)}  # 0.1 is a little more than a tenth
        expected = {ops.FloorDivide: np.floor_divide, ops.Remainder: np.mod}[type(op)]
        for run in (run_torch, run_tensorflow):
            found = run(graph, {}, inputs, {graph.outputs[0]: np.array(1.0)}, {})
            assert found[f"eval {graph.outputs[0]}"] == expected(1.0, 0.1)
            assert found["d x1"] == slope


@any_network
def test_a_network_is_the_same_in_both_frameworks(make):
    assert_twins(make())


@compiled
@any_network
def test_a_network_is_the_same_when_compiled_for_any_batch_size(make, mode):
    assert_twins(make(), batch=2, mode=mode)


@any_network
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_a_network_is_the_same_when_traced_at_another_batch_size(make):
    graph = make()
    weights, inputs, _, _ = draw(graph, batch=2)
    emitted = torch_emitter.emit(graph)
    model = load(emitted)().double().eval()
    native = emitted.parameters.forward(weights)
    model.load_state_dict({name: torch.from_numpy(value) for name, value in native.items()})
    example = tuple(torch.from_numpy(array) for array in inputs.values())
    traced = torch.jit.trace(model, example, check_trace=False)
    others = [torch.from_numpy(array) for array in draw(graph, batch=3)[1].values()]
    torch.testing.assert_close(traced(*others), model(*others))


@compiled
def test_rows_without_a_gradient_are_the_same_when_compiled(mode):
    tokens = TensorType(("N", 4), "int")
    assert_twins(one_op(ops.Embedding(5, 3, padding_idx=1), tokens), batch=2, mode=mode)


@compiled
@pytest.mark.parametrize(
    "case",
    [
        case
        for case in CASES
        if isinstance(case[0], ops.Compare | ops.Variance | ops.Prod | ops.Where | ops.Dropout)
    ],
    ids=lambda case: f"{case[0]} {' '.join(str(kind.shape) for kind in case[1:])}",
)
def test_an_op_is_the_same_when_compiled_for_any_batch_size(case, mode):
    op, *kinds = case
    assert_twins(one_op(op, *kinds), batch=2, mode=mode)


def test_a_number_stands_in_the_expression_that_reads_it():
    b = Builder("scaled")
    scaled = b(ops.Divide(), b.input("x", ("N", 3)), b(ops.Scalar(255.0)))
    graph = b.finish(b(ops.Multiply(), b(ops.Scalar(-2.0)), scaled))
    for emitter in (torch_emitter, tensorflow_emitter):
        source = emitter.emit(graph).source
        assert "x / 255.0" in source
        assert "(-2.0) * x" in source


def test_a_parameter_is_an_attribute():
    b = Builder("token")
    token = b(ops.Parameter((1, 3)), scope="cls_token")
    graph = b.finish(b(ops.Add(), b.input("x", ("N", 3)), token))
    emitted = torch_emitter.emit(graph)
    assert "self.cls_token_value = nn.Parameter(" in emitted.source
    assert "x + self.cls_token_value" in emitted.source
    assert [link.twin for link in emitted.parameters.links] == ["cls_token_value"]


def test_channels_are_dropped_by_the_stock_layer():
    source = torch_emitter.emit(one_op(ops.Dropout(0.5, (2, 3)), TensorType(("N", 4, 5, 3)))).source
    assert "nn.Dropout2d(0.5)" in source


def test_samples_are_dropped_as_a_whole_in_training_only():
    graph = one_op(ops.Dropout(0.5, (1, 2)), TensorType(("N", 4, 5)))
    model = load(torch_emitter.emit(graph))()
    x = torch.ones(64, 4, 5)
    dropped = model.train()(x)
    assert all(sample.unique().tolist() in ([0.0], [2.0]) for sample in dropped)
    assert 0 < (dropped[:, 0, 0] == 0).sum() < 64
    assert torch.equal(model.eval()(x), x)
