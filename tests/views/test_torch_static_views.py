"""PyTorch's recorded graphs (TorchScript, export, AOTAutograd) have the nodes that PyTorch's own
objects have, each in its place."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import Any

import pytest
import torch
from torch_subjects import BATCH, LANGUAGE, Language, Looked, look

from isograd.frameworks.torch.views.subjects import eager_step
from isograd.views import Operation, View


@pytest.fixture(scope="module")
def cnn(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    return look("cnn-bn", [], tmp_path_factory.mktemp("cnn"))


@pytest.fixture(scope="module")
def language(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    return look(Language(), LANGUAGE, tmp_path_factory.mktemp("language"))


@pytest.fixture(params=["cnn", "language"])
def network(request: pytest.FixtureRequest) -> Looked:
    looked: Looked = request.getfixturevalue(request.param)
    return looked


def computed(view: View, phase: str = "forward") -> list[Operation]:
    return [operation for operation in view.operations if operation.phase == phase]


def outputs(view: View) -> list[Operation]:
    return [operation for operation in view.operations if "output" in operation.attributes]


def test_torchscript_has_the_nodes_of_a_trace(network):
    executor, _ = eager_step(network.subject)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trace = torch.jit.trace(executor.model, tuple(executor.data), check_trace=False)
    nodes = list(trace.inlined_graph.nodes())
    view = network["jit"]
    assert view.figures["nodes"] == len(nodes)
    arithmetic = Counter(n.kind() for n in nodes if n.kind().startswith("aten::"))
    assert Counter(o.kind for o in computed(view) if o.kind.startswith("aten::")) == arithmetic


def test_every_node_of_torchscript_is_somewhere(network):
    view = network["jit"]
    held = ("input", "parameter", "buffer")
    shown = [operation for operation in view.operations if operation.kind not in held]
    folded = view.figures["constants"] + view.figures["names"]
    assert len(shown) + folded == view.figures["nodes"]


def test_the_exported_graph_has_the_nodes_of_an_export(network):
    executor, _ = eager_step(network.subject)
    sizes = tuple({0: torch.export.Dim.AUTO} for _ in executor.data)
    program = torch.export.export(
        executor.model, tuple(executor.data), dynamic_shapes=sizes, strict=False
    )
    nodes = list(program.graph.nodes)
    view = network["export"]
    selections = sum(getattr(node.target, "__name__", "") == "getitem" for node in nodes)
    assert view.figures == {"nodes": len(nodes), "selections": selections}
    kinds = Counter(str(node.target) for node in nodes if node.op == "call_function")
    shown = Counter(operation.kind for operation in computed(view))
    assert shown == {kind: n for kind, n in kinds.items() if "getitem" not in kind}


def test_the_exported_graph_leaves_the_batch_size_open(cnn):
    sizes = {o.values[0].text for o in cnn["export"].operations if o.kind == "input"}
    assert sizes == {"float32[?, 1, 28, 28]"}
    assert {o.values[0].shape[0] for o in outputs(cnn["export"])} == {None}


@pytest.mark.parametrize("stage", ["jit", "export", "aot"])
def test_every_operation_of_the_forward_pass_has_its_node(network, stage):
    forward = computed(network[stage])
    assert all(operation.node for operation in forward)
    nodes = {node.name for node in network.graph.nodes}
    assert {operation.node for operation in forward} <= nodes


@pytest.mark.parametrize("stage", ["jit", "export", "aot"])
def test_parameters_are_known_by_name(network, stage):
    found = [o.name for o in network[stage].operations if o.kind == "parameter"]
    assert sorted(found) == sorted(network.subject.plan.trainable)


def test_both_graphs_of_aotautograd_have_their_nodes(network):
    """Every node of both is an operation, the selection of a value, an input of the backward graph
    that the forward graph makes, or the output."""
    figures, view = network["aot"].figures, network["aot"]
    shown = len(view.operations) + figures["selections"] + figures["saved"] + 2
    assert figures["nodes_forward"] + figures["nodes_backward"] == shown


def test_aotautograd_returns_the_gradient_of_every_parameter(network):
    view = network["aot"]
    found = [
        name
        for operation in computed(view, "backward")
        for name in operation.attributes.get("parameter", "").split(", ")
        if name
    ]
    assert sorted(found) == sorted(network.subject.plan.trainable)


@pytest.mark.parametrize(
    ("network", "forward", "backward"),
    [
        ("cnn", "aten.convolution.default", "aten.convolution_backward.default"),
        ("cnn", "aten.relu.default", "aten.threshold_backward.default"),
        ("cnn", "aten.native_dropout.default", "aten.native_dropout_backward.default"),
        ("language", "aten.native_layer_norm.default", "aten.native_layer_norm_backward.default"),
        ("language", "aten.embedding.default", "aten.embedding_dense_backward.default"),
    ],
    indirect=["network"],
)
def test_a_gradient_of_aotautograd_is_tied_to_its_operator(network, forward, backward):
    view = network["aot"]
    made = {o.node for o in computed(view) if o.kind == forward}
    assert made == {o.node for o in computed(view, "backward") if o.kind == backward} != set()


def test_the_backward_graph_reads_what_the_forward_graph_keeps(cnn):
    view = cnn["aot"]
    phases: dict[str, Any] = {operation.name: operation.phase for operation in view.operations}
    read = {name for o in computed(view, "backward") for name, _ in o.reads}
    batch = "other"  # the rows of the batch are selected before the network begins
    assert {phases[name] for name in read} == {"forward", "loss", "input", "backward", batch}


def test_settings_are_attributes_by_name(cnn):
    for stage in ("jit", "export"):
        (drop,) = (o for o in computed(cnn[stage]) if "dropout" in o.kind)
        assert drop.attributes["p"] == "0.25"
        assert drop.values[0].shape[-1] == 392


def test_torchscript_knows_sizes(cnn):
    (logits,) = outputs(cnn["jit"])
    assert logits.values[0].text == f"float32[{BATCH}, 10]"
