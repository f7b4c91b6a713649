"""A correct twin is equivalent in every mode; a planted mistake is found, in the right stage."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sides import BATCH, baseline, proof_of, side, stages, with_op, with_transform

from isograd.frameworks import MODES
from isograd.frameworks.tensorflow.emitter import emit
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.mapping import Permute
from isograd.ir.ops import BatchNorm, Dropout, Embedding, Flatten, Linear, ReLU, conv2d, max_pool2d
from isograd.proof import Baseline, make_trial
from isograd.proof.derivatives import derivative_rows, directional_check
from isograd.training import SGD, Adam, AdamW, Recipe, RMSprop

RECIPE = Recipe(batch_size=BATCH)
OPTIMIZERS = [
    SGD(),
    SGD(momentum=0.9),
    SGD(momentum=0.9, nesterov=True),
    AdamW(),
    RMSprop(momentum=0.5),
]
SOME = (1, 10)
"""Training steps after which the two are compared, where that is not the point."""
LABELS = [f"{framework}/{mode}" for framework, modes in MODES.items() for mode in modes]


def small_network() -> Graph:
    """A bit of everything that ports get wrong: layout, statistics, dropout, a square weight."""
    b = Builder("small")
    x = b.input("x", ("N", 2, 6, 6))
    x = b(conv2d(3, 3, padding=1), x, scope="conv")
    x = b(BatchNorm(), x, scope="bn")
    x = b(ReLU(), x)
    x = b(max_pool2d(2), x)
    x = b(Flatten(), x)
    x = b(Dropout(0.25), x, scope="dropout")
    x = b(Linear(12), x, scope="fc1")
    x = b(ReLU(), x)
    x = b(Linear(12), x, scope="square")
    return b.finish(b(Linear(3), x, scope="fc2"))


@pytest.fixture(scope="module")
def graph() -> Graph:
    return small_network()


@pytest.fixture(scope="module")
def reference(graph: Graph) -> Baseline:
    return baseline(graph, RECIPE, SOME)


@pytest.fixture(scope="module")
def thorough(graph: Graph) -> Baseline:
    """With as many steps as users' proofs have."""
    return baseline(graph, RECIPE)


@pytest.mark.usefixtures("no_generated_code")
@pytest.mark.parametrize("label", LABELS)
def test_a_correct_twin_is_equivalent(graph: Graph, thorough: Baseline, label: str) -> None:
    proof = proof_of(thorough, graph, label, RECIPE)
    assert [s for s in proof.stages if s.verdict != "equivalent"] == []
    assert proof.verdict == "equivalent"


@pytest.mark.parametrize(
    "optimizer", OPTIMIZERS, ids=lambda optimizer: f"{optimizer.name}-{optimizer.slots}"
)  # 100 steps: see the sweep
def test_every_optimizer_follows_one_definition(graph: Graph, optimizer: object) -> None:
    recipe = Recipe(optimizer=optimizer, batch_size=BATCH)  # type: ignore[arg-type]
    found = baseline(graph, recipe, SOME)
    for label in ("tensorflow/session", "tensorflow/function"):
        assert stages(proof_of(found, graph, label, recipe))["optimizer"] == "equivalent"


def test_another_batch_norm_epsilon_is_found_in_the_forward_pass(
    graph: Graph, reference: Baseline
) -> None:
    proof = proof_of(reference, with_op(graph, "bn", eps=1e-3), "tensorflow/function", RECIPE)
    assert proof.verdict == "different"
    assert stages(proof)["forward"] == "different"


def test_another_batch_norm_momentum_is_found_only_in_the_statistics(
    graph: Graph, reference: Baseline
) -> None:
    proof = proof_of(reference, with_op(graph, "bn", momentum=0.01), "tensorflow/function", RECIPE)
    assert stages(proof)["forward"] == "equivalent"
    assert stages(proof)["train-forward"] == "different"
    assert stages(proof)["gradients"] == "equivalent"


def test_a_transposed_square_weight_is_found(graph: Graph, reference: Baseline) -> None:
    planted = with_transform(emit(graph), "square.weight", Permute((1, 0)))
    proof = proof_of(reference, graph, "tensorflow/function", RECIPE, emitted=planted)
    assert stages(proof)["structure"] == "equivalent"
    assert stages(proof)["forward"] == "different"


def test_epsilon_in_the_wrong_place_is_found_in_the_optimizer(
    graph: Graph, reference: Baseline
) -> None:
    # Keras' own Adam adds epsilon before the bias correction.
    proof = proof_of(reference, graph, "tensorflow/function", RECIPE, idiomatic=True)
    assert stages(proof)["gradients"] == "equivalent"
    assert stages(proof)["optimizer"] == "different"


def test_another_epsilon_is_found_in_the_optimizer(graph: Graph, reference: Baseline) -> None:
    recipe = Recipe(optimizer=Adam(epsilon=1e-7), batch_size=BATCH)
    proof = proof_of(reference, graph, "torch/eager", recipe)
    assert stages(proof)["gradients"] == "equivalent"
    assert stages(proof)["optimizer"] == "different"


def test_keras_own_batch_norm_differs_in_the_running_variance_alone(graph: Graph) -> None:
    recipe = Recipe(optimizer=SGD(), batch_size=BATCH)
    planted = emit(graph, idiomatic=True)
    assert planted.declared
    one_step = baseline(graph, recipe, recorded=(1,))
    proof = proof_of(one_step, graph, "tensorflow/eager", recipe, emitted=planted)
    found = {stage.name: stage for stage in proof.stages}
    assert found["train-forward"].verdict == "different"
    assert found["train-forward"].worst == "bn.running_var"
    assert found["gradients"].verdict == "equivalent"


def test_training_that_amplifies_rounding_beyond_reason_is_inconclusive(graph: Graph) -> None:
    recipe = Recipe(optimizer=SGD(learning_rate=30.0), batch_size=BATCH)
    proof = proof_of(baseline(graph, recipe), graph, "tensorflow/function", recipe)
    assert stages(proof)["gradients"] == "equivalent"
    assert stages(proof)["optimizer"] == "inconclusive"


def test_a_gradient_that_is_not_the_slope_of_its_loss_is_found(
    graph: Graph, reference: Baseline
) -> None:
    class Wrong:
        def __init__(self, inner: object) -> None:
            self.inner = inner

        def __getattr__(self, name: str) -> object:
            return getattr(self.inner, name)

        def gradients(self, inputs: object, targets: object) -> object:
            found = self.inner.gradients(inputs, targets)  # type: ignore[attr-defined]
            for gradient in found.parameter_gradients.values():
                gradient *= 1.001
            return found

    honest = side(graph, "torch/eager", "float64", RECIPE)
    assert directional_check(honest, reference.trial).agrees
    honest.executor = Wrong(honest.executor)  # type: ignore[assignment]
    assert not directional_check(honest, reference.trial).agrees


def test_a_row_that_gets_no_gradient_by_definition_does_not_move() -> None:
    b = Builder("padded")
    tokens = b.input("tokens", ("N", 4), "int")
    x = b(Embedding(3, 5, padding_idx=0), tokens, scope="table")
    padded = b.finish(b(Linear(3), b(Flatten(), x), scope="head"))
    trial = make_trial(padded, RECIPE, None)
    assert directional_check(side(padded, "torch/eager", "float64", RECIPE), trial).agrees


def test_analytic_automatic_and_finite_differences_stand_side_by_side() -> None:
    from isograd import zoo

    graph = zoo.get("bce-mlp").build()
    recipe = Recipe(loss="binary_cross_entropy", batch_size=BATCH)
    sides = {
        "torch": side(graph, "torch/eager", "float64", recipe),
        "tensorflow": side(graph, "tensorflow/eager", "float64", recipe),
    }
    rows = derivative_rows(sides, make_trial(graph, recipe, None), recipe.loss)
    assert {row.tensor for row in rows} == {"outputs", *graph.trainable}
    for row in rows:
        automatic = list(row.automatic.values())
        assert automatic[0] == pytest.approx(automatic[1], rel=1e-10)
        assert row.finite_difference == pytest.approx(automatic[0], rel=1e-6)
        if row.tensor == "outputs":
            assert row.analytic == pytest.approx(automatic[0], rel=1e-12)


def test_a_wrong_gradient_of_the_reference_is_named_as_the_references(graph: Graph) -> None:
    found = baseline(graph, RECIPE, recorded=(1,))
    automatic = found.slope.automatic
    broken = replace(found, slope=replace(found.slope, automatic=1.5 * automatic))
    for one, expected in ((found, "finite differences agree"), (broken, "in the reference")):
        proof = proof_of(one, graph, "tensorflow/eager", RECIPE)
        (detail,) = [stage.detail for stage in proof.stages if stage.name == "gradients"]
        assert expected in detail
