"""Rotary embeddings: queries and keys are turned by angles that grow with the place.

Source: Su et al., "RoFormer", arXiv 2104.09864, 2021, in the form of the Llama models, which turn
the first half of a head against the second; scaling for longer texts as the Hugging Face library
documents it for ``rope_parameters``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from isograd.ir.builder import Builder
from isograd.ir.ops import (
    Add,
    AddScalar,
    Arange,
    Cast,
    Clip,
    Concat,
    Cos,
    Exp,
    ExpandDims,
    Multiply,
    MultiplyScalar,
    Negative,
    Sin,
    Slice,
)
from isograd.text.architectures.layers import TIME
from isograd.text.config import Config

KINDS = ("default", "linear", "llama3")
"""Ways to stretch the angles that are known."""


def angles(b: Builder, config: Config, size: int) -> tuple[str, str]:
    """Cosines and sines [T, size] for heads of ``size``."""
    rates = _stretched(b, _settings(config), _rates(b, _settings(config), size))
    numbers = b(ExpandDims(1), b(Cast("float"), b(Arange(0, TIME))))
    half = b(Multiply(), numbers, rates)
    whole = b(Concat(1), half, half)
    return b(Cos(), whole), b(Sin(), whole)


def turned(b: Builder, x: str, cosines: str, sines: str, size: int) -> str:
    """``x`` [N, heads, T, size] turned by the angles."""
    first, second = b(Slice(3, 0, size // 2), x), b(Slice(3, size // 2, size), x)
    across = b(Concat(3), b(Negative(), second), first)
    return b(Add(), b(Multiply(), x, cosines), b(Multiply(), across, sines))


def _settings(config: Config) -> Config:
    """The scaling's own values, from whichever place a version of the library keeps them in."""
    old: Mapping[str, Any] = config.values.get("rope_scaling") or {}
    new: Mapping[str, Any] = config.values.get("rope_parameters") or {}
    outer = {
        name: config.values[name]
        for name in ("rope_theta", "max_position_embeddings")
        if config.values.get(name) is not None
    }
    settings = Config({**outer, **old, **new}, config.where)
    kind = settings.text("rope_type", settings.text("type", "default"))
    if kind not in KINDS:
        raise config.unknown("rope_type", kind, dict.fromkeys(KINDS))
    return Config({**settings.values, "rope_type": kind}, config.where)


def _rates(b: Builder, settings: Config, size: int) -> str:
    """``theta ** (-2 i / size)`` for each pair i."""
    pairs = b(Cast("float"), b(Arange(0, size // 2)))
    step = -2 * math.log(settings.positive("rope_theta", 10000.0)) / size
    return b(Exp(), b(MultiplyScalar(step), pairs))


def _stretched(b: Builder, settings: Config, rates: str) -> str:
    """Slower by a factor; with ``llama3`` only the slow ones, and those between in part."""
    if settings.values["rope_type"] == "default":
        return rates
    slow = b(MultiplyScalar(1 / settings.positive("factor")), rates)
    if settings.values["rope_type"] == "linear":
        return slow
    low, high = settings.positive("low_freq_factor"), settings.positive("high_freq_factor")
    length = settings.positive(
        "original_max_position_embeddings", settings.positive("max_position_embeddings", 2048)
    )
    turns = b(MultiplyScalar(length / (2 * math.pi)), rates)
    part = b(MultiplyScalar(1 / (high - low)), b(AddScalar(-low), turns))
    kept = b(Clip(0.0, 1.0), part)
    rest = b(AddScalar(1.0), b(Negative(), kept))
    return b(Add(), b(Multiply(), kept, rates), b(Multiply(), rest, slow))
