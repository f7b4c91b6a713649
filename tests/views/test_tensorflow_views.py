"""TensorFlow's views show what TensorFlow has: no operation more, none less, each in its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import torch
from subjects import BATCH, NETWORKS, Looked, assert_whole, keras_as_it_was, look, rewritten, see
from tensorflow.python.eager import backprop, context, execute, record
from tensorflow.python.framework import op_callbacks
from torch import nn

from isograd.errors import UsageError
from isograd.frameworks.tensorflow.views.execution import batch, open_loaded
from isograd.frameworks.tensorflow.views.locating import GRADIENT_OF, HOLDERS, PARAMETER
from isograd.frameworks.tensorflow.views.origins import FUSES, NODES
from isograd.views import View

TIED = ("dynamic", "session", "function")
"""Views that hold forward and backward pass under TensorFlow's own names."""


class TwoSequences(nn.Module):
    """Attention from one input to the other, layer normalisation, SiLU (whose gradient TensorFlow
    writes by hand), dropout; one weight serves twice, and there are two outputs."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embed = nn.Linear(6, 8)
        self.norm = nn.LayerNorm(8)
        self.drop = nn.Dropout(0.25)
        self.head = nn.Linear(8, 3)

    def forward(self, x: Any, y: Any) -> Any:
        query, memory = self.embed(x), self.embed(y)
        mixed = nn.functional.scaled_dot_product_attention(query, memory, memory)
        normal = nn.functional.silu(self.norm(query + mixed))
        return self.head(self.drop(normal).mean(1)), mixed


@pytest.fixture(params=NETWORKS)
def network(request: pytest.FixtureRequest, looked: Callable[[str, str], Looked]) -> Looked:
    return looked("tensorflow", request.param)


@pytest.fixture
def mlp(looked: Callable[[str, str], Looked]) -> Looked:
    return looked("tensorflow", "mlp")


@pytest.fixture
def resnet(looked: Callable[[str, str], Looked]) -> Looked:
    return looked("tensorflow", "resnet")


@pytest.fixture
def gpt(looked: Callable[[str, str], Looked]) -> Looked:
    return looked("tensorflow", "gpt")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    inputs = ["x=float32[N,5,6]", "y=float32[N,7,6]"]
    return look("tensorflow", TwoSequences(), inputs, tmp_path_factory.mktemp("two"))


@pytest.fixture(params=[*NETWORKS, "two"])
def one_of_all(request: pytest.FixtureRequest, looked: Callable[[str, str], Looked]) -> Looked:
    if request.param == "two":
        two: Looked = request.getfixturevalue("two")
        return two
    return looked("tensorflow", request.param)


def nodes_of(view: View, kind: str, phase: str = "forward") -> set[str | None]:
    return {o.node for o in view.operations if o.kind == kind and o.phase == phase}


def of_graph(operations: Any) -> Counter[str]:
    return Counter(operation.type for operation in operations)


# Counts, against the framework's own ---------------------------------------------------------


def test_the_dynamic_graph_has_every_operation_that_ran(network: Looked) -> None:
    ran: Counter[str] = Counter()

    def count(kind: Any, *rest: Any, **more: Any) -> None:
        ran[kind.decode() if isinstance(kind, bytes) else kind] += 1

    with keras_as_it_was():
        executor = open_loaded(network.subject, "eager")
        op_callbacks.add_op_callback(count)
        try:
            executor.train(batch(network.subject))
        finally:
            op_callbacks.remove_op_callback(count)
    view = network["dynamic"]
    assert view.figures["kernels"] == sum(ran.values())
    held = {"Const", "Variable", "Tensor"}
    assert Counter(o.kind for o in view.operations if o.kind not in held) == ran


def test_the_session_s_graph_is_what_the_step_needs_and_its_operations_are_counted(
    network: Looked,
) -> None:
    with keras_as_it_was():
        executor = open_loaded(network.subject, "session")
        executor.train(batch(network.subject))
    graph = executor.graph
    last = graph.get_operations()[-1].name
    needed = tf.compat.v1.graph_util.extract_sub_graph(graph.as_graph_def(), [last])
    view = network["session"]
    assert Counter(view.kinds()) == Counter(node.op for node in needed.node)
    assert view.figures["graph"] == len(graph.as_graph_def().node)
    assert view.figures["flops"] == flops_by_profiler(needed)


def flops_by_profiler(graph_def: Any) -> int:
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    total: int = tf.compat.v1.profiler.profile(graph, options=options).total_float_ops
    return total


@pytest.fixture(scope="module")
def ran(looked: Callable[[str, str], Looked]) -> Callable[[str], tuple[Any, list[Any]]]:
    """The traced graph of a network's step, and what the run's own metadata say of all graphs."""

    @cache
    def function(name: str) -> tuple[Any, list[Any]]:
        subject = looked("tensorflow", name).subject
        with keras_as_it_was():
            executor = open_loaded(subject, "function")
            context.enable_run_metadata()
            executor.train(batch(subject))
            graphs = context.export_run_metadata().function_graphs
            context.disable_run_metadata()
            return executor._call_steps.get_concrete_function().graph, list(graphs)

    return function


@pytest.mark.parametrize("name", NETWORKS)
def test_the_function_has_every_node_of_the_traced_graph(looked, ran, name: str) -> None:
    graph, _ = ran(name)
    view = looked("tensorflow", name)["function"]
    assert Counter(view.kinds()) == Counter(node.op for node in graph.as_graph_def().node)
    assert view.figures["traces"] == 1


@pytest.mark.parametrize("name", NETWORKS)
def test_after_grappler_there_is_what_the_run_s_own_metadata_say(looked, ran, name: str) -> None:
    graph, told = ran(name)
    traced = {node.name for node in graph.as_graph_def().node}
    shared = lambda one: len(traced & {n.name for n in one.pre_optimization_graph.node})
    after = max(told, key=shared).post_optimization_graph
    view = looked("tensorflow", name)["grappler"]
    assert Counter(view.kinds()) == Counter(node.op for node in after.node)
    assert view.figures["after"] < view.figures["before"]


def test_what_grappler_fuses_are_traced_operations_that_are_no_more(network: Looked) -> None:
    before, after = network["function"].kinds(), network["grappler"].kinds()
    fused = Counter(
        kind
        for operation in network["grappler"].operations
        if FUSES in operation.attributes
        for kind in operation.attributes[FUSES].split(", ")
    )
    for kind in ("MatMul", "Conv2D", "BiasAdd"):
        assert after.get(kind, 0) + fused[kind] == before.get(kind, 0)


# Ties ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["dynamic", "tape", "session", "function", "grappler"])
def test_the_views_are_whole(network: Looked, stage: str) -> None:
    assert_whole(network, stage)


@pytest.mark.parametrize("stage", TIED)
def test_every_node_has_operations(one_of_all: Looked, stage: str) -> None:
    forward = {o.node for o in one_of_all[stage].operations if o.phase == "forward"}
    names = {node.name for node in one_of_all.graph.nodes}
    part_of_another = {"slice_2", "slice_3", "scalar"}  # of one split, a number that is written out
    assert names - one_of_all.nodes("Transpose") - part_of_another <= forward <= names


@pytest.mark.parametrize("stage", [*TIED, "grappler"])
def test_operations_are_at_the_node_that_they_compute(
    mlp: Looked, resnet: Looked, gpt: Looked, stage: str
) -> None:
    products = nodes_of(mlp[stage], "MatMul") | nodes_of(mlp[stage], "_FusedMatMul")
    assert products == {"fc1", "fc2"}
    assert nodes_of(resnet[stage], "Conv2D") == resnet.nodes("Conv")
    assert nodes_of(resnet[stage], "MaxPool") == {"max_pool"}
    assert nodes_of(resnet[stage], "Rsqrt") == resnet.nodes("BatchNorm")
    filters = nodes_of(resnet[stage], "Conv2DBackpropFilter", "backward")
    assert filters == resnet.nodes("Conv")
    assert nodes_of(resnet[stage], "ReluGrad", "backward") == resnet.nodes("ReLU")
    assert nodes_of(resnet[stage], "MaxPoolGrad", "backward") == {"max_pool"}
    assert nodes_of(gpt[stage], "Softmax") == {"softmax"}
    assert nodes_of(gpt[stage], "Rsqrt") == gpt.nodes("LayerNorm")
    assert nodes_of(gpt[stage], "StatelessRandomUniformV2") == gpt.nodes("Dropout")


@pytest.mark.parametrize("stage", TIED)
def test_every_gradient_is_tied_to_its_forward_operation(one_of_all: Looked, stage: str) -> None:
    view = one_of_all[stage]
    named = {operation.name: operation for operation in view.operations}
    backward = [operation for operation in view.operations if operation.phase == "backward"]
    assert backward
    for operation in backward:
        forward = named[operation.attributes[GRADIENT_OF]]
        assert forward.phase in ("forward", "loss")
        assert operation.node == forward.node


def test_what_grappler_left_is_tied_too(network: Looked) -> None:
    for operation in network["grappler"].operations:
        assert operation.phase != "other"
        assert operation.phase != "forward" or operation.node
        assert operation.phase != "backward" or GRADIENT_OF in operation.attributes


@pytest.mark.parametrize("stage", [*TIED, "grappler"])
def test_the_optimizer_s_operations_say_which_parameter_they_change(
    mlp: Looked, stage: str
) -> None:
    found = Counter(o.attributes.get(PARAMETER) for o in mlp[stage].operations)
    assert set(found) - {None} == set(mlp.subject.plan.trainable)
    assert {found[name] for name in mlp.subject.plan.trainable} == {1}


def test_a_fusion_of_several_nodes_names_them(mlp: Looked) -> None:
    fused = [o for o in mlp["grappler"].operations if o.kind == "_FusedMatMul"]
    assert {o.attributes[FUSES] for o in fused} == {"MatMul, BiasAdd, Relu", "MatMul, BiasAdd"}
    assert {o.attributes.get(NODES) for o in fused} == {"fc1, relu", None}


def test_a_weight_that_serves_twice_gets_one_sum_of_gradients(two: Looked) -> None:
    assert nodes_of(two["dynamic"], "ReadVariableOp") >= {"embed", "embed_2"}
    sums = [o for o in two["dynamic"].operations if o.kind == "AddN"]
    assert sums
    assert {o.phase for o in sums} == {"backward"}


# The tape ------------------------------------------------------------------------------------


def test_the_tape_s_leaves_are_the_trainable_variables(network: Looked) -> None:
    leaves = {o.name for o in network["tape"].operations if o.phase == "input"}
    assert leaves == set(network.subject.plan.trainable)


def test_the_tape_s_entries_are_operations_that_ran_forward(network: Looked) -> None:
    forward = {o.name for o in network["dynamic"].operations if o.phase in ("forward", "loss")}
    entries = [o.name for o in network["tape"].operations if o.phase == "backward"]
    assert set(entries) <= forward
    assert len(entries) == network["tape"].figures["entries"]


def test_what_the_tape_keeps_is_what_the_gradients_of_a_network_need(mlp: Looked) -> None:
    images, hidden, logits = 784 * BATCH, 128 * BATCH, 10 * BATCH
    loss = BATCH + 1 + 1  # losses, the axis of their mean, the mean
    figures = mlp["tape"].figures
    assert figures["saved_bytes"] == 4 * (images + hidden + 2 * logits + loss)
    assert figures["saved_parameters"] == 4 * (784 * 128 + 128 * 10)


def test_gradients_are_computed_as_before_once_a_view_is_made(mlp: Looked) -> None:
    ours = "isograd"
    assert mlp["tape"].operations
    for function in (execute.record_gradient, record.record_operation):
        assert ours not in function.__module__
    with tf.GradientTape() as tape:
        x = tf.constant(3.0)
        tape.watch(x)
        y = x * x
    assert float(tape.gradient(y, x)) == 6.0
    assert backprop._gradient_function.__module__.startswith("tensorflow")


# Trouble -------------------------------------------------------------------------------------


RELU = "x = ops.relu(x)"


def product_of_itself(source: str) -> str:
    """Fails in training alone: a batch of 4 times 128 has no product with itself."""
    assert RELU in source
    return source.replace(RELU, "x = ops.matmul(x, x) if training else x")


@pytest.mark.parametrize("stage", ["dynamic", "tape", "session", "function", "grappler"])
def test_a_step_that_fails_is_shown_up_to_there(mlp: Looked, stage: str, tmp_path: Path) -> None:
    view = see("tensorflow", stage, rewritten(mlp.subject, tmp_path, product_of_itself))
    *before, failed = view.operations
    assert view.status == "partial"
    assert "128" in view.reason
    assert "File" not in view.reason
    assert [event.kind for event in view.events] == ["refused"]
    assert (failed.kind, failed.node, failed.mark) == ("MatMul", "relu", view.reason)
    if stage != "tape":  # which is used only once the forward pass is over
        assert {"flatten", "fc1"} <= {operation.node for operation in before}
    assert not any(operation.mark for operation in before)


@pytest.mark.parametrize(
    ("stage", "owner", "name"),
    [
        ("dynamic", op_callbacks, "add_op_callback"),
        ("tape", backprop, "_gradient_function"),
        ("function", record, "record_operation"),
    ],
)
def test_an_interface_that_is_missing_is_named(
    mlp: Looked, stage: str, owner: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(owner, name)
    with pytest.raises(UsageError, match=rf"has no {owner.__name__}\.{name}"):
        see("tensorflow", stage, mlp.subject)


def test_without_notes_of_the_run_grappler_is_called_by_itself(
    mlp: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(context, "enable_run_metadata")
    view = see("tensorflow", "grappler", mlp.subject)
    assert view.status == "ok"
    assert "_FusedMatMul" in view.kinds() or "MatMul" in view.kinds()
    assert nodes_of(view, "SparseSoftmaxCrossEntropyWithLogits", "loss") == {None}
    assert not HOLDERS - {"Const", "Placeholder"} & set(view.kinds())
