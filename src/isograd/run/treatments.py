"""Networks made smaller and trained on: what `isograd.compress` does, with a `Side` to train it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from isograd.bench.training import Course
from isograd.compress.channels import Group, Pruned, prune
from isograd.compress.flow import RETURNED
from isograd.compress.folding import Folded, fold
from isograd.compress.magnitude import Masks, left, masks
from isograd.compress.variants import Treatment
from isograd.data import batch_order
from isograd.errors import UsageError
from isograd.frameworks.side import Side
from isograd.ir.graph import Graph, Weights
from isograd.result import Curve
from isograd.run.referee import Referee

PRUNINGS = 20
"""How often gradual pruning takes weights out."""

RAMP = 0.75
"""The part of the training over which it does; after that, what is left trains on."""

FOLDED_WITHIN = 1e-9
"""Folding must not move float64 outputs by more, relative to the largest: the same sums in another
order err by some 1e-13, and a wrong factor by 1e-5 and more."""


@dataclass(frozen=True)
class Tuned:
    """A network after fine-tuning: ``kept`` is what stays of each weight that a mask is held on,
    ``steps`` how many training steps it took, ``curve`` loss and quality of each epoch."""

    graph: Graph
    weights: Weights
    parameters: int
    steps: int = 0
    kept: Masks = field(default_factory=dict)
    curve: Curve | None = None
    notes: tuple[str, ...] = ()


def treat(
    chosen: Treatment,
    graph: Graph,
    weights: Weights,
    referee: Referee,
    course: Course,
    epochs: int,
    seed: int,
) -> Tuned:
    """The network after ``chosen`` was done to it, with so many epochs of fine-tuning where it
    takes something out.

    Raises `UsageError` where there is nothing to take out, or folding changes what is computed.
    """
    if chosen.kind == "dense":
        return Tuned(graph, weights, graph.count_parameters())
    if chosen.kind == "folded":
        return _folded(fold(graph, weights), graph, weights, referee, course)
    order = batch_order(len(course.targets), course.recipe.batch_size, epochs, seed)
    if chosen.kind == "structured":
        pruned = prune(graph, weights, chosen.amount)
        if not pruned.kept:
            raise UsageError(
                f"No channel can be taken out of {graph.name!r}.", hint=_why(pruned.groups)
            )
        with referee.side(pruned.graph, course) as side:
            return _noted(fine_tune(side, course, pruned.weights, order, seed), pruned)
    when = {0: chosen.amount} if chosen.kind == "unstructured" else ramp(order, chosen.amount)
    with referee.side(graph, course) as side:
        return fine_tune(side, course, weights, order, seed, when)


def fine_tune(
    side: Side,
    course: Course,
    start: Weights,
    order: NDArray[np.int64],
    seed: int,
    when: Mapping[int, float] | None = None,
) -> Tuned:
    """Trains from ``start`` on the batches ``order`` [epochs, steps, batch size]. ``when`` says
    before which step (0 is the first) which fraction of the weights with the smallest magnitudes is
    set to zero, and held there; the optimizer's state goes through that."""
    side.load_data((course.inputs,), course.targets)
    side.set_state(start)
    side.hold({})
    curve, kept = Curve(seed, [], [], []), dict[str, NDArray[np.bool_]]()
    elapsed = 0.0
    for epoch in _stretches(order, when or {}):
        losses: list[float] = []
        for amount, rows in epoch:
            if amount is not None:
                kept = masks(side.graph, side.get_state(), amount)
                side.hold(kept)
            if len(rows):
                steps = side.train(rows)
                losses += steps.losses.tolist()
                elapsed += float(steps.nanoseconds.sum()) / 1e9
        curve.loss.append(float(np.mean(losses)))
        curve.quality.append(course.quality(side))
        curve.seconds.append(elapsed)
    parameters = left(side.graph, kept)
    total = order.shape[0] * order.shape[1]
    return Tuned(side.graph, side.get_state(), parameters, total, kept, curve)


def ramp(order: NDArray[np.int64], amount: float) -> dict[int, float]:
    """When gradual pruning takes out how much: ``amount (1 - (1 - t / n)^3)``, from no weight to
    ``amount`` (Zhu and Gupta, 2017, arXiv 1710.01878, equation 1)."""
    steps = order.shape[0] * order.shape[1]
    times = max(1, min(PRUNINGS, steps))
    at = np.linspace(0, RAMP * (steps - 1), times).astype(int)
    shares = (np.arange(times) + 1) / times
    return {
        int(step): amount * (1 - (1 - share) ** 3)
        for step, share in zip(at, shares.tolist(), strict=True)
    }


def _stretches(
    order: NDArray[np.int64], when: Mapping[int, float]
) -> Iterator[list[tuple[float | None, NDArray[np.int64]]]]:
    """For each epoch its batches, cut before each step at which weights are taken out."""
    for number, rows in enumerate(order):
        first = number * len(rows)
        cuts = sorted(step - first for step in when if 0 <= step - first < len(rows))
        starts = sorted({0, *cuts})
        yield [
            (when.get(first + begin), rows[begin:end])
            for begin, end in zip(starts, [*starts[1:], len(rows)], strict=True)
        ]


def _folded(
    folded: Folded, graph: Graph, weights: Weights, referee: Referee, course: Course
) -> Tuned:
    """Raises `UsageError` where the folded network computes something else in float64."""
    inputs = course.test_inputs[:64]
    if np.issubdtype(inputs.dtype, np.floating):
        inputs = inputs.astype(np.float64)
    outputs = []
    for one, state in ((graph, weights), (folded.graph, folded.weights)):
        with referee.side(one, course, "float64") as side:
            side.set_state(state)
            outputs.append(side.forward((inputs,)))
    before, after = outputs
    moved = np.abs(after - before).max() / max(1e-300, np.abs(before).max())
    if not moved <= FOLDED_WITHIN:
        raise UsageError(
            f"The network cannot be folded: its outputs in float64 move by {moved:.1e} of the "
            "largest.",
            hint="A variance next to zero, or weights that are not finite, can do that.",
        )
    note = (
        f"{folded.norms} normalisations, {folded.constants} constants and {folded.identities} "
        f"identities folded away; float64 outputs moved by {moved:.0e}"
    )
    return Tuned(folded.graph, folded.weights, folded.graph.count_parameters(), notes=(note,))


def _noted(tuned: Tuned, pruned: Pruned) -> Tuned:
    whole = [group for group in pruned.groups if group.reason not in ("", RETURNED)]
    notes = tuple(f"{group.makers[0]} is left whole: {group.reason}" for group in whole)
    return replace(tuned, notes=notes)


def _why(groups: tuple[Group, ...]) -> str:
    return "; ".join(dict.fromkeys(f"{g.makers[0]}: {g.reason}" for g in groups if g.reason))
