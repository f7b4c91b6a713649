"""Recurrent networks are what their definition says, in both frameworks and in every mode."""

from __future__ import annotations

from functools import cache
from operator import attrgetter

import numpy as np
import pytest
import tensorflow as tf
import torch
from networks import handed_over
from recurrent_cases import CASES, MASK, SEQUENCE, STATE, by_definition, cell_by_definition
from twins import (
    assert_twins,
    deviations,
    draw,
    load,
    one_op,
    run_tensorflow,
    run_torch,
    tensorflow_emitter,
    torch_emitter,
)

from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.mapping import Arrays
from isograd.ir.ops import TensorType


def label(case: tuple[object, ...]) -> str:
    op, *kinds = case
    return f"{op} {len(kinds)}"


cases = pytest.mark.parametrize("case", CASES, ids=label)
frameworks = pytest.mark.parametrize("run", [run_torch, run_tensorflow])


def defined(graph: Graph, weights: Arrays, inputs: Arrays) -> np.ndarray:
    """The output of a graph of one recurrent op."""
    (node,) = graph.nodes
    own = {role: weights[name] for role, name in node.parameters.items()}
    return by_definition(node.op, own, *inputs.values())


@cache
def found_by(run, case):
    """A graph of one case, what it was given, and what a framework makes of it."""
    graph = one_op(*case)
    weights, inputs, cotangents, masks = draw(graph, batch=3)
    found = run(graph, weights, inputs, cotangents, masks)
    return graph, weights, inputs, cotangents, found


@frameworks
@cases
def test_the_outputs_are_those_of_the_definition(case, run):
    graph, weights, inputs, _, found = found_by(run, case)
    np.testing.assert_allclose(found["eval op"], defined(graph, weights, inputs), 1e-13, 1e-14)


@frameworks
@cases
def test_the_gradients_are_those_of_the_definition(case, run):
    graph, weights, inputs, cotangents, found = found_by(run, case)
    rng = np.random.default_rng(1)
    for name in [*weights, *(name for name, a in inputs.items() if a.dtype.kind == "f")]:
        group = weights if name in weights else inputs
        way = rng.normal(size=group[name].shape)

        def moved(length: float, name=name, group=group, way=way) -> float:
            changed = {**group, name: group[name] + length * way}
            pair = (changed, inputs) if group is weights else (weights, changed)
            return float(np.sum(defined(graph, *pair) * cotangents["op"]))

        slope = (moved(1e-5) - moved(-1e-5)) / 2e-5
        assert np.sum(found[f"d {name}"] * way) == pytest.approx(slope, rel=1e-7, abs=1e-7), name


@cases
def test_a_recurrent_op_is_the_same_in_both_frameworks(case):
    found = found_by(run_tensorflow, case)[-1]
    assert_twins(one_op(*case), batch=3, run=lambda *_: found)


# Each kind of op in each mode; xla, and all forms in all modes, are the sweep's.
@pytest.mark.parametrize(
    ("mode", "number"),
    [
        ("function", 5),
        ("session", 22),
        ("function", 24),
        ("session", 8),
        ("function", 20),
        ("session", 25),
    ],
)
def test_a_recurrent_op_is_the_same_when_tensorflow_compiles_it(mode, number):
    assert_twins(one_op(*CASES[number]), batch=2, mode=mode)


@pytest.mark.parametrize("op", [ops.LSTM(5), ops.GRU(5), ops.RNN(5, "single", reverse=True)])
def test_one_compiled_function_takes_sequences_of_any_length(op):
    graph = one_op(op, TensorType(("N", "T", 3)))
    weights = graph.initialize(0)
    emitted = tensorflow_emitter.emit(graph)
    model = load(emitted)()
    model(np.zeros((1, 2, 3)))
    for name, array in emitted.parameters.forward(weights).items():
        attrgetter(name)(model).assign(array)
    function = tf.function(model, input_signature=[tf.TensorSpec([None, None, 3], tf.float64)])
    for batch, length in ((2, 1), (1, 4), (3, 9)):
        x = np.random.default_rng(length).normal(size=(batch, length, 3))
        wanted = defined(graph, weights, {"x0": x})
        np.testing.assert_allclose(function(x), wanted, 1e-13, 1e-14)
    assert function.experimental_get_tracing_count() == 1


def test_a_batch_of_one_and_a_single_step_are_no_exception():
    assert_twins(one_op(ops.GRU(5), TensorType(("N", 1, 3))), batch=1)


def stacked() -> Graph:
    """Two bidirectional layers with dropout behind them, and a classifier of each step."""
    b = Builder("tagger")
    x = b.input("tokens", ("N", 6), "int")
    x = b(ops.Embedding(11, 4), x, scope="embedding")
    for layer in ("first", "second"):
        forward = b(ops.LSTM(5), x, scope=f"{layer}.forward")
        backward = b(ops.LSTM(5, reverse=True), x, scope=f"{layer}.backward")
        x = b(ops.Concat(-1), forward, backward)
        x = b(ops.Dropout(0.5), x)
    return b.finish(b(ops.Linear(3), x, scope="head"))


@pytest.mark.parametrize("mode", ["eager", "session"])
def test_a_stacked_bidirectional_network_with_dropout_is_the_same(mode):
    assert_twins(stacked(), mode=mode)


def test_one_layer_may_be_called_twice():
    b = Builder("siamese")
    left, right = (b.input(name, SEQUENCE.shape) for name in ("left", "right"))
    ways = [b(ops.GRU(5), x, scope="shared") for x in (left, right)]
    graph = b.finish(b(ops.Subtract(), *ways))
    assert len(graph.parameters) == 4
    assert_twins(graph)


@pytest.mark.parametrize("op", [ops.LSTM(5), ops.GRU(5), ops.RNN(5)], ids=str)
def test_a_step_of_sgd_moves_each_of_two_biases(op):
    graph = one_op(op, SEQUENCE)
    weights, inputs, _, _ = draw(graph, batch=3)
    after = [step(graph, weights, inputs["x0"]) for step in (torch_step, tensorflow_step)]
    for name in ("op.bias_ih", "op.bias_hh"):
        assert np.all(after[0][name] != weights[name])
        np.testing.assert_allclose(after[0][name], after[1][name], 1e-13, 1e-14)


def torch_step(graph: Graph, weights: Arrays, x: np.ndarray) -> Arrays:
    emitted = torch_emitter.emit(graph)
    model = load(emitted)().double()
    native = emitted.parameters.forward(weights)
    model.load_state_dict({name: torch.from_numpy(a.copy()) for name, a in native.items()})
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    model(torch.from_numpy(x)).sum().backward()
    optimizer.step()
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    return emitted.parameters.backward(state)


def tensorflow_step(graph: Graph, weights: Arrays, x: np.ndarray) -> Arrays:
    emitted = tensorflow_emitter.emit(graph)
    model = load(emitted)()
    model(x)
    native = emitted.parameters.forward(weights)
    named = {name: attrgetter(name)(model) for name in native}
    assert {id(v) for v in named.values()} == {id(v) for v in model.trainable_variables}
    for name, variable in named.items():
        variable.assign(native[name])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(x, training=True))
    found = tape.gradient(loss, [variable.value for variable in named.values()])
    for variable, gradient in zip(named.values(), found, strict=True):
        variable.assign_sub(0.5 * gradient)
    return emitted.parameters.backward({name: v.numpy() for name, v in named.items()})


@pytest.mark.parametrize("op", [ops.LSTM(5, "single"), ops.RNN(5, "single")], ids=str)
def test_a_single_bias_is_one_tensor_in_pytorch_too(op):
    emitted = torch_emitter.emit(one_op(op, SEQUENCE))
    model = load(emitted)()
    names = {"op.weight_ih_l0", "op.weight_hh_l0", "op.bias_ih_l0"}
    assert set(model.state_dict()) == names == {name for name, _ in model.named_parameters()}


@pytest.mark.parametrize(
    ("op", "emitter", "stock"),
    [
        (ops.LSTM(5), torch_emitter, "nn.LSTM(3, 5, batch_first=True)"),
        (ops.GRU(5), torch_emitter, "nn.GRU(3, 5, batch_first=True)"),
        (
            ops.RNN(5, "none", activation="relu"),
            torch_emitter,
            'nn.RNN(3, 5, nonlinearity="relu", bias=False, batch_first=True)',
        ),
        (
            ops.LSTM(5, "single"),
            tensorflow_emitter,
            "keras.layers.LSTM(5, return_sequences=True)",
        ),
        (
            ops.GRU(5, "single", reset_after=False),
            tensorflow_emitter,
            "keras.layers.GRU(5, reset_after=False, return_sequences=True)",
        ),
        (
            ops.RNN(5, "single", reverse=True),
            tensorflow_emitter,
            "keras.layers.SimpleRNN(5, go_backwards=True, return_sequences=True)",
        ),
    ],
)
def test_a_framework_s_own_layer_is_taken_where_it_is_exact(op, emitter, stock):
    source = emitter.emit(one_op(op, SEQUENCE)).source
    assert f"self.op = {stock}\n" in source
    assert source.count("class ") == 1


def test_a_frozen_layer_has_no_trainable_variable_in_keras():
    graph = one_op(ops.LSTM(5), SEQUENCE)
    frozen = {
        name: type(spec)(spec.shape, spec.init, trainable=False)
        for name, spec in graph.parameters.items()
    }
    emitted = tensorflow_emitter.emit(
        Graph(graph.name, graph.inputs, graph.nodes, graph.outputs, frozen)
    )
    model = load(emitted)()
    model(np.zeros((1, 7, 3)))
    assert emitted.trainable == ()
    assert model.trainable_variables == []


def test_another_order_of_the_gates_is_found_to_be_different(monkeypatch):
    monkeypatch.setattr(
        "isograd.frameworks.tensorflow.recurrent.Blocks.__call__", lambda self, array: array
    )
    found = deviations(one_op(ops.GRU(5), SEQUENCE, STATE))
    assert found["eval op"] > 1e6


def last_step(op: ops.Op, index: int, *, again: bool = False) -> Graph:
    """A recurrence of which one step is read, and with ``again`` all of them too."""
    b = Builder("last")
    x = b(op, b.input("x", ("N", 5, 3)), scope="layer")
    y = b(ops.Linear(2), b(ops.Select(1, index), x), scope="head")
    return b.finish(y, b(ops.Mean((1,)), x)) if again else b.finish(y)


@pytest.mark.parametrize(
    "op", [ops.LSTM(4, "double"), ops.GRU(4, "stacked"), ops.RNN(4, "single"), ops.LSTM(4, "none")]
)
@pytest.mark.parametrize("mode", ["eager", "function"])
def test_a_layer_keeps_the_last_step_only_where_no_other_is_read(op, mode):
    graph = last_step(op, -1)
    source = tensorflow_emitter.emit(graph).source
    assert "return_sequences=True" not in source
    assert "[:, -1]" not in source
    assert_twins(graph, mode=mode)


def test_backwards_it_is_the_first_step_that_is_made_last():
    graph = last_step(ops.LSTM(4, "double", True), 0)
    source = tensorflow_emitter.emit(graph).source
    assert "return_sequences=True" not in source
    assert "ops.flip" not in source
    assert_twins(graph)


@pytest.mark.parametrize(
    "graph",
    [
        last_step(ops.LSTM(4, "double"), 0),
        last_step(ops.LSTM(4, "double", True), -1),
        last_step(ops.LSTM(4, "double"), -1, again=True),
    ],
    ids=["the first step", "the last step, backwards", "all steps too"],
)
def test_steps_that_are_read_are_kept(graph):
    assert "return_sequences=True" in tensorflow_emitter.emit(graph).source
    assert_twins(graph)


# Final states -------------------------------------------------------------------------------------


def read_twice(*, reverse: bool = False) -> Graph:
    """Outputs, the last of them twice and the cell state twice; one layer, called again."""
    b = Builder("read twice")
    x = b.input("x", ("N", 7, 3))
    made = b(ops.LSTM(4, reverse=reverse), x, scope="lstm")
    last = ops.Select(1, 0 if reverse else -1)
    hidden = [b(last, made) for _ in range(2)]
    cells = [b(ops.CellState(), made) for _ in range(2)]
    again = b(ops.LSTM(4, reverse=reverse), b(ops.Flip((1,)), x), scope="lstm")
    states = b(ops.Concat(1), *hidden, *cells, b(ops.Select(1, 2), again))
    return b.finish(made, b(ops.Linear(3), states, scope="head"))


def cell_alone(**options: bool) -> Graph:
    b = Builder("cell alone")
    made = b(ops.LSTM(4, "single", **options), b.input("x", ("N", 7, 3)), scope="lstm")
    return b.finish(b(ops.CellState(), made))


FINAL = {
    "handed over": handed_over(),
    "read twice": read_twice(),
    "read twice, backwards": read_twice(reverse=True),
    "cell alone": cell_alone(),
    "cell alone, backwards": cell_alone(reverse=True),
}


@pytest.mark.parametrize("graph", FINAL.values(), ids=FINAL)
def test_final_states_are_the_same(graph):
    assert_twins(graph)


def test_final_states_are_the_same_in_a_session():
    assert_twins(FINAL["read twice, backwards"], mode="session")


@frameworks
@pytest.mark.parametrize("reverse", [False, True])
def test_the_cell_state_is_that_of_the_definition(reverse, run):
    graph = cell_alone(reverse=reverse)
    weights, inputs, cotangents, masks = draw(graph, batch=3)
    own = {role: weights[name] for role, name in graph.nodes[0].parameters.items()}
    wanted = cell_by_definition(graph.nodes[0].op, own, *inputs.values())
    found = run(graph, weights, inputs, cotangents, masks)
    np.testing.assert_allclose(found[f"eval {graph.outputs[0]}"], wanted, 1e-13, 1e-14)


def hidden_alone(op: ops.Op, *kinds: TensorType) -> Graph:
    """The state after a masked recurrence, and what starts from it."""
    b = Builder("hidden alone")
    given = [b.input(f"x{i}", kind.shape, kind.dtype) for i, kind in enumerate(kinds)]
    state = b(ops.HiddenState(), b(op, *given, scope="layer"))
    return b.finish(b(ops.RNN(5), given[0], state, scope="after"), state)


MASKED = {
    "lstm": hidden_alone(ops.LSTM(5, masked=True), SEQUENCE, STATE, STATE, MASK),
    "gru": hidden_alone(ops.GRU(5, masked=True), SEQUENCE, STATE, MASK),
    "rnn, backwards": hidden_alone(ops.RNN(5, reverse=True, masked=True), SEQUENCE, STATE, MASK),
}


@pytest.mark.parametrize("graph", MASKED.values(), ids=MASKED)
def test_the_hidden_state_after_skipped_steps_is_the_same(graph):
    assert_twins(graph)


@pytest.mark.parametrize(("name", "mode"), [("rnn, backwards", "function"), ("lstm", "session")])
def test_the_hidden_state_after_skipped_steps_is_the_same_when_compiled(name, mode):
    assert_twins(MASKED[name], mode=mode)


@frameworks
@pytest.mark.parametrize("graph", MASKED.values(), ids=MASKED)
def test_where_the_first_steps_are_skipped_the_state_is_the_initial_one_and_the_output_zero(
    graph, run
):
    weights, inputs, cotangents, masks = draw(graph, batch=3)
    (mask,) = (name for name, kind in graph.inputs.items() if kind.dtype == "bool")
    inputs[mask] = np.zeros_like(inputs[mask])
    found = run(graph, weights, inputs, cotangents, masks)
    np.testing.assert_array_equal(found[f"eval {graph.outputs[1]}"], inputs["x1"])
    node = graph.nodes[0]
    own = {role: weights[name] for role, name in node.parameters.items()}
    assert not by_definition(node.op, own, *inputs.values()).any()
    assert not any(found[f"d {name}"].any() for name in node.parameters.values())


def test_what_stands_at_a_skipped_step_does_not_matter():
    graph = one_op(ops.GRU(5, masked=True), SEQUENCE, MASK)
    weights, inputs, cotangents, masks = draw(graph, batch=3)
    inputs["x1"][:, 3] = False
    changed = {**inputs, "x0": inputs["x0"].copy()}
    changed["x0"][:, 3] = 1e3
    for run in (run_torch, run_tensorflow):
        once, again = (run(graph, weights, given, cotangents, masks) for given in (inputs, changed))
        for name, array in once.items():
            np.testing.assert_array_equal(again[name], array, name)


def test_one_call_makes_outputs_and_states_and_reads_as_a_person_writes_it():
    graph = handed_over()
    torch_source = torch_emitter.emit(graph).source
    assert "_, (h, c) = self.encoder(x)\n" in torch_source
    assert "self.decoder(y, (h, c))[0]\n" in torch_source
    keras_source = tensorflow_emitter.emit(graph).source
    assert "_, h, c = self.encoder(x)\n" in keras_source
    assert "self.decoder(y, initial_state=[h, c])\n" in keras_source
    assert keras_source.count("return_state=True") == 1


def test_an_input_that_is_called_as_a_state_keeps_its_name():
    b = Builder("named")
    x, c = b.input("x", ("N", 7, 3)), b.input("c", ("N", 4))
    made = b(ops.CellState(), b(ops.LSTM(4), x, scope="lstm"))
    graph = b.finish(b(ops.Add(), b(ops.Add(), made, c), c))
    assert "_, (_, c)" not in torch_emitter.emit(graph).source
    assert_twins(graph)
