"""Weights that are held at zero stay there, and all others train as if there were only they."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from sides import side

from isograd import zoo
from isograd.bench.training import Course
from isograd.compress.channels import prune
from isograd.compress.folding import Folded
from isograd.compress.magnitude import apply, masks
from isograd.compress.variants import USUAL, treatment
from isograd.data import batch_order, load
from isograd.errors import UsageError
from isograd.frameworks.holding import check_single_steps
from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.run import treatments
from isograd.run.treatments import RAMP, fine_tune, ramp, treat
from isograd.training import SGD, Adam, Recipe

GRAPH = zoo.get("bce-mlp").build()
WEIGHTS = GRAPH.initialize(0)
RECIPE = Recipe("binary_cross_entropy", Adam(0.01), 16)
COURSE = Course.of(GRAPH, load("breast-cancer"), RECIPE)
ORDER = batch_order(len(COURSE.targets), 16, 1, 0)[:, :12]
WITHIN = 1e-11
"""Of weights of order 1, after a few steps in float64."""


def opened(label, recipe=RECIPE):
    found = side(GRAPH, label, "float64", recipe)
    found.load_data((COURSE.inputs,), COURSE.targets)
    found.set_state(WEIGHTS)
    return found


def assert_close(found, expected):
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, rtol=0, atol=WITHIN)


def by_hand(recipe, kept, steps):
    """Training with masked gradients, by the optimizer's definition."""
    network = opened("torch/eager", recipe)
    weights = apply(WEIGHTS, kept)
    state = recipe.start(weights)
    for number, rows in enumerate(steps, start=1):
        network.set_state(weights)
        gradients = network.gradients(
            (COURSE.inputs[rows],), COURSE.targets[rows]
        ).parameter_gradients
        masked = {name: g * kept.get(name, 1.0) for name, g in gradients.items()}
        weights = recipe.update(weights, masked, state, number)
    return weights


@pytest.mark.parametrize(
    "recipe",
    [RECIPE, replace(RECIPE, optimizer=SGD(0.05, momentum=0.9))],
    ids=["adam", "momentum"],
)
def test_held_weights_leave_the_others_what_masked_gradients_would(recipe):
    kept = masks(GRAPH, WEIGHTS, 0.7)
    network = opened("torch/eager", recipe)
    network.hold(kept)
    network.train(ORDER[0])
    assert_close(network.get_state(), by_hand(recipe, kept, ORDER[0]))


@pytest.mark.parametrize(
    "label", ["torch/jit", "tensorflow/eager", "tensorflow/session", "tensorflow/function"]
)
def test_the_same_mask_trains_alike_in_every_framework(label):
    kept = masks(GRAPH, WEIGHTS, 0.7)
    networks = [opened("torch/eager"), opened(label)]
    for network in networks:
        network.train(ORDER[0][:4])
        network.hold(kept)
        network.train(ORDER[0][4:])
    expected, found = (network.get_state() for network in networks)
    assert all((found[name][~mask] == 0).all() for name, mask in kept.items())
    assert_close(found, expected)
    for slot, arrays in networks[0].get_optimizer_state().items():
        assert_close(networks[1].get_optimizer_state()[slot], arrays)


@pytest.mark.parametrize("label", ["torch/eager", "tensorflow/session"])
def test_weights_that_are_let_go_train_again(label):
    network = opened(label)
    network.hold(masks(GRAPH, WEIGHTS, 0.7))
    network.hold({})
    network.train(ORDER[0][:2])
    assert (network.get_state()["fc1.weight"] == 0).mean() < 0.1


def test_weights_that_are_not_held_do_not_stay_at_zero():
    """What the tests above would see if the masks were forgotten."""
    kept = masks(GRAPH, WEIGHTS, 0.7)
    network = opened("torch/eager")
    network.set_state(apply(WEIGHTS, kept))
    network.train(ORDER[0][:2])
    assert not (network.get_state()["fc1.weight"][~kept["fc1.weight"]] == 0).any()


def test_several_steps_a_call_cannot_be_held():
    plan = opened("torch/eager").executor.plan
    with pytest.raises(UsageError, match="4 steps"):
        check_single_steps(replace(plan, steps_per_call=4))


def test_gradual_pruning_takes_out_less_and_less_until_it_is_done():
    found = ramp(np.zeros((3, 100, 1), np.int64), 0.8)
    amounts = [*found.values()]
    taken = np.diff([0.0, *amounts])
    assert amounts[-1] == pytest.approx(0.8)
    assert (np.diff(taken) < 0).all()
    assert min(found) == 0
    assert max(found) == int(RAMP * 299)


@pytest.mark.parametrize("when", [{0: 0.8}, ramp(ORDER, 0.8)], ids=["at once", "gradually"])
def test_what_is_left_is_counted_and_trained(when):
    network = opened("torch/eager")
    tuned = fine_tune(network, COURSE, WEIGHTS, ORDER, 0, when)
    zeros = sum(int((tuned.weights[name] == 0).sum()) for name in tuned.kept)
    assert zeros == int(0.8 * (16 * 30 + 16))
    assert tuned.parameters == GRAPH.count_parameters() - zeros
    assert len(tuned.curve.loss) == 1
    assert tuned.steps == 12


def test_a_smaller_network_trains_on():
    pruned = prune(GRAPH, WEIGHTS, 0.5)
    network = side(pruned.graph, "torch/eager", "float64", RECIPE)
    tuned = fine_tune(network, COURSE, pruned.weights, ORDER, 0)
    assert tuned.parameters == pruned.graph.count_parameters() < GRAPH.count_parameters()
    assert (tuned.weights["fc1.weight"] != pruned.weights["fc1.weight"]).any()


class Referee:
    """Trains in this process."""

    @contextmanager
    def side(self, graph, course, dtype="float32"):
        yield side(graph, "torch/eager", dtype, RECIPE)


def treated(name, graph=GRAPH):
    weights = graph.initialize(0)
    return treat(treatment(name), graph, weights, Referee(), COURSE, 1, 0)


def test_every_variant_can_be_had_by_its_name():
    counts = {name: treated(name).parameters for name in USUAL}
    whole = GRAPH.count_parameters()
    assert counts["dense"] == counts["folded"] == whole
    assert counts["structured-25"] > counts["structured-50"] > counts["structured-75"]
    assert counts["unstructured-80"] == counts["gradual-80"] == whole - int(0.8 * (16 * 30 + 16))


def test_a_fold_that_moves_the_outputs_is_refused(monkeypatch):
    def careless(graph, weights):
        return Folded(graph, {name: array * (1 + 1e-6) for name, array in weights.items()})

    monkeypatch.setattr(treatments, "fold", careless)
    with pytest.raises(UsageError, match="cannot be folded"):
        treated("folded")


def test_a_network_without_a_channel_to_lose_is_told_why():
    b = Builder("regression")
    graph = b.finish(b(ops.Linear(1), b.input("x", ("N", 30)), scope="fc"))
    with pytest.raises(UsageError, match="No channel can be taken out"):
        treated("structured-50", graph)
