"""TensorFlow's views show what TensorFlow has: no operation more, none less, each in its place."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tensorflow.python.eager import backprop, context, execute, record
from tensorflow.python.framework import op_callbacks
from tensorflow_subjects import Looked, TwoSequences, keras_as_it_was, look, rewritten, see

from isograd.errors import UsageError
from isograd.frameworks.tensorflow.views.compiling import NO_KERNEL
from isograd.frameworks.tensorflow.views.execution import batch, open_loaded
from isograd.frameworks.tensorflow.views.locating import GRADIENT_OF, HOLDERS, PARAMETER
from isograd.frameworks.tensorflow.views.origins import FUSES, NODES
from isograd.frameworks.tensorflow.views.tracing import batch_tensors
from isograd.views import View

TIED = ("dynamic", "session", "function")
"""Views that hold forward and backward pass under TensorFlow's own names."""


@pytest.fixture(scope="module")
def mlp(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    return look("mnist-mlp", [], tmp_path_factory.mktemp("mlp"))


@pytest.fixture(scope="module")
def cnn(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    return look("cnn-bn", [], tmp_path_factory.mktemp("cnn"))


@pytest.fixture(scope="module")
def attention(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    inputs = ["x=float32[N,5,6]", "y=float32[N,7,6]"]
    return look(TwoSequences(), inputs, tmp_path_factory.mktemp("attention"))


@pytest.fixture(params=["cnn", "attention"])
def network(request: pytest.FixtureRequest) -> Looked:
    looked: Looked = request.getfixturevalue(request.param)
    return looked


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


def test_the_function_has_every_node_of_the_traced_graph(network: Looked) -> None:
    with keras_as_it_was():
        executor = open_loaded(network.subject, "function")
        graph = executor._call_steps.get_concrete_function().graph
    view = network["function"]
    assert Counter(view.kinds()) == Counter(node.op for node in graph.as_graph_def().node)
    assert view.figures["traces"] == 1


def test_after_grappler_there_is_what_the_run_s_own_metadata_say(network: Looked) -> None:
    with keras_as_it_was():
        executor = open_loaded(network.subject, "function")
        context.enable_run_metadata()
        executor.train(batch(network.subject))
        graphs = context.export_run_metadata().function_graphs
        context.disable_run_metadata()
    after = max((g.post_optimization_graph for g in graphs), key=lambda graph: len(graph.node))
    view = network["grappler"]
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


@pytest.mark.parametrize(("stage", "text_stage"), [("hlo", "hlo"), ("xla", "optimized_hlo")])
def test_xla_s_programs_have_every_instruction_of_their_text(
    mlp: Looked, stage: str, text_stage: str
) -> None:
    with keras_as_it_was():
        executor = open_loaded(mlp.subject, "xla")
        executor.train(batch(mlp.subject))
        batches = batch_tensors(executor, mlp.subject)
        text = executor._compiled.experimental_get_compiler_ir(*batches)(stage=text_stage)
    view = mlp[stage]
    entry = text[text.index("\nENTRY ") :].split("\n}")[0].splitlines()[2:]
    opcodes = [re.search(r"[\])}] ([a-z\-]+)\(", line.split(", metadata")[0]) for line in entry]
    ran = [found[1] for found in opcodes if found and found[1] not in NO_KERNEL]
    assert view.figures["instructions"] == len(re.findall(r"^ +\S.* = ", text, re.MULTILINE))
    if stage == "xla":
        assert view.figures["fusions"] == len(re.findall(r" fusion\(", text))
        assert view.figures["kernels"] == len(ran)
    assert len(view.operations) == len(entry)


# Ties ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", TIED)
def test_every_forward_operation_is_tied_and_every_node_has_some(
    network: Looked, stage: str
) -> None:
    forward = [o for o in network[stage].operations if o.phase == "forward"]
    names = {node.name for node in network.graph.nodes}
    moved = {node.name for node in network.graph.nodes if type(node.op).__name__ == "Transpose"}
    assert {o.node for o in forward} <= names
    assert names - moved <= {o.node for o in forward}


@pytest.mark.parametrize("stage", [*TIED, "grappler"])
def test_operations_are_at_the_node_that_they_compute(mlp: Looked, cnn: Looked, stage: str) -> None:
    products = nodes_of(mlp[stage], "MatMul") | nodes_of(mlp[stage], "_FusedMatMul")
    assert products == {"fc1", "fc2"}
    assert nodes_of(cnn[stage], "Conv2D") == {"conv1", "conv2"}
    assert nodes_of(cnn[stage], "MaxPool") == {"pool1", "pool2"}
    assert nodes_of(cnn[stage], "Rsqrt") == {"bn1", "bn2"}
    assert nodes_of(cnn[stage], "Conv2DBackpropFilter", "backward") == {"conv1", "conv2"}
    assert nodes_of(cnn[stage], "ReluGrad", "backward") == {"relu1", "relu2"}
    assert nodes_of(cnn[stage], "MaxPoolGrad", "backward") == {"pool1", "pool2"}


@pytest.mark.parametrize("stage", TIED)
def test_every_gradient_is_tied_to_its_forward_operation(network: Looked, stage: str) -> None:
    view = network[stage]
    named = {operation.name: operation for operation in view.operations}
    backward = [operation for operation in view.operations if operation.phase == "backward"]
    assert backward
    for operation in backward:
        forward = named[operation.attributes[GRADIENT_OF]]
        assert forward.phase in ("forward", "loss")
        assert operation.node == forward.node


@pytest.mark.parametrize("stage", ["grappler", "hlo", "xla"])
def test_what_an_optimiser_left_is_tied_too(mlp: Looked, stage: str) -> None:
    for operation in mlp[stage].operations:
        assert operation.phase != "other"
        assert operation.phase != "forward" or operation.node
        assert operation.phase != "backward" or GRADIENT_OF in operation.attributes


def test_xla_s_parameters_are_called_what_they_hold(mlp: Looked) -> None:
    held = {
        o.attributes["holds"]: o.values[0].shape
        for o in mlp["xla"].operations
        if "holds" in o.attributes
    }
    for name, array in mlp.subject.state.items():
        assert held[name] == array.shape
        assert held[f"moment_1/{name}"] == array.shape


@pytest.mark.parametrize("stage", [*TIED, "grappler", "xla"])
def test_the_optimizer_s_operations_say_which_parameter_they_change(
    mlp: Looked, stage: str
) -> None:
    found = Counter(o.attributes.get(PARAMETER) for o in mlp[stage].operations)
    assert set(found) - {None} == set(mlp.subject.plan.trainable)
    assert stage == "xla" or {found[name] for name in mlp.subject.plan.trainable} == {1}


def test_a_fusion_of_several_nodes_names_them(mlp: Looked) -> None:
    fused = [o for o in mlp["grappler"].operations if o.kind == "_FusedMatMul"]
    assert {o.attributes[FUSES] for o in fused} == {"MatMul, BiasAdd, Relu", "MatMul, BiasAdd"}
    assert {o.attributes.get(NODES) for o in fused} == {"fc1, relu", None}


def test_a_weight_that_serves_twice_gets_one_sum_of_gradients(attention: Looked) -> None:
    assert nodes_of(attention["dynamic"], "ReadVariableOp") >= {"embed", "embed_2"}
    sums = [o for o in attention["dynamic"].operations if o.kind == "AddN"]
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
    batch_size = 4
    images, hidden, logits = 784 * batch_size, 128 * batch_size, 10 * batch_size
    loss = batch_size + 1 + 1  # losses, the axis of their mean, the mean
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


def product_of_itself(source: str) -> str:
    """Fails in training alone: a batch of 4 times 392 has no product with itself."""
    line = "y = self.dropout(y, training=training)"
    assert line in source
    return source.replace(line, "y = ops.matmul(y, y) if training else y")


@pytest.mark.parametrize("stage", ["dynamic", "tape", "session", "function", "grappler", "xla"])
def test_a_step_that_fails_is_shown_up_to_there(cnn: Looked, stage: str, tmp_path: Path) -> None:
    view = see(stage, rewritten(cnn.subject, tmp_path, product_of_itself))
    *before, failed = view.operations
    assert view.status == "partial"
    assert "392" in view.reason
    assert "File" not in view.reason
    assert [event.kind for event in view.events] == ["refused"]
    assert (failed.kind, failed.node, failed.mark) == ("MatMul", "dropout", view.reason)
    if stage != "tape":  # which is used only once the forward pass is over
        assert {"conv1", "conv2", "pool2"} <= {operation.node for operation in before}
    assert not any(operation.mark for operation in before)


def python_inside(source: str) -> str:
    """XLA compiles no Python."""
    line = "y = self.dropout(y, training=training)"
    call = "__import__('tensorflow').numpy_function(lambda v: v, [y], 'float32', stateful=False)"
    return source.replace(line, f"y = ops.reshape({call}, (-1, 392)) if training else y")


def test_what_xla_refuses_is_marked(cnn: Looked, tmp_path: Path) -> None:
    view = see("xla", rewritten(cnn.subject, tmp_path, python_inside))
    assert view.status == "partial"
    assert view.operations[-1].mark
    assert view.operations[-1].kind == "PyFuncStateless"
    assert view.operations[-1].node == "dropout"


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
        see(stage, mlp.subject)


def test_without_notes_of_the_run_grappler_is_called_by_itself(
    mlp: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(context, "enable_run_metadata")
    view = see("grappler", mlp.subject)
    assert view.status == "ok"
    assert "_FusedMatMul" in view.kinds() or "MatMul" in view.kinds()
    assert nodes_of(view, "SparseSoftmaxCrossEntropyWithLogits", "loss") == {None}
    assert not HOLDERS - {"Const", "Placeholder"} & set(view.kinds())
