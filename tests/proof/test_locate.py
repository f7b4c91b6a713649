"""The first place where two networks part is found, in every stage, and nothing else is blamed."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from networks import NETWORKS
from planted_changes import changes
from sides import with_op

from isograd.frameworks import part
from isograd.ir import ops
from isograd.ir.alignment import align
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph, Node
from isograd.ir.mapping import Link
from isograd.proof import make_trial
from isograd.proof.correspondence import Correspondence, correspondence
from isograd.proof.locate import disturbed, locate
from isograd.proof.witness import Witness
from isograd.result import Location
from isograd.training import SGD, Adam, Loss, Recipe

RECIPE = Recipe(loss="mean_squared_error", optimizer=SGD(), batch_size=4)

PAIRS = [("torch", "torch"), ("torch", "tensorflow"), ("tensorflow", "torch")]

BATCHED = {name: build for name, build in NETWORKS.items() if name != "mixed_orders"}
"""Trials take rows of every input."""

both_ways = pytest.mark.parametrize("frameworks", PAIRS, ids="-".join)


def witness(graph, framework, recipe=RECIPE, seed=0):
    trial = make_trial(graph, recipe, None, seed, recorded=(1,))
    tape = part(framework, "tape").open_tape(graph)
    point = trial.weights, trial.inputs, trial.masks[0], trial.targets
    return Witness(graph, tape, *point, recipe), trial


def same_names(graph: Graph, twin: Graph) -> Correspondence:
    """Names tell what corresponds, so that the search is tested by itself."""
    values = [[*g.inputs, *(node.name for node in g.nodes)] for g in (graph, twin)]
    return Correspondence(
        tuple(Link(name, name) for name in values[0] if name in values[1]),
        tuple(Link(name, name) for name in graph.parameters if name in twin.parameters),
    )


def located(
    graph, twin, frameworks=("torch", "torch"), known=None, recipe=RECIPE, other=None
) -> Location:
    known = known or same_names(graph, twin)
    ours, trial = witness(graph, frameworks[0], recipe)
    tape = part(frameworks[1], "tape").open_tape(twin)
    theirs = ours.beside(twin, tape, twin.initialize(0), other or recipe, known)
    return locate(ours, theirs, disturbed(ours, trial), known)


def at_fault(location):
    return [found.node for found in location.divergences]


@both_ways
@pytest.mark.parametrize("name", BATCHED)
def test_twins_part_nowhere(name, frameworks):
    graph = NETWORKS[name]()
    location = located(graph, graph, frameworks)
    assert (location.verdict, location.detail) == ("equivalent", "")


PLANTED = {
    f"{network}: {change}": (network, change)
    for network, build in BATCHED.items()
    for change, _ in changes(build())
    if (network, change) != ("reshaped_features", "axis of softmax")  # the same of two axes
}


@both_ways
@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_change_is_blamed_and_nothing_else(planted, frameworks):
    network, name = PLANTED[planted]
    graph = NETWORKS[network]()
    attribute, node = name.split(" of ")
    location = located(graph, dict(changes(graph))[name], frameworks)
    assert location.verdict == "different"
    assert at_fault(location) == [node]
    late = attribute in ("momentum", "unbiased")
    assert location.stage == ("train-forward" if late else "forward")
    assert (".running_" in location.divergences[0].tensor) == late


def test_a_place_is_told_in_the_users_files_with_the_numbers_there():
    graph = NETWORKS["flatten_linear"]()
    marked = tuple(replace(node, source=f"net.py:{i}") for i, node in enumerate(graph.nodes))
    graph = replace(graph, nodes=marked)
    location = located(graph, with_op(graph, "ln", eps=0.1))
    (found,) = location.divergences
    assert found.reference.source == found.twin.source == "net.py:5"
    assert (found.node, found.tensor, found.twin.node) == ("ln", "ln", "ln")
    assert found.reference.index == found.twin.index
    assert abs(found.reference.value[0] - found.twin.value[0]) == found.max_abs
    assert found.ratio == found.max_abs / found.envelope > 1024
    depths = [depth for depth, _, _ in found.along]
    assert depths == sorted(depths)
    before = [ratio for _, node, ratio in found.along if node in ("x", "conv", "gelu", "bn")]
    assert max(before) < 64 < min(ratio for _, node, ratio in found.along if node in ("ln", "fc"))


def test_several_parallel_places_are_listed_in_order():
    b = Builder("branches")
    x = b.input("x", ("N", 4))
    left, right = (b(ops.Linear(4), x, scope=scope) for scope in ("left", "right"))
    y = b(ops.ELU(1.0), left), b(ops.Softplus(1.0), right)
    graph = b.finish(b(ops.Linear(2), b(ops.Add(), *y), scope="head"))
    twin = with_op(with_op(graph, "elu", alpha=1.1), "softplus", beta=2.0)
    assert at_fault(located(graph, twin)) == ["elu", "softplus"]


@both_ways
def test_a_change_of_the_gradient_alone_is_blamed_on_the_node_that_reads_the_value(frameworks):
    """Where rectified values are zero, another rectifier lets a gradient through."""
    b = Builder("kinks")
    x = b(ops.ReLU(), b(ops.Linear(5), b.input("x", ("N", 4)), scope="first"))
    y = b(ops.ReLU(), x)
    graph = b.finish(b(ops.Linear(2), y, scope="head"))
    zero = Node("zero", ops.Scalar(0.0), (), {}, "", None, ops.Scalar(0.0).infer())
    twin = replace(
        graph,
        nodes=tuple(
            changed
            for node in graph.nodes
            for changed in (
                [zero, replace(node, op=ops.Maximum(), inputs=(x, "zero"))]
                if node.name == y
                else [node]
            )
        ),
    )
    location = located(graph, twin, frameworks)
    assert (location.stage, at_fault(location)) == ("gradients", [y])
    assert location.divergences[0].tensor == f"d loss / d {x}"


@both_ways
def test_a_row_that_gets_no_gradient_is_blamed_on_the_table(frameworks):
    b = Builder("table")
    tokens = b.input("tokens", ("N", 6), "int")
    x = b(ops.Embedding(3, 4), tokens, scope="table")
    graph = b.finish(b(ops.Linear(2), b(ops.Flatten(), x), scope="head"))
    location = located(graph, with_op(graph, "table", padding_idx=1), frameworks)
    assert (location.stage, at_fault(location)) == ("gradients", ["table"])
    assert location.divergences[0].tensor == "d loss / d table.weight"


def test_another_optimizer_is_found_behind_the_same_gradients():
    graph = NETWORKS["patches"]()
    other = replace(RECIPE, optimizer=SGD(learning_rate=0.02))
    location = located(graph, graph, other=other)
    assert location.stage == "optimizer"
    assert at_fault(location) == ["embed", "norm", "head"]


def test_steps_that_rounding_decides_are_left_out():
    """The gradient of a bias in front of a normalisation is rounding alone; Adam steps by its
    sign."""
    b = Builder("idle bias")
    x = b(ops.BatchNorm(), b(ops.Linear(4), b.input("x", ("N", 3)), scope="fc"), scope="bn")
    graph = b.finish(b(ops.Linear(2), x, scope="head"))
    location = located(graph, graph, PAIRS[1], recipe=replace(RECIPE, optimizer=Adam()))
    assert location.verdict == "equivalent"


def test_another_loss_is_blamed_on_the_loss():
    graph = NETWORKS["patches"]()
    other = replace(RECIPE, loss=replace(RECIPE.loss, reduction="sum"))
    location = located(graph, graph, other=other)
    assert (location.stage, at_fault(location)) == ("loss", ["loss"])


class Doubled(Loss):
    def gradient(self, outputs, targets):
        return 2 * super().gradient(outputs, targets)


def test_another_gradient_of_the_same_loss_is_blamed_on_the_loss():
    graph = NETWORKS["patches"]()
    numbers = {field.name: getattr(RECIPE.loss, field.name) for field in fields(Loss)}
    location = located(graph, graph, other=replace(RECIPE, loss=Doubled(**numbers)))
    assert (location.stage, at_fault(location)) == ("gradients", ["loss"])


def masked(fill: float) -> Graph:
    b = Builder("masked")
    x = b.input("x", ("N", 3, 3))
    keep = b(ops.Compare(">="), b(ops.Arange(0, 3)), b(ops.Reshape((3, 1)), b(ops.Arange(0, 3))))
    scores = b(ops.Where(), keep, b(ops.Linear(3), x, scope="fc"), b(ops.Scalar(fill)))
    return b.finish(b(ops.Softmax(), scores))


@both_ways
@pytest.mark.parametrize("fill", [-1e9, -float("inf")])
def test_values_that_are_infinite_or_huge_on_both_sides_agree(fill, frameworks):
    assert located(masked(fill), masked(fill), frameworks).verdict == "equivalent"


def test_a_small_difference_beside_huge_values_is_seen():
    graph = masked(-1e9)
    node = graph.nodes[-1]
    shift = Node("shift", ops.MultiplyScalar(1 + 1e-9), (node.name,), {}, "", None, node.type)
    twin = replace(graph, nodes=(*graph.nodes, shift), outputs=("shift",))
    location = located(graph, twin)
    assert (location.stage, at_fault(location)) == ("forward", [node.name])


def test_infinite_on_one_side_only_is_a_difference():
    graph = masked(-float("inf"))
    twin = with_op(graph, "scalar", value=-1e9)
    assert at_fault(located(graph, twin)) == ["scalar"]


@pytest.mark.parametrize("planted", [1.0, 1.0 + 1e-13])
def test_chaos_is_inconclusive_and_not_blamed(planted):
    """Each step of the logistic map doubles an error."""
    b = Builder("chaos")
    x = b(ops.Sigmoid(), b.input("x", ("N", 3)))
    for _ in range(60):
        x = b(
            ops.MultiplyScalar(4.0), b(ops.Multiply(), x, b(ops.Subtract(), b(ops.Scalar(1.0)), x))
        )
    graph = b.finish(b(ops.Linear(2), x, scope="fc"))
    first = next(node for node in graph.nodes if isinstance(node.op, ops.MultiplyScalar))
    twin = with_op(graph, first.name, value=4.0 * planted)
    assert located(graph, twin).verdict == "inconclusive"


@both_ways
def test_graphs_that_were_aligned_by_structure_are_searched_too(frameworks):
    """The twin's own names, channels-last, one attribute changed."""

    def network(prefix, eps, turned):
        b = Builder("net")
        x = b.input("x", ("N", 3, 4, 5))
        x = b(ops.conv2d(6, 3, padding=1), x, scope=f"{prefix}conv")
        x = b(ops.Transpose((0, 2, 3, 1)), x) if turned else x
        x = b(ops.Tanh(), x)
        x = b(ops.Transpose((0, 3, 1, 2)), x) if turned else x
        x = b(ops.BatchNorm(eps=eps), x, scope=f"{prefix}norm")
        x = b(ops.Flatten(), b(ops.ReLU(), x))
        return b.finish(b(ops.Linear(4), x, scope=f"{prefix}fc"))

    graph, twin = network("a.", 1e-5, False), network("b.", 1e-3, True)
    known = correspondence(graph, twin, align(graph, twin))
    (turned,) = [link for link in known.values if link.transform.steps]
    assert turned.reference == "tanh"
    (found,) = located(graph, twin, frameworks, known).divergences
    assert (found.node, found.twin.node) == ("a_norm", "b_norm")
    same = network("b.", 1e-5, True)
    known = correspondence(graph, same, align(graph, same))
    assert located(graph, same, frameworks, known).verdict == "equivalent"


def test_what_only_the_twin_has_at_the_end_is_seen_in_the_outputs():
    graph = NETWORKS["patches"]()
    last = graph.nodes[-1]
    softmax = Node("more", ops.Softmax(), (last.name,), {}, "", None, last.type)
    twin = replace(graph, nodes=(*graph.nodes, softmax), outputs=("more",))
    known = correspondence(graph, twin, align(graph, twin))
    location = located(graph, twin, known=known)
    (found,) = location.divergences
    assert (location.stage, found.reference.node, found.twin.node) == ("forward", last.name, "more")


def test_no_pass_is_made_that_no_stage_asks_for():
    graph = NETWORKS["patches"]()
    known = same_names(graph, graph)
    ours, trial = witness(graph, "torch")
    twin = with_op(graph, "norm", eps=0.1)
    theirs = ours.beside(twin, part("torch", "tape").open_tape(twin), trial.weights, RECIPE, known)
    locate(ours, theirs, moved := disturbed(ours, trial), known)
    assert len(moved) == 2
    for one in (ours, theirs, *moved):
        assert "evaluated" in vars(one)
        assert "trained" not in vars(one)
