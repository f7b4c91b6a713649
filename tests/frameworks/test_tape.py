"""Tapes show what the executors do, and all that lies between."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from networks import NETWORKS, residual, shared
from random_graphs import networks
from recurrent_cases import CASES
from twins import draw, one_op, run_tensorflow, run_torch

from isograd import zoo
from isograd.frameworks import part
from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph, Node

ALL = {**NETWORKS, **{name: entry.build for name, entry in zoo.ZOO.items()}}

EXECUTORS = {"torch": run_torch, "tensorflow": run_tensorflow}

every_framework = pytest.mark.parametrize("framework", [*EXECUTORS])

ROUNDING = 1e-10
"""Of the largest value of a kind: the same kernels may add up in another order where a value lies
in memory in another way."""


def open_tape(framework, graph):
    return part(framework, "tape").open_tape(graph)


def taped(framework, graph, weights, inputs, cotangents, masks):
    """What a tape gives, under the names of `twins.results`."""
    tape = open_tape(framework, graph)
    given_ = tuple(inputs.values())
    evaluated = tape.run(weights, given_, training=False)
    trained = tape.run(weights, given_, training=True, masks=masks)
    floating = {name: c for name, c in cotangents.items() if is_float(graph, name)}
    gradients = trained.pull(floating)
    return {
        **{f"eval {name}": array for name, array in evaluated.outputs.items()},
        **{f"train {name}": array for name, array in trained.outputs.items()},
        **{f"state {name}": weights[name] for name in graph.trainable},
        **{f"state {name}": array for name, array in trained.statistics.items()},
        **{f"d {name}": gradients[name] for name in graph.inputs if is_float(graph, name)},
        **{f"d {name}": gradients[name] for name in graph.trainable},
    }


def is_float(graph, name):
    return graph.type_of(name).dtype == "float"


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    largest = dict.fromkeys("etsd", 1e-300)
    for name, array in expected.items():
        largest[name[0]] = max(largest[name[0]], np.abs(1.0 * array).max(initial=0))
    for name, array in expected.items():
        assert found[name].shape == array.shape, name
        distance = np.abs(1.0 * found[name] - array).max(initial=0)
        assert distance <= ROUNDING * largest[name[0]], name


def assert_tape_is_executor(framework, graph, batch=3, seed=0):
    given_ = draw(graph, batch, seed)
    assert_same(taped(framework, graph, *given_), EXECUTORS[framework](graph, *given_))


@every_framework
@pytest.mark.parametrize("name", ALL)
def test_a_tape_gives_what_the_executor_gives(framework, name):
    assert_tape_is_executor(framework, ALL[name]())


@every_framework
@given(graph=networks(), seed=st.integers(0, 3))
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_a_tape_of_a_random_network_gives_what_the_executor_gives(framework, graph, seed):
    assert_tape_is_executor(framework, graph, seed=seed)


@every_framework
@pytest.mark.parametrize("case", CASES[::3], ids=str)  # all of them: see the sweep
def test_a_tape_of_a_recurrence_gives_what_the_executor_gives(framework, case):
    assert_tape_is_executor(framework, one_op(*case))


@every_framework
def test_a_tape_shows_all_steps_of_a_recurrence_of_which_one_is_read(framework):
    b = Builder("last step")
    x = b(ops.LSTM(4), b.input("x", ("N", 3, 2)), scope="lstm")
    graph = b.finish(b(ops.Select(1, -1), x))
    weights, inputs, cotangents, _ = draw(graph, 2)
    recording = open_tape(framework, graph).run(weights, tuple(inputs.values()), training=True)
    assert recording.values[x].shape == (2, 3, 4)
    assert not recording.pull(cotangents)[x][:, :2].any()


@every_framework
@pytest.mark.parametrize("name", ["residual", "attention", "reshaped_features", "signal"])
def test_gradients_of_inner_values_are_slopes(framework, name):
    """A value is shifted by adding an input to it, behind the node that makes it."""
    graph = ALL[name]()
    weights, inputs, cotangents, masks = draw(graph, 2)
    recording = open_tape(framework, graph).run(
        weights, tuple(inputs.values()), training=True, masks=masks
    )
    gradients = recording.pull(cotangents)
    for node in graph.nodes[:: max(len(graph.nodes) // 5, 1)]:
        direction = np.random.default_rng(0).normal(size=gradients[node.name].shape)
        tape = open_tape(framework, with_shift(graph, node))
        shifts = ((*inputs.values(), step * direction) for step in (1e-6, -1e-6))
        found = [tape.run(weights, x, training=True, masks=masks).outputs for x in shifts]
        slope = sum(
            (cotangents[name] * (found[0][moved] - found[1][moved])).sum() / 2e-6
            for name, moved in ((name, shifted(name, node)) for name in graph.outputs)
        )
        assert slope == pytest.approx((gradients[node.name] * direction).sum(), rel=1e-6, abs=1e-8)


def with_shift(graph: Graph, node: Node) -> Graph:
    """The graph with an input added to the value of a node."""
    place = graph.nodes.index(node)
    sum_ = Node(f"{node.name}+", ops.Add(), (node.name, "shift"), {}, "", None, node.type)
    behind = tuple(
        replace(other, inputs=tuple(shifted(name, node) for name in other.inputs))
        for other in graph.nodes[place + 1 :]
    )
    return replace(
        graph,
        inputs={**graph.inputs, "shift": node.type},
        nodes=(*graph.nodes[: place + 1], sum_, *behind),
        outputs=tuple(shifted(name, node) for name in graph.outputs),
    )


def shifted(name: str, node: Node) -> str:
    return f"{name}+" if name == node.name else name


@pytest.mark.parametrize("name", ALL)
def test_both_tapes_agree_on_every_value_and_gradient(name):
    graph = ALL[name]()
    weights, inputs, cotangents, masks = draw(graph, 3)
    recordings = [
        open_tape(framework, graph).run(weights, tuple(inputs.values()), training=True, masks=masks)
        for framework in EXECUTORS
    ]
    ours, theirs = ({f"v {n}": a for n, a in r.values.items()} for r in recordings)
    assert list(ours) == [f"v {n}" for n in [*graph.inputs, *(node.name for node in graph.nodes)]]
    gradients = [r.pull(cotangents) for r in recordings]
    scale = max(np.abs(array).max(initial=0) for array in gradients[0].values())
    for name, array in ours.items():
        np.testing.assert_allclose(theirs[name], array, rtol=1e-9, atol=1e-9, err_msg=name)
    assert gradients[0].keys() == gradients[1].keys()
    for name, array in gradients[0].items():
        np.testing.assert_allclose(
            gradients[1][name], array, rtol=1e-9, atol=1e-9 * scale, err_msg=name
        )


@every_framework
def test_a_value_that_is_handed_through_has_a_gradient_of_its_own(framework):
    """In channels-last code a transpose is no operation: its value is its input's tensor."""
    b = Builder("through")
    x = b(ops.Tanh(), b.input("x", ("N", 2, 3)))
    y = b(ops.Transpose((0, 2, 1)), x)
    graph = b.finish(b(ops.Exp(), x), b(ops.Square(), y))
    array = np.random.default_rng(0).normal(size=(2, 2, 3))
    recording = open_tape(framework, graph).run({}, (array,), training=False)
    ones = {name: np.ones_like(a) for name, a in recording.outputs.items()}
    found = recording.pull(ones)
    np.testing.assert_allclose(found[y], 2 * recording.values[y])
    whole = np.exp(recording.values[x]) + 2 * recording.values[x]
    np.testing.assert_allclose(found[x], whole)


@every_framework
def test_integers_flags_constants_and_values_without_a_batch_are_recorded(framework):
    b = Builder("kinds")
    x, tokens = b.input("x", ("N", 3)), b.input("tokens", ("N", 3), "int")
    steps = b(ops.Arange(0, 3))
    flags = b(ops.Compare("<"), tokens, steps)
    two = b(ops.Scalar(2.0))
    graph = b.finish(b(ops.Multiply(), b(ops.Where(), flags, x, b(ops.Negative(), x)), two))
    given_ = np.arange(6.0).reshape(2, 3), np.array([[0, 0, 0], [5, 5, 5]])
    recording = open_tape(framework, graph).run({}, given_, training=True)
    assert recording.values[flags].tolist() == [[False, True, True], [False] * 3]
    assert recording.values[steps].tolist() == [0, 1, 2]
    assert recording.values[two] == 2
    found = recording.pull({graph.outputs[0]: np.ones((2, 3))})
    assert found["x"].tolist() == [[-2, 2, 2], [-2, -2, -2]]
    assert found[two] == 3 - 12
    assert found.keys().isdisjoint({"tokens", steps, flags})


@every_framework
def test_recordings_outlive_the_next_pass(framework):
    graph = residual()
    weights, inputs, cotangents, _ = draw(graph, 2)
    tape = open_tape(framework, graph)
    first = tape.run(weights, tuple(inputs.values()), training=True)
    values = {name: array.copy() for name, array in first.values.items()}
    before = first.pull(cotangents)
    other = {name: 2 * array for name, array in weights.items()}
    tape.run(other, tuple(inputs.values()), training=True)
    for name, array in values.items():
        np.testing.assert_array_equal(first.values[name], array)
    for name, array in first.pull(cotangents).items():
        np.testing.assert_array_equal(before[name], array)


@every_framework
def test_a_dropout_needs_its_mask_in_training_only(framework):
    graph = NETWORKS["flatten_linear"]()
    weights, inputs, _, _ = draw(graph, 2)
    tape = open_tape(framework, graph)
    tape.run(weights, tuple(inputs.values()), training=False)
    with pytest.raises(KeyError):
        tape.run(weights, tuple(inputs.values()), training=True)


@every_framework
def test_one_call_of_a_shared_layer_may_be_changed(framework):
    """No layer could hold such a parameter, but a tape can: its gradient is the sum."""
    graph = shared()
    weights, inputs, cotangents, masks = draw(graph, 2)
    calls = [node for node in graph.nodes if node.scope == "fc"]
    without = replace(calls[1], op=ops.Linear(36, bias=False), parameters=only_weight(calls[1]))
    changed = replace(
        graph, nodes=tuple(without if node is calls[1] else node for node in graph.nodes)
    )
    zero = {**weights, "fc.bias": 0 * weights["fc.bias"]}
    given_ = tuple(inputs.values())
    expected = open_tape(framework, graph).run(zero, given_, training=True, masks=masks)
    found = open_tape(framework, changed).run(zero, given_, training=True, masks=masks)
    np.testing.assert_allclose(found.outputs[calls[1].name], expected.outputs[calls[1].name])
    np.testing.assert_allclose(
        found.pull(cotangents)["fc.weight"], expected.pull(cotangents)["fc.weight"]
    )


def only_weight(node):
    return {"weight": node.parameters["weight"]}


@every_framework
def test_a_graph_that_was_edited_by_hand_is_run(framework):
    """A node bypassed, another appended; the parameters of the first one are used by no node."""
    graph = residual()
    weights, inputs, _, _ = draw(graph, 2)
    bypassed = next(node for node in graph.nodes if node.scope == "block.bn2")
    nodes = tuple(
        replace(
            node,
            inputs=tuple(bypassed.inputs[0] if n == bypassed.name else n for n in node.inputs),
        )
        for node in graph.nodes
        if node is not bypassed
    )
    last = graph.nodes[-1]
    softmax = Node("more", ops.Softmax(), (last.name,), {}, "", None, last.type)
    edited = replace(graph, nodes=(*nodes, softmax), outputs=("more",))
    recording = open_tape(framework, edited).run(weights, tuple(inputs.values()), training=True)
    np.testing.assert_allclose(recording.outputs["more"].sum(-1), 1)
    found = recording.pull({"more": np.eye(3)[:2]})
    assert not found["block.bn2.weight"].any()
    assert found["fc.weight"].any()
    unmoved = recording.statistics["block.bn2.running_var"]
    np.testing.assert_array_equal(unmoved, weights["block.bn2.running_var"])


@every_framework
def test_opening_is_linear_in_the_number_of_nodes(framework):
    def seconds(blocks):
        b = Builder("deep")
        x = b.input("x", ("N", 4, 4, 4))
        for number in range(blocks):
            y = b(ops.ReLU(), b(ops.conv2d(4, 1), x, scope=f"block{number}.conv"))
            x = b(ops.Add(), x, y)
        graph = b.finish(x)
        start = perf_counter()
        open_tape(framework, graph)
        return perf_counter() - start

    seconds(10)  # first calls
    few, many = (min(seconds(count) for _ in range(2)) for count in (25, 200))
    assert many < 24 * few, "eight times as many nodes; quadratic would be 64 times as long"
