"""Random networks keep their meaning on the whole way: emitted, imported, emitted again, proven."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_forms import Form
from random_graphs import networks, random_network, result_of, shows_rounding_only
from random_mistakes import assert_not_different, assert_not_proven, mistakes
from round_trip import assert_round_trip
from twins import ALLOWED, assert_twins, deviations, one_op

from isograd.frameworks.tensorflow import emitter
from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.ops import TensorType


def examples(count: int) -> settings:
    """Few: the sweeps take thousands."""
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


@given(networks(), st.integers(0, 3))
@examples(50)
def test_a_random_network_is_the_same_in_both_frameworks(graph, seed):
    assert_twins(graph, batch=3, seed=seed)


@given(networks(), st.integers(0, 3))
@examples(20)
def test_an_emitted_network_is_imported_as_one_that_computes_the_same(graph, seed):
    assert_round_trip(graph, seed)


@given(mistakes())
@examples(20)
def test_the_comparison_sees_every_planted_change(pair):
    graph, changed = pair
    assert max(deviations(graph, emitted=emitter.emit(changed)).values()) > ALLOWED


@given(networks(batched=True))
@examples(2)
def test_the_proof_of_a_random_network_never_finds_a_difference(graph):
    assert_not_different(graph)


@given(networks(batched=True), st.data())
@examples(2)
def test_a_network_with_a_planted_change_is_never_proven(graph, data):
    assert_not_proven(graph, data)


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
