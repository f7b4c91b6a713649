"""Measuring one quantity of each layer, in a process in which the framework has been set up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from isograd.errors import UsageError
from isograd.frameworks import part
from isograd.frameworks.protocol import Executor, Subject, Tape
from isograd.ir.graph import Graph
from isograd.ir.mapping import Link
from isograd.measure.memory import peak_memory_mb
from isograd.measure.parts import Timed, time_parts
from isograd.measure.stamps import measure_unseen
from isograd.proof.correspondence import Correspondence
from isograd.proof.judge import OTHER, Deviation
from isograd.proof.locate import deviations, disturbed
from isograd.proof.trial import Trial
from isograd.proof.witness import Witness
from isograd.training import Recipe
from isograd.views.document import Overlay
from isograd.views.timeline import Unseen

WARM_UP_STEPS = 3

OUTSIDE = ("batch", "loss", "update", "python")

ERRORS = {"forward error": "train-forward", "backward error": "gradients"}


@dataclass(frozen=True)
class Gauge:
    """The network that stamps are measured on, without marks and with them."""

    plain: Subject
    marked: Subject


def measure_time(
    framework: str, plain: Subject, marked: Subject, gauge: Gauge, budget_s: float
) -> list[Overlay]:
    """The time of each node in a whole eager training step, beside that of steps that carry no
    stamps. Raises `UsageError` on a GPU."""
    if marked.plan.device != "cpu":
        raise UsageError("Time by layer is measured on a CPU only: a GPU's calls return early.")
    unseen = _unseen(framework, gauge, budget_s)
    stamped = part(framework, "timing").open_stamped(marked)
    stamped.timeline.unseen = unseen
    alike = _opened(framework, plain), _opened(framework, plain)
    timed = time_parts(*alike, stamped, _batch(marked), budget_s=budget_s)
    return _times(framework, timed, unseen)


def _unseen(framework: str, gauge: Gauge, budget_s: float) -> Unseen:
    opened = part(framework, "timing").open_stamped
    outer, complete = opened(gauge.marked, backward=False), opened(gauge.marked)
    plain = _opened(framework, gauge.plain)
    return measure_unseen(plain, outer, complete, _batch(gauge.marked), budget_s=budget_s / 2)


def _batch(subject: Subject) -> NDArray[np.int64]:
    return np.arange(subject.plan.recipe.batch_size, dtype=np.int64)[None]


def _opened(framework: str, subject: Subject) -> Executor:
    executor: Executor = part(framework, "modes").open_executor(subject.plan)
    executor.set_state(subject.state)
    executor.load_data(subject.inputs, subject.targets)
    return executor


def _times(framework: str, timed: Timed, unseen: Unseen) -> list[Overlay]:
    forward, backward = timed.spent.of("forward"), timed.spent.of("backward")
    back_to_loss = backward.pop("", 0.0)
    outside = {phase: sum(timed.spent.of(phase).values()) for phase in OUTSIDE}
    forward_loss = outside["loss"]
    outside["loss"] += back_to_loss
    both = {name: forward.get(name, 0.0) + backward.get(name, 0.0) for name in forward | backward}
    return [
        Overlay(
            framework, "time", "us", both, outside, timed.total.median, timed.noise.fraction,
            _about_time(timed, unseen),
        ),
        Overlay(framework, "forward time", "us", forward, {"loss": forward_loss}),
        Overlay(framework, "backward time", "us", backward, {"loss": back_to_loss}),
    ]  # fmt: skip


def _about_time(timed: Timed, unseen: Unseen) -> str:
    agreement, slowdown = timed.agreement, timed.slowdown
    same = {"no measurable difference": "no measurable difference", "inconclusive": "unsettled"}
    return (
        "Whole eager training steps, forward and backward pass together; the parts are means over "
        "the middle fifth of the steps. The whole was measured in turns with it, on steps without "
        f"stamps, as compare does. The parts sum to {agreement.ratio:.3f} "
        f"[{agreement.low:.3f}–{agreement.high:.3f}] of it "
        f"({same.get(agreement.verdict, 'a difference')}); two executors alike differ by up to "
        f"{timed.noise.fraction:.1%}. Steps with stamps take {slowdown.ratio:.3f} "
        f"[{slowdown.low:.3f}–{slowdown.high:.3f}] as long; {timed.spent.instruments:.1f} µs of "
        "that are the stamps' and in no part: what they see of themselves, and "
        f"{unseen.call / 1e3:.2f} µs a stamp ({unseen.backward / 1e3:.2f} µs in the backward pass) "
        "that they do not, measured on another network. Nothing is scaled."
    )


def measure_memory(framework: str, plain: Subject, marked: Subject) -> list[Overlay]:
    """What the forward pass keeps of each node for the backward pass; ``total`` is found for source
    without marks. Leaves this process with a peak of memory as `compare`'s workers have."""
    executor = _opened(framework, plain)
    rows = np.arange(plain.plan.recipe.batch_size, dtype=np.int64)
    executor.train(np.tile(rows, (WARM_UP_STEPS, 1)))
    executor.release()
    peak = peak_memory_mb()
    held = part(framework, "holding").held
    by_node, whole = held(marked), sum(held(plain).values())
    loss = by_node.pop("", 0)
    values = {name: float(size) for name, size in by_node.items()}
    about = _about_memory(peak)
    return [
        Overlay(framework, "memory", "bytes", values, {"loss": float(loss)}, whole, about=about)
    ]


def _about_memory(peak: float | None) -> str:
    process = "" if peak is None else f" ({peak:.0f} MiB in this run)"
    return (
        "Values of the forward pass that the framework keeps for the backward pass, under the "
        "layer that keeps them first; what shares memory counts once. Not in it are parameters, "
        "running statistics, gradients, the optimizer's state, workspaces, and values that are "
        "freed at once. The peak memory that compare reports is that of the whole process"
        f"{process}: all of those, the data, and the framework itself."
    )


def configure(framework: str, threads: int) -> None:
    """Sets up one more framework in this process, on the CPU."""
    part(framework, "runtime").configure("cpu", threads)


def measure_errors(
    frameworks: Sequence[str], graph: Graph, recipe: Recipe, trial: Trial
) -> list[Overlay]:
    """The deviation of every other framework from the first one, node by node, in float64."""
    reference, *twins = frameworks
    first = _witness(reference, graph, recipe, trial)
    around = disturbed(first, trial)
    found = []
    for twin in twins:
        other = _witness(twin, graph, recipe, trial)
        stages = deviations(first, other, around, _same(graph))
        for quantity, stage in ERRORS.items():
            values, about = _ratios(stages[stage]), _about_error(reference, twin)
            for framework in (reference, twin) if twin == twins[0] else (twin,):
                found.append(Overlay(framework, quantity, "envelopes", values, about=about))
    return found


def _witness(framework: str, graph: Graph, recipe: Recipe, trial: Trial) -> Witness:
    tape: Tape = part(framework, "tape").open_tape(graph)
    return Witness(graph, tape, trial.weights, trial.inputs, trial.masks[0], trial.targets, recipe)


def _same(graph: Graph) -> Correspondence:
    """Both sides run one graph."""
    values = (*graph.inputs, *(node.name for node in graph.nodes))
    return Correspondence(
        tuple(Link(name, name) for name in values),
        tuple(Link(name, name) for name in graph.parameters),
    )


def _ratios(found: Mapping[str, Deviation]) -> dict[str, float]:
    return {name: one.ratio for name, one in found.items() if isfinite(one.ratio)}


def _about_error(reference: str, twin: str) -> str:
    return (
        f"How far {twin} is from {reference} in one pass in training mode, in float64, in "
        "multiples of the rounding envelope: of what the reference itself moves by when its "
        "inputs and parameters are disturbed by one unit in the last place. A small multiple is "
        f"rounding; from {OTHER:.0f} on the two compute something else. Forward are values and "
        "running statistics, backward the gradients of values and parameters."
    )
