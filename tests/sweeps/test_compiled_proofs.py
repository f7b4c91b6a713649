"""Networks that take many kernels, in the mode `compile` as users have it: with generated code."""

from __future__ import annotations

import pytest
import test_constants
import test_recurrent
from sides import BATCH, baseline, proof_of

from isograd.ir.graph import Graph
from isograd.training import Recipe

RECIPE = Recipe(batch_size=BATCH)


@pytest.mark.parametrize(
    "graph", [test_recurrent.recurrent_network(), test_constants.network()], ids=lambda g: g.name
)
def test_a_compiled_twin_is_equivalent(graph: Graph) -> None:
    reference = baseline(graph, RECIPE, recorded=(1, 10))
    proof = proof_of(reference, graph, "torch/compile", RECIPE)
    assert [s for s in proof.stages if s.verdict != "equivalent"] == []
    assert proof.verdict == "equivalent"
