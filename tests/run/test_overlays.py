"""What is measured of each layer of one training step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from isograd.errors import UsageError
from isograd.frameworks import MODES, part
from isograd.frameworks.protocol import Subject
from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.models import Model, load
from isograd.proof import make_trial
from isograd.proof.judge import OTHER
from isograd.proof.locate import deviations, disturbed
from isograd.run.overlaid import (
    Gauge,
    _same,
    _witness,
    measure_errors,
    measure_memory,
    measure_time,
)
from isograd.run.overlays import _kept, make_gauge
from isograd.run.step import Step, make_subject
from isograd.training import Adam, Recipe
from isograd.views import Overlay

frameworks = pytest.mark.parametrize("framework", MODES)


def step_of(model: Model, batch: int = 6) -> Step:
    recipe = Recipe(model.loss, Adam(), batch_size=batch)
    graph, state = model.graph, model.initial_state(0)
    trial = make_trial(graph, recipe, None, 0, state, model.bounds, recorded=(1,))
    return Step(model, recipe, trial, "cpu", 1, 60.0)


def branches() -> Model:
    """Two branches, of which one hands its input through, a shared layer and a sum."""
    b = Builder("branches")
    x = b(ops.Linear(4), b.input("x", ("N", 4)), scope="shared")
    y = b(ops.Linear(4), b(ops.Tanh(), x), scope="shared")
    z = b(ops.Dropout(0.0), x, scope="through")
    x = b(ops.Add(), b(ops.SiLU(), y), b(ops.LayerNorm((4,)), z, scope="norm"), scope="sum")
    return Model(b.finish(b(ops.Linear(3), x, scope="head")), "branches")


@pytest.fixture(scope="module")
def steps() -> dict[str, Step]:
    return {"cnn-bn": step_of(load("cnn-bn")), "branches": step_of(branches())}


@pytest.fixture
def subjects(steps: dict[str, Step], tmp_path: Path) -> dict[tuple[str, str, bool], Subject]:
    return {
        (name, framework, marked): make_subject(step, framework, tmp_path / name, marked=marked)
        for name, step in steps.items()
        for framework in MODES
        for marked in (False, True)
        if (tmp_path / name).mkdir(exist_ok=True) is None
    }


Subjects = dict[tuple[str, str, bool], Subject]


SAVING = {"torch": "autograd", "tensorflow": "tape"}
"""The view whose figures say what is kept."""


def rows(subject: Subject, steps: int = 1) -> np.ndarray:
    return np.tile(np.arange(len(subject.targets)), (steps, 1))


@frameworks
@pytest.mark.parametrize("name", ["cnn-bn", "branches"])
def test_each_node_has_its_time_forward_and_backward(
    framework: str, name: str, steps: dict[str, Step], subjects: Subjects
):
    executor = part(framework, "timing").open_stamped(subjects[name, framework, True])
    executor.train(rows(subjects[name, framework, True], 2))
    nodes = {node.name for node in steps[name].model.graph.nodes}
    through = {"through"}  # it computes nothing, so that no gradient function is its own
    for step in executor.timeline.taken():
        parts = step.parts
        assert {node for phase, node in parts if phase == "forward"} == nodes
        backward = {node for phase, node in parts if phase == "backward"} - {""}
        assert nodes - through <= backward <= nodes
        assert {phase for phase, node in parts if not node} == {
            "batch", "loss", "backward", "update", "python",
        }  # fmt: skip


@frameworks
def test_the_parts_are_all_of_the_step(framework: str, subjects: Subjects):
    subject = subjects["cnn-bn", framework, True]
    executor = part(framework, "timing").open_stamped(subject)
    taken = executor.train(rows(subject, 3)).nanoseconds
    whole = [step.whole + step.instruments for step in executor.timeline.taken()]
    assert np.all(np.array(whole) <= taken)


@frameworks
def test_a_stamped_step_computes_what_a_plain_one_does(framework: str, subjects: Subjects):
    subject = subjects["branches", framework, True]
    stamped = part(framework, "timing").open_stamped(subject)
    plain = part(framework, "modes").open_executor(subject.plan)
    plain.set_state(subject.state)
    plain.load_data(subject.inputs, subject.targets)
    losses = [executor.train(rows(subject, 3)).losses for executor in (stamped, plain)]
    np.testing.assert_array_equal(*losses)


@frameworks
def test_without_stamps_inside_the_backward_pass_is_one_part(framework: str, subjects: Subjects):
    subject = subjects["branches", framework, True]
    executor = part(framework, "timing").open_stamped(subject, backward=False)
    executor.train(rows(subject, 2))
    (step, _) = executor.timeline.taken()
    assert {node for phase, node in step.parts if phase == "backward"} <= {""}
    assert step.stamps["forward"] == len(set(subject.places.values()))


@frameworks
def test_time_is_measured_beside_steps_without_stamps(
    framework: str, subjects: Subjects, steps: dict[str, Step], tmp_path: Path
):
    plain, marked = (subjects["branches", framework, flag] for flag in (False, True))
    stamps = make_gauge(steps["branches"], framework, tmp_path)
    time, forward, backward = measure_time(framework, plain, marked, stamps, budget_s=0.0)
    assert time.total is not None
    assert time.total > 0
    assert time.noise is not None
    assert time.values == pytest.approx(
        {n: forward.values[n] + backward.values.get(n, 0) for n in time.values}
    )
    assert time.outside["loss"] == forward.outside["loss"] + backward.outside["loss"]
    assert "Nothing is scaled" in time.about


def test_time_on_a_gpu_is_refused(subjects: Subjects):
    plain, marked = (subjects["branches", "torch", flag] for flag in (False, True))
    marked = replace(marked, plan=replace(marked.plan, device="cuda"))
    with pytest.raises(UsageError, match="CPU only"):
        measure_time("torch", plain, marked, Gauge(plain, marked), 0.0)


@frameworks
@pytest.mark.parametrize("name", ["cnn-bn", "branches"])
def test_what_nodes_keep_is_all_that_is_kept(framework: str, name: str, subjects: Subjects):
    plain, marked = (subjects[name, framework, flag] for flag in (False, True))
    (memory,) = measure_memory(framework, plain, marked)
    assert memory.sum == memory.total
    assert memory.total is not None
    view = part(framework, "views").capture(SAVING[framework], marked)
    assert memory.total == view.figures["saved_bytes"]


@frameworks
def test_a_convolution_keeps_its_input(framework: str, subjects: Subjects):
    plain, marked = (subjects["cnn-bn", framework, flag] for flag in (False, True))
    (memory,) = measure_memory(framework, plain, marked)
    assert memory.values["conv1"] == 6 * 28 * 28 * 4


def test_rounding_is_a_small_multiple_of_the_envelope_at_every_node(steps: dict[str, Step]):
    step = steps["branches"]
    graph = step.model.graph
    found = measure_errors(("torch", "tensorflow"), graph, step.recipe, step.trial)
    assert [one.quantity for one in found] == ["forward error"] * 2 + ["backward error"] * 2
    for one in found:
        assert one.values.keys() == {node.name for node in graph.nodes}
        assert max(one.values.values()) < 32


def test_a_difference_shows_at_its_node(steps: dict[str, Step]):
    step = steps["branches"]
    graph = step.model.graph
    changed = tuple(
        replace(node, op=ops.LayerNorm((4,), eps=2e-5)) if node.name == "norm" else node
        for node in graph.nodes
    )
    reference = _witness("torch", graph, step.recipe, step.trial)
    twin = _witness("torch", replace(graph, nodes=changed), step.recipe, step.trial)
    found = deviations(reference, twin, disturbed(reference, step.trial), _same(graph))
    off = {name for name, one in found["train-forward"].items() if one.ratio > OTHER}
    assert off == {"norm", "sum", "head"}


def test_what_cannot_be_measured_is_kept_with_the_reason():
    def refused() -> list[Overlay]:
        raise UsageError("No such interface.", hint="Use another version.")

    found = _kept(["torch"], "memory", "bytes", refused)
    assert found == [
        Overlay("torch", "memory", "bytes", {}, about="No such interface. Use another version.")
    ]
