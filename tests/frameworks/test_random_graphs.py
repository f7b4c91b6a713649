"""Random networks keep their meaning on the whole way: emitted, imported, emitted again, proven."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from planted_changes import changes
from random_forms import Form
from random_graphs import networks, random_network, result_of, shows_rounding_only
from round_trip import assert_round_trip, inputs_of, module_of
from twins import ALLOWED, assert_twins, deviations, draw, one_op, run_torch

from isograd.frameworks.tensorflow import emitter
from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import TensorType
from isograd.models import Model, load
from isograd.run.pair import prove_twin
from isograd.training import Recipe

RECIPE = Recipe(loss="mean_squared_error", batch_size=4)
SOME = (1, 10)
"""Training steps after which networks are compared: what is planted acts from the first one on."""

OBSERVABLE = 1e-3
"""How far a planted change must move some output, gradient or statistic, relative to the largest
value there: what moves nothing is no mistake."""


def examples(count: int) -> settings:
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


def as_users(graph: Graph) -> Model:
    """The emitted module as a user's network; training must move something in it."""
    found = run_torch(graph, *draw(graph, batch=3))
    assume(any(found[f"d {name}"].any() for name in graph.trainable))
    return load(module_of(graph), inputs_of(graph))


@st.composite
def mistakes(draw_, batched: bool = False) -> tuple[Graph, Graph]:
    """A network, and the same with one planted change that can be observed."""
    graph = draw_(networks(batched=batched))
    found = [changed for _, changed in changes(graph)]
    assume(found)
    changed = draw_(st.sampled_from(found))
    assume(is_observable(graph, changed))
    return graph, changed


def is_observable(graph: Graph, changed: Graph) -> bool:
    """Whether both networks differ by themselves, in one framework: a gradient at the scale of all
    gradients, as one that cancels to nothing is rounding alone."""
    given_ = draw(graph, batch=3)
    before, after = run_torch(graph, *given_), run_torch(changed, *given_)
    sizes = (np.abs(array).max(initial=0) for name, array in before.items() if name[:2] == "d ")
    gradients = max(sizes, default=0)
    return any(
        np.abs(after[name] - 1.0 * array).max(initial=0)
        > OBSERVABLE * (gradients if name[:2] == "d " else np.abs(array).max(initial=0))
        for name, array in before.items()
    )


@given(networks(), st.integers(0, 3))
@examples(100)
def test_a_random_network_is_the_same_in_both_frameworks(graph, seed):
    assert_twins(graph, batch=3, seed=seed)


@given(networks(), st.integers(0, 3))
@examples(40)
def test_an_emitted_network_is_imported_as_one_that_computes_the_same(graph, seed):
    assert_round_trip(graph, seed)


@given(mistakes())
@examples(40)
def test_the_comparison_sees_every_planted_change(pair):
    graph, changed = pair
    assert max(deviations(graph, emitted=emitter.emit(changed)).values()) > ALLOWED


@given(networks(batched=True))
@examples(4)
def test_the_proof_of_a_random_network_never_finds_a_difference(graph):
    model = as_users(graph)
    proof = prove_twin(model, "tensorflow", RECIPE, recorded=SOME)
    assert proof.verdict in ("equivalent", "inconclusive")


@given(networks(batched=True), st.data())
@examples(4)
def test_a_network_with_a_planted_change_is_never_proven(graph, data):
    model = as_users(graph)
    found = [changed for _, changed in changes(model.graph) if is_observable(model.graph, changed)]
    assume(found)
    planted = replace(model, graph=data.draw(st.sampled_from(found)))
    assert prove_twin(planted, "tensorflow", RECIPE, recorded=SOME).verdict != "equivalent"


def test_the_unbiased_variance_of_one_value_is_not_drawn() -> None:
    one, several = TensorType((4, 1)), TensorType((4, 2))
    unbiased, biased = Form(ops.Variance((-1,))), Form(ops.Variance((-1,), 0))
    assert result_of(unbiased, (one,)) is None
    assert result_of(unbiased, (several,)) is not None
    assert result_of(biased, (one,)) is not None


def test_an_index_without_axes_comes_back() -> None:
    assert_round_trip(one_op(ops.Take(1), TensorType(("N", 5, 4)), TensorType((), "int")))


def test_a_spread_of_rounded_values_is_not_drawn() -> None:
    assert shows_rounding_only(random_network(14504, [1, 2, 4, 10, 11]))
    b = Builder("mixed")
    x = b(ops.Floor(), b.input("x", ("N", 4)))
    assert not shows_rounding_only(b.finish(b(ops.BatchNorm(), b(ops.Linear(4), x))))
