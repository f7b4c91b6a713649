"""Calls that a traced or compiled function may have to be traced or compiled again for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isograd.ir.mapping import Array

NUMBERS = (0.5, 0.25, 0.125)
"""Python numbers that a function is called with, one after the other."""

_OTHER_TYPE = {"float32": "float64", "int64": "int32"}


@dataclass(frozen=True)
class Variation:
    """A call: the network's inputs, and a Python number that its result is multiplied with."""

    about: str
    inputs: tuple[Array, ...]
    number: float = NUMBERS[0]


def variations(inputs: Sequence[Array]) -> list[Variation]:
    """The same call twice, then with another batch size, with other types, and with other numbers,
    one thing at a time. ``inputs`` have the batch first."""
    given = tuple(inputs)
    other = tuple(array.astype(_OTHER_TYPE.get(array.dtype.name, array.dtype)) for array in given)
    found = [
        Variation("the first call", given),
        Variation("the same call again", given),
        Variation("another batch size", tuple(_longer(array) for array in given)),
        Variation("the first batch size again", given),
        Variation("other types", other),
    ]
    found += [Variation("another Python number", given, number) for number in NUMBERS[1:]]
    return found


def _longer(array: Array) -> Array:
    return np.concatenate([array, array[:1]])
