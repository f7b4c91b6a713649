"""Inputs for a network whose graph may be another one at each call, and which calls differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from isograd.ir.inputs import InputSpec
from isograd.ir.mapping import Array
from isograd.views.view import Event, View

SCALES = (1.0, 16.0, 1 / 16, 256.0, 4.0, 1 / 256)
"""How large the numbers of a call are."""

SIGNS = ("mixed", "positive", "negative")

OPEN_SIZE = 5
"""What a size that is left open, and is not the batch, is at the first call; later ones differ."""

BOUND = 10
"""What whole numbers stay below where the user gave no bound."""

SHOWN = 3
"""Calls that are shown, if as many differ."""


@dataclass(frozen=True)
class Call:
    """The inputs of one call, and in words what they are like."""

    about: str
    inputs: tuple[Array, ...]


def draw_calls(specs: Sequence[InputSpec], batch: int, seed: int) -> Iterator[Call]:
    """Random calls with numbers of several scales and signs; where a size other than the batch is
    open, of several sizes too. The same for the same seed."""
    rng = np.random.default_rng(seed)
    others = any(isinstance(size, str) for spec in specs for size in spec.shape[1:])
    for sign in SIGNS:
        for number, scale in enumerate(SCALES):
            size = OPEN_SIZE + 2 * (number % 3)
            inputs = tuple(_draw(spec, batch, size, scale, sign, rng) for spec in specs)
            about = f"numbers of {sign} sign around {scale:g}"
            yield Call(about + (f", open sizes {size}" if others else ""), inputs)


def differing(
    record: Callable[[Call], View], calls: Iterable[Call], at_most: int = SHOWN
) -> list[tuple[Call, View]]:
    """The first call, and those at which another graph was recorded: first those that ran other
    lines of the user's, then those that ran the same lines more or less often."""
    found: dict[object, tuple[Call, View]] = {}
    for call in calls:
        view = record(call)
        found.setdefault(_signature(view), (call, view))
    by_lines: dict[object, tuple[Call, View]] = {}
    for pair in found.values():
        by_lines.setdefault(_lines(pair[1]), pair)
    chosen = list(by_lines.values())
    chosen += [pair for pair in found.values() if not any(pair is other for other in chosen)]
    return chosen[:at_most]


def number_calls(found: Sequence[tuple[Call, View]]) -> list[View]:
    """The views of calls that differ, each with the number of its call, and with what changes from
    one to the next as an event."""
    counts = [f"call {n}: {computed(view)} operations" for n, (_, view) in enumerate(found, 1)]
    for number, (call, view) in enumerate(found, 1):
        view.title += f", call {number}"
        view.about += f" Call {number}: {call.about}."
        if number > 1:
            view.stage += f"-{number}"
    if len(found) > 1:
        text = f"The recorded graph changes from call to call ({'; '.join(counts)})."
        found[0][1].events.insert(0, Event("change", text))
    return [view for _, view in found]


def computed(view: View) -> int:
    """How many operations a view has that do more than hold a value."""
    return sum(operation.phase != "input" for operation in view.operations)


def _signature(view: View) -> object:
    """What makes two graphs the same: operations and edges, whatever the sizes."""
    return tuple(
        (operation.kind, operation.reads, operation.source, bool(operation.mark))
        for operation in view.operations
    )


def _lines(view: View) -> frozenset[str]:
    return frozenset(operation.source for operation in view.operations if operation.source)


def _draw(
    spec: InputSpec, batch: int, size: int, scale: float, sign: str, rng: np.random.Generator
) -> Array:
    shape = [
        n if isinstance(n, int) else batch if axis == 0 else size
        for axis, n in enumerate(spec.shape)
    ]
    if spec.dtype == "bool":
        return rng.random(shape) < (0.5 if sign == "mixed" else sign == "positive")
    if spec.dtype == "int":
        highest = max(1, min(spec.below or BOUND, round(scale * BOUND)))
        return rng.integers(0, highest, shape)
    values = scale * rng.standard_normal(shape)
    signed = {"mixed": values, "positive": abs(values), "negative": -abs(values)}
    return signed[sign].astype(np.float32)
