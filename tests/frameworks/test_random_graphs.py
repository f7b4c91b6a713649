"""Random networks keep their meaning on the whole way: emitted, imported, emitted again."""
from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_graphs import networks
from twins import assert_twins


def examples(count: int):
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@given(networks(), st.integers(0, 3))
@examples(200)
def test_a_random_network_is_the_same_in_both_frameworks(graph, seed):
    assert_twins(graph, batch=3, seed=seed)
