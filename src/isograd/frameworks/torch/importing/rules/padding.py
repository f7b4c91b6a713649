"""Padding."""

from __future__ import annotations

import math
from collections.abc import Sequence

from isograd.frameworks.torch.importing.call import Call, Rule
from isograd.frameworks.torch.importing.values import Value
from isograd.ir import ops


def pad(call: Call, x: Value, sizes: Sequence[int], mode: str, value: float | None = None) -> Value:
    """``sizes`` holds (before, after) from the last axis to the first."""
    if not any(sizes):
        return x
    pairs = list(zip(sizes[::2], sizes[1::2], strict=True))[::-1]
    padding = ((0, 0),) * (x.type.rank - len(pairs)) + tuple(pairs)
    if value is not None and math.isinf(value) and value < 0:
        return call(ops.Pad(padding, mode, None), x)  # type: ignore[arg-type]
    return call(ops.Pad(padding, mode, 0.0 if value is None else float(value)), x)  # type: ignore[arg-type]


def padded(mode: str) -> Rule:
    def rule(call: Call, x: Value, sizes: Sequence[int], *value: float) -> Value:
        return pad(call, x, sizes, mode, *value)

    return rule


RULES: dict[str, Rule] = {
    "constant_pad_nd": padded("constant"),
    "pad": pad,
    **{f"reflection_pad{n}d": padded("reflect") for n in (1, 2, 3)},
    **{f"replication_pad{n}d": padded("replicate") for n in (1, 2, 3)},
}
