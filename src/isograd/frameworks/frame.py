"""What a file's docstring says about a network's inputs."""

from __future__ import annotations

from isograd.ir.ops.base import TensorType
from isograd.ir.placement import Placement


def describe_inputs(inputs: tuple[tuple[str, TensorType, Placement], ...]) -> list[str]:
    """One line for each input: its shape as the code takes it, and the order of its axes if that
    is not the logical one.
    """
    lines = ["Inputs:" if len(inputs) > 1 else "Input:"]
    for name, kind, place in inputs:
        shape = ", ".join(_size(kind.shape[axis]) for axis in place.order)
        moved = "" if place.is_logical else f", the logical axes in the order {place.order}"
        lines.append(f"    {name}: [{shape}] {kind.dtype}{moved}")
    return lines


def _size(size: int | str) -> str:
    """Symbols may come from anywhere; only short plain ones are repeated."""
    return str(size) if isinstance(size, int) or _is_plain(size) else "?"


def _is_plain(symbol: str) -> bool:
    return symbol.isascii() and symbol.isidentifier() and len(symbol) <= 12
