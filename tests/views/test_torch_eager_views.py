"""PyTorch's dynamic and autograd graphs show what an eager step does: no operation more, none less,
each in its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from subjects import BATCH, NETWORKS, Looked, assert_whole, look
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from isograd.errors import UsageError
from isograd.frameworks.torch.views import capture
from isograd.frameworks.torch.views.subjects import eager_step
from isograd.training import RMSprop
from isograd.views import Operation, View

ATTENTION = "aten._scaled_dot_product_flash_attention_for_cpu.default"
ATTENTION_GRADIENT = "aten._scaled_dot_product_flash_attention_for_cpu_backward.default"


class TwoInputs(nn.Module):
    """Attention without dropout, for which PyTorch has one kernel, in a residual block between an
    embedding and a head that has its weight; a second input."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embed = nn.Embedding(20, 16)
        self.gate = nn.Linear(4, 16)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.head = nn.Linear(16, 20, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens: Tensor, extra: Tensor) -> Tensor:
        x = self.embed(tokens) + self.gate(extra)[:, None]
        h, _ = self.attention(x, x, x, need_weights=False)
        return self.head(x + h)


@pytest.fixture(params=NETWORKS)
def network(request: pytest.FixtureRequest, looked: Callable[[str, str], Looked]) -> Looked:
    return looked("torch", request.param)


@pytest.fixture
def mlp(looked: Callable[[str, str], Looked]) -> Looked:
    return looked("torch", "mlp")


@pytest.fixture
def gpt(looked: Callable[[str, str], Looked]) -> Looked:
    return looked("torch", "gpt")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    inputs = ["tokens=int64[N,5]<20", "extra=float32[N,4]"]
    return look("torch", TwoInputs(), inputs, tmp_path_factory.mktemp("two"))


def nodes_of(view: View, kind: str) -> set[str | None]:
    found = {operation.node for operation in view.operations if operation.kind == kind}
    assert found, f"no {kind}"
    return found


def named(view: View, name: str) -> Operation:
    return next(operation for operation in view.operations if operation.name == name)


# Counts, against the framework's own ---------------------------------------------------------


def composites() -> set[str]:
    """The operators that autograd takes apart, so that their parts are dispatched instead."""
    has = torch._C._dispatch_has_kernel_for_dispatch_key
    names = torch._C._dispatch_get_all_op_names()
    every = [name for name in names if not name.endswith((".out", "_out"))]
    whole = {n.split(".")[0] for n in every if not has(n, "CompositeImplicitAutograd")}
    return {name.split(".")[0].removeprefix("aten::") for name in every} - {
        name.removeprefix("aten::") for name in whole
    }


def profiled(work: Callable[[], object]) -> Counter[str]:
    """What the profiler sees being dispatched: the outermost operators that are not taken apart,
    as they are while a mode records them. Then autograd sums gradients in no one's memory."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        work()
    apart = composites()

    def visit(event: Any, backward: bool) -> Iterator[str]:
        name = event.name.removeprefix("aten::")
        of_a_number = name == "where" and event.name in {one.name for one in event.cpu_children}
        if name != event.name and name not in apart and not of_a_number:
            yield "add" if backward and name == "add_" else name
            return
        for child in event.cpu_children:
            yield from visit(child, backward or name.startswith("autograd::engine"))

    events = [event for event in profiler.events() if event.cpu_parent is None]
    seen = Counter(name for event in events for name in visit(event, False))
    seen["view"] += seen.pop("_reshape_alias", 0)
    return seen


def test_the_dynamic_graph_has_the_operators_that_the_profiler_sees(network):
    executor, rows = eager_step(network.subject)
    seen = profiled(lambda: executor._step(rows))
    view = network["dynamic"]
    recorded = Counter(
        operation.kind.split(".")[1] for operation in view.operations if operation.phase != "input"
    )
    assert recorded == seen
    assert view.figures["operators"] == seen.total()


def test_floating_point_operations_are_those_of_pytorchs_counter(network):
    executor, rows = eager_step(network.subject)
    with FlopCounterMode(display=False) as forward:
        executor._loss_of(rows)
    with FlopCounterMode(display=False) as step:
        executor._step(rows)
    figures = network["dynamic"].figures
    assert figures["flops_forward"] == forward.get_total_flops() > 0
    assert figures["flops_backward"] == step.get_total_flops() - forward.get_total_flops()


def test_the_autograd_graph_has_every_function_that_the_loss_leads_to(network):
    executor, rows = eager_step(network.subject)
    seen, waiting = set(), [executor._loss_of(rows).grad_fn]
    while waiting:
        function = waiting.pop()
        if function is not None and function not in seen:
            seen.add(function)
            waiting += [other for other, _ in function.next_functions]
    kinds = Counter(function.name().removeprefix("torch::autograd::") for function in seen)
    assert Counter(o.kind for o in network["autograd"].operations) == kinds
    assert network["autograd"].figures["nodes"] == len(seen)


def test_what_is_kept_for_the_backward_pass_is_what_autograd_packs(network):
    executor, rows = eager_step(network.subject)
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = executor._loss_of(rows)
    own = {tensor.data_ptr() for tensor in executor.model.state_dict().values()}
    parameters = sum(size for memory, size in kept.items() if memory in own)
    figures = network["autograd"].figures
    assert loss.grad_fn is not None
    assert figures["saved_parameters"] == parameters
    assert figures["saved_bytes"] == sum(kept.values()) - parameters


def test_what_the_perceptron_keeps_is_what_its_derivative_needs(mlp):
    images, hidden, classes = BATCH * 784 * 4, BATCH * 128 * 4, BATCH * 10 * 4
    targets, total_weight = BATCH * 8, 4
    figures = mlp["autograd"].figures
    assert figures["saved_bytes"] == images + hidden + classes + targets + total_weight
    assert figures["saved_parameters"] == 10 * 128 * 4  # the images need no gradient


# Places --------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["dynamic", "autograd"])
def test_the_views_are_whole(network, stage):
    assert_whole(network, stage)


def test_every_forward_operator_has_its_node(network):
    forward = [o for o in network["dynamic"].operations if o.phase == "forward"]
    assert all(operation.node for operation in forward)
    computed = {node.name for node in network.graph.nodes}
    assert {operation.node for operation in forward} >= computed - {"slice_2", "slice_3"}


@pytest.mark.parametrize(
    ("network", "forward", "backward"),
    [
        ("mlp", "aten.relu.default", "aten.threshold_backward.default"),
        ("resnet", "aten.convolution.default", "aten.convolution_backward.default"),
        ("resnet", "aten.native_batch_norm.default", "aten.native_batch_norm_backward.default"),
        ("resnet", "aten.relu.default", "aten.threshold_backward.default"),
        (
            "resnet",
            "aten.max_pool2d_with_indices.default",
            "aten.max_pool2d_with_indices_backward.default",
        ),
        ("gpt", "aten.native_layer_norm.default", "aten.native_layer_norm_backward.default"),
        ("gpt", "aten.embedding.default", "aten.embedding_dense_backward.default"),
        ("gpt", "aten._softmax.default", "aten._softmax_backward_data.default"),
        ("gpt", "aten.gelu.default", "aten.gelu_backward.default"),
    ],
    indirect=["network"],
)
def test_a_gradient_belongs_to_the_node_of_its_operator(network, forward, backward):
    view = network["dynamic"]
    computed = {o.node for o in view.operations if (o.kind, o.phase) == (forward, "forward")}
    gradients = {o.node for o in view.operations if (o.kind, o.phase) == (backward, "backward")}
    assert computed == gradients != set()


def test_the_gradient_of_a_kernel_for_all_of_attention_belongs_to_its_node(two):
    operations = two["dynamic"].operations
    assert [o.node for o in operations if o.kind == ATTENTION] == ["attention"]
    assert [o.node for o in operations if o.kind == ATTENTION_GRADIENT] == ["attention"]


@pytest.mark.parametrize("stage", ["dynamic", "autograd"])
def test_the_gradient_of_a_parameter_is_stored_by_the_node_that_has_it(network, stage):
    stored = {
        operation.attributes["parameter"]: operation.node
        for operation in network[stage].operations
        if "AccumulateGrad" in (operation.kind, operation.attributes.get("gradient"))
        and "sums" not in operation.attributes
    }
    readers: dict[str, set[str]] = {}
    for node in network.graph.nodes:
        for parameter in node.parameters.values():
            readers.setdefault(parameter, set()).add(node.name)
    assert set(stored) == set(network.subject.plan.trainable)
    for parameter in set(stored) & set(readers):
        assert stored[parameter] in readers[parameter]


def test_gradients_of_several_readers_are_summed_where_the_value_is_made(two):
    sums = [o for o in two["dynamic"].operations if "sums" in o.attributes]
    assert {operation.node for operation in sums} == {"add", "embed"}  # the residual, the weight


def test_loss_and_update_are_phases_of_their_own(network):
    view = network["dynamic"]
    assert {o.kind for o in view.operations if o.phase == "update"} == {
        "aten._foreach_add_.Scalar",
        "aten._fused_adam_.default",
    }
    assert any(
        "loss" in operation.kind for operation in view.operations if operation.phase == "loss"
    )
    (update,) = (o for o in view.operations if o.kind == "aten._fused_adam_.default")
    assert update.attributes["parameter"].split(", ") == list(network.subject.plan.trainable)


# Edges ---------------------------------------------------------------------------------------


def test_operators_read_what_was_made_before_them(network):
    for stage in ("dynamic", "autograd"):
        made: set[str] = set()
        for operation in network[stage].operations:
            assert {name for name, _ in operation.reads} <= made
            made.add(operation.name)


def test_what_is_written_in_place_is_read_from_its_writer(gpt):
    view = gpt["dynamic"]
    masks = [o for o in view.operations if o.kind == "aten.div_.Scalar"]
    assert [mask.node for mask in masks] == ["dropout", "dropout_2", "dropout_3"]
    for mask in masks:
        ((drawn, _),) = mask.reads
        ((made, _),) = named(view, drawn).reads
        assert named(view, drawn).kind == "aten.bernoulli_.float"
        assert named(view, made).kind == "aten.empty_like.default"
        readers = {o.phase for o in view.operations if (mask.name, 0) in o.reads}
        assert readers == {"forward", "backward"}  # the mask is kept for the backward pass


def test_the_update_reads_every_parameter_and_its_gradient(network):
    view = network["dynamic"]
    (update,) = (o for o in view.operations if o.kind == "aten._fused_adam_.default")
    makers = [named(view, name) for name, _ in update.reads]
    stored = [o.attributes["parameter"] for o in makers if o.phase == "backward"]
    assert sorted(stored) == sorted(network.subject.plan.trainable)
    held = {o.name for o in makers if o.kind == "parameter"}
    assert held == set(network.subject.plan.trainable)


def test_values_have_their_sizes(mlp):
    hidden = named(mlp["dynamic"], "addmm").values[0]
    assert hidden.text == f"float32[{BATCH}, 128]"


def test_an_update_in_many_operations_names_the_parameter_of_each(mlp):
    recipe = replace(mlp.subject.plan.recipe, optimizer=RMSprop())
    view = capture("dynamic", replace(mlp.subject, plan=replace(mlp.subject.plan, recipe=recipe)))
    names = Counter(o.attributes["parameter"] for o in view.operations if o.phase == "update")
    assert set(names) == set(mlp.subject.plan.trainable)
    assert len(set(names.values())) == 1


# What fails ----------------------------------------------------------------------------------


def test_a_step_that_fails_is_shown_up_to_the_operator_that_failed(mlp):
    wrong = replace(mlp.subject, targets=mlp.subject.targets + 99)
    view = capture("dynamic", wrong)
    view.check()
    *before, last = view.operations
    assert view.status == "partial"
    assert "is out of bounds" in view.reason
    assert last.kind == "aten.nll_loss_forward.default"
    assert last.mark
    assert not any(operation.mark for operation in before)
    assert "aten.relu.default" in {operation.kind for operation in before}


def test_the_backward_graph_of_a_failed_loss_is_that_of_the_network(mlp):
    wrong = replace(mlp.subject, targets=mlp.subject.targets + 99)
    view = capture("autograd", wrong)
    view.check()
    assert view.status == "partial"
    assert nodes_of(view, "ReluBackward0") == {"relu"}
    failed, first, *_ = view.operations
    assert failed.mark
    assert first.reads == ((failed.name, 0),)
    assert not any(operation.mark for operation in view.operations[1:])


def test_what_the_installed_pytorch_lacks_is_named(mlp, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delattr("torch.utils.flop_counter.flop_registry")
    with pytest.raises(UsageError, match=r"has no torch\.utils\.flop_counter\.flop_registry"):
        capture("dynamic", mlp.subject)


def test_a_stage_that_is_not_known_is_refused(mlp):
    with pytest.raises(UsageError, match="autograd"):
        capture("autograf", mlp.subject)
