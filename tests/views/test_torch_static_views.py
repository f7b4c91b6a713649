"""PyTorch's recorded graphs (TorchScript, export, AOTAutograd) have the nodes that PyTorch's own
objects have, each in its place."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from subjects import BATCH, NETWORKS, Looked, assert_whole

from isograd.frameworks.torch.views.subjects import eager_step
from isograd.views import Operation, View


@pytest.fixture(params=NETWORKS)
def network(request: pytest.FixtureRequest, looked: Callable[[str, str], Looked]) -> Looked:
    return looked("torch", request.param)


@pytest.fixture
def mlp(looked: Callable[[str, str], Looked]) -> Looked:
    return looked("torch", "mlp")


@pytest.fixture
def resnet(looked: Callable[[str, str], Looked]) -> Looked:
    return looked("torch", "resnet")


@pytest.fixture
def gpt(looked: Callable[[str, str], Looked]) -> Looked:
    return looked("torch", "gpt")


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


def test_the_exported_graph_leaves_the_batch_size_open(resnet):
    sizes = {o.values[0].text for o in resnet["export"].operations if o.kind == "input"}
    assert sizes == {"float32[?, 3, 8, 8]"}
    assert {o.values[0].shape[0] for o in outputs(resnet["export"])} == {None}


@pytest.mark.parametrize("stage", ["jit", "export", "aot"])
def test_the_views_are_whole(network, stage):
    assert_whole(network, stage)


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
        ("resnet", "aten.convolution.default", "aten.convolution_backward.default"),
        ("resnet", "aten.relu.default", "aten.threshold_backward.default"),
        ("gpt", "aten.native_dropout.default", "aten.native_dropout_backward.default"),
        ("gpt", "aten.native_layer_norm.default", "aten.native_layer_norm_backward.default"),
        ("gpt", "aten.embedding.default", "aten.embedding_dense_backward.default"),
    ],
    indirect=["network"],
)
def test_a_gradient_of_aotautograd_is_tied_to_its_operator(network, forward, backward):
    view = network["aot"]
    made = {o.node for o in computed(view) if o.kind == forward}
    assert made == {o.node for o in computed(view, "backward") if o.kind == backward} != set()


def test_the_backward_graph_reads_what_the_forward_graph_keeps(mlp):
    view = mlp["aot"]
    phases: dict[str, Any] = {operation.name: operation.phase for operation in view.operations}
    read = {name for o in computed(view, "backward") for name, _ in o.reads}
    batch = "other"  # the rows of the batch are selected before the network begins
    assert {phases[name] for name in read} == {"forward", "loss", "input", "backward", batch}


def test_settings_are_attributes_by_name(gpt):
    for stage in ("jit", "export"):
        drops = [o for o in computed(gpt[stage]) if "dropout" in o.kind]
        assert {o.attributes["p"] for o in drops} == {"0.1"}
        assert [o.values[0].shape[1:] for o in drops] == [(8, 16), (2, 8, 8), (8, 16)]


def test_torchscript_knows_sizes(mlp):
    (logits,) = outputs(mlp["jit"])
    assert logits.values[0].text == f"float32[{BATCH}, 10]"
