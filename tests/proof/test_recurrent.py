"""A recurrent network trains alike in every mode of both frameworks."""

from __future__ import annotations

import pytest
from sides import BATCH, baseline, proof_of, stages, with_transform

from isograd.frameworks import MODES
from isograd.frameworks.tensorflow.emitter import emit
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.mapping import Blocks
from isograd.ir.ops import GRU, LSTM, Any, CompareScalar, Flatten, Linear
from isograd.proof import Baseline
from isograd.training import Recipe

RECIPE = Recipe(batch_size=BATCH)
LABELS = [f"{framework}/{mode}" for framework, modes in MODES.items() for mode in modes]
LABELS = [label for label in LABELS if label not in ("torch/compile", "tensorflow/xla")]
"""These two take longest to compile: see the sweep."""


def recurrent_network() -> Graph:
    """Two kinds of layers, directions and biases; the second one skips some steps."""
    b = Builder("recurrent")
    image = b.input("x", ("N", 2, 2))
    mask = b(Any((2,)), b(CompareScalar(">", 0.1), image))
    x = b(LSTM(4, "single"), image, scope="lstm")
    x = b(GRU(4, reverse=True, masked=True), x, mask, scope="gru")
    return b.finish(b(Linear(3), b(Flatten(), x), scope="head"))


@pytest.fixture(scope="module")
def graph() -> Graph:
    return recurrent_network()


@pytest.fixture(scope="module")
def reference(graph: Graph) -> Baseline:
    return baseline(graph, RECIPE, recorded=(1, 10))


@pytest.mark.usefixtures("no_generated_code")
@pytest.mark.parametrize("label", LABELS)
def test_a_recurrent_twin_is_equivalent(graph: Graph, reference: Baseline, label: str) -> None:
    proof = proof_of(reference, graph, label, RECIPE)
    assert [s for s in proof.stages if s.verdict != "equivalent"] == []
    assert proof.verdict == "equivalent"


def test_swapped_gates_are_found_in_the_forward_pass(graph: Graph, reference: Baseline) -> None:
    wrong = with_transform(emit(graph), "gru.weight_hh", Blocks(1, (1, 0, 2)))
    proof = proof_of(reference, graph, "tensorflow/function", RECIPE, emitted=wrong)
    assert stages(proof)["forward"] == "different"
