"""Many random networks, proven as they are and with a planted change; parts as in
``test_random_graphs.py``: ``EXAMPLES=200 PART=3/10 pytest tests/sweeps/test_random_mistakes.py``.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from random_graphs import networks
from random_mistakes import assert_not_different, assert_not_proven, mistakes
from twins import ALLOWED, deviations

from isograd.frameworks.tensorflow import emitter

EXAMPLES = int(os.environ.get("EXAMPLES", "500"))
PART, PARTS = map(int, os.environ.get("PART", "1/1").split("/"))

many = settings(
    max_examples=EXAMPLES // PARTS,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@seed(PART)
@given(mistakes())
@many
def test_the_comparison_sees_every_planted_change(pair) -> None:
    graph, changed = pair
    assert max(deviations(graph, emitted=emitter.emit(changed)).values()) > ALLOWED


@seed(PART)
@given(networks(batched=True))
@many
def test_the_proof_of_a_random_network_never_finds_a_difference(graph) -> None:
    assert_not_different(graph)


@seed(PART)
@given(networks(batched=True), st.data())
@many
def test_a_network_with_a_planted_change_is_never_proven(graph, data) -> None:
    assert_not_proven(graph, data)
