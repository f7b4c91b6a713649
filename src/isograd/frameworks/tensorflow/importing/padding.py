"""Padding: by itself, and taken back into the windows that it was made for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from isograd.frameworks.tensorflow.importing.trace import Trace, Value
from isograd.ir import ops
from isograd.ir.ops.windows import Padding

Mode = Literal["constant", "reflect", "replicate", "circular"]


def padded(
    trace: Trace,
    x: Value,
    pairs: Sequence[Sequence[int]],
    mode: Mode = "constant",
    value: float | None = 0.0,
) -> Value:
    """``pairs`` are (before, after) for each of Keras' axes."""
    if x.features:
        x = trace.plain(x)
    padding = [(0, 0)] * x.rank
    for axis, (before, after) in enumerate(pairs):
        padding[x.axis(axis)] = (int(before), int(after))
    return trace.like(ops.Pad(tuple(padding), mode, value), x)


def unpadded(trace: Trace, x: Value, fill: float | None) -> tuple[Value, Padding]:
    """What stands in front of a padding with ``fill`` (None: minus infinity) of an image's spatial
    axes, and that padding; an image that is not padded so is given back with none."""
    none = ((0, 0),) * (x.rank - 2)
    node = trace.made_by(x)
    if node is None or not isinstance(node.op, ops.Pad):
        return x, none
    op = node.op
    fills = op.mode == "constant" and op.value == fill and min(map(min, op.padding)) >= 0
    if not fills or op.padding[:2] != ((0, 0), (0, 0)):
        return x, none
    return Value(node.inputs[0], trace.type_of(node.inputs[0]), x.order), op.padding[2:]
