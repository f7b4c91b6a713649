"""A network with constants, parameters by themselves and shared masks trains alike in every mode of
both frameworks.
"""

from __future__ import annotations

import pytest
from sides import BATCH, baseline, proof_of, stages, with_op

from isograd.frameworks import MODES
from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.proof import Baseline
from isograd.training import Recipe

RECIPE = Recipe(batch_size=BATCH)
LABELS = [f"{framework}/{mode}" for framework, modes in MODES.items() for mode in modes]


def network() -> Graph:
    b = Builder("constants")
    x = b(ops.conv2d(4, 3), b.input("x", ("N", 2, 5, 5)), scope="conv")
    x = b(ops.Dropout(0.2, (1, 2, 3)), b(ops.PReLU(4), x, scope="act"), scope="drop")
    x = b(ops.Multiply(), x, b(ops.Parameter((4, 1, 3)), scope="scale"))
    x = b(ops.Divide(), x, b(ops.Scalar(0.3)))
    x = b(ops.Where(), b(ops.Buffer((3, 3), "bool"), scope="mask"), b(ops.Scalar(0.1)), x)
    x = b(ops.Softplus(2.0), b(ops.Add(), x, b(ops.Full(("N", 1, 1, 1), 0.2))))
    places = b(ops.Cast("float"), b(ops.Arange(0, 36)))
    x = b(ops.Multiply(), b(ops.Flatten(), x), b(ops.Sin(), places))
    return b.finish(b(ops.Linear(3), x, scope="head"))


@pytest.fixture(scope="module")
def graph() -> Graph:
    return network()


@pytest.fixture(scope="module")
def reference(graph: Graph) -> Baseline:
    return baseline(graph, RECIPE, recorded=(1, 10))


@pytest.mark.usefixtures("no_generated_code")
@pytest.mark.parametrize("label", LABELS)
def test_a_twin_with_constants_is_equivalent(graph: Graph, reference: Baseline, label: str) -> None:
    proof = proof_of(reference, graph, label, RECIPE)
    assert [s for s in proof.stages if s.verdict != "equivalent"] == []
    assert proof.verdict == "equivalent"


def test_another_slope_is_found_in_the_forward_pass(graph: Graph, reference: Baseline) -> None:
    node = next(node.name for node in graph.nodes if isinstance(node.op, ops.Softplus))
    wrong = with_op(graph, node, beta=2.0000001)
    proof = proof_of(reference, wrong, "tensorflow/function", RECIPE)
    assert stages(proof)["forward"] == "different"
