"""Networks that take many kernels, compiled as users have them: with generated code."""

from __future__ import annotations

import pytest
import test_constants
import test_emit_recurrent
import test_planted
import test_recurrent
from recurrent_cases import CASES
from sides import BATCH, baseline, proof_of, stages
from twins import assert_twins, one_op

from isograd.ir.graph import Graph
from isograd.training import Recipe

RECIPE = Recipe(batch_size=BATCH)

NETWORKS = [
    test_planted.small_network(),
    test_recurrent.recurrent_network(),
    test_constants.network(),
]


@pytest.mark.parametrize("label", ["torch/compile", "tensorflow/xla"])
@pytest.mark.parametrize("graph", NETWORKS, ids=lambda graph: graph.name)
def test_a_compiled_twin_is_equivalent(graph: Graph, label: str) -> None:
    reference = baseline(graph, RECIPE, recorded=(1, 10))
    proof = proof_of(reference, graph, label, RECIPE)
    assert [s for s in proof.stages if s.verdict != "equivalent"] == []
    assert proof.verdict == "equivalent"


@pytest.mark.parametrize("label", ["tensorflow/session", "tensorflow/function"])
@pytest.mark.parametrize("optimizer", test_planted.OPTIMIZERS, ids=lambda one: one.name)
def test_every_optimizer_follows_one_definition_for_long(optimizer, label: str) -> None:
    recipe, graph = Recipe(optimizer=optimizer, batch_size=BATCH), NETWORKS[0]
    proof = proof_of(baseline(graph, recipe), graph, label, recipe)
    assert stages(proof)["optimizer"] == "equivalent"


STATES = test_emit_recurrent.FINAL | test_emit_recurrent.MASKED
STATES |= {"stacked": test_emit_recurrent.stacked()}


@pytest.mark.parametrize("mode", ["function", "xla", "session"])
@pytest.mark.parametrize("case", CASES, ids=test_emit_recurrent.label)
def test_a_recurrent_op_is_the_same_in_every_mode(case, mode) -> None:
    assert_twins(one_op(*case), batch=2, mode=mode)


@pytest.mark.parametrize("mode", ["function", "xla", "session"])
@pytest.mark.parametrize("graph", STATES.values(), ids=STATES)
def test_final_states_are_the_same_in_every_mode(graph: Graph, mode: str) -> None:
    assert_twins(graph, mode=mode)
