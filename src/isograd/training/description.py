"""What is known about the examples and the first weights of a training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from isograd.ir.mapping import Array

PLACES = 6
"""Measured numbers are rounded to so many significant digits: two scripts that scale the same
examples in float32 and in float64 have the same data."""


@dataclass(frozen=True)
class DataSummary:
    """Measured on the inputs of the training examples."""

    count: int
    shape: tuple[int, ...]
    dtype: str
    mean: float
    std: float
    low: float
    high: float

    def __str__(self) -> str:
        return (
            f"{self.count:,} examples of {self.shape} in [{self.low:g}, {self.high:g}], "
            f"mean {self.mean:g}, standard deviation {self.std:g}"
        )

    @classmethod
    def of(cls, inputs: Array) -> DataSummary:
        """``inputs`` [examples, ...]; of several inputs, the first."""
        numbers = np.asarray(inputs, np.float64)
        measured = (numbers.mean(), numbers.std(), numbers.min(), numbers.max())
        return cls(
            len(inputs),
            inputs.shape[1:],
            str(inputs.dtype),
            *(_rounded(float(n)) for n in measured),
        )


@dataclass(frozen=True)
class Initialiser:
    """How a parameter is drawn: uniform in [-scale, scale], normal with the standard deviation
    ``scale``, or the constant ``scale``. ``read`` says whether it was read from the network or
    estimated from the weights that it had."""

    kind: Literal["uniform", "normal", "constant"]
    scale: float
    read: bool = field(default=True, compare=False)

    def agrees(self, other: Initialiser) -> bool:
        """Whether both may be one; what was estimated is known to a tenth."""
        room = 1e-5 if self.read and other.read else 0.1
        return self.kind == other.kind and bool(np.isclose(self.scale, other.scale, rtol=room))

    def __str__(self) -> str:
        if self.kind == "constant":
            return f"all {self.scale:g}"
        if self.kind == "uniform":
            return f"uniform in ±{self.scale:g}"
        return f"normal with standard deviation {self.scale:g}"

    @classmethod
    def estimated(cls, weights: Array) -> Initialiser:
        """From one draw. A uniform distribution's standard deviation is its bound over sqrt(3); a
        normal one's largest of more than a few values is further out.
        """
        numbers = np.asarray(weights, np.float64).ravel()
        if not numbers.size or np.all(numbers == numbers[0]):
            value = float(numbers[0]) if numbers.size else 0.0
            return cls("constant", _rounded(value), read=False)
        spread = float(np.sqrt((numbers**2).mean()))
        bound = float(np.abs(numbers).max())
        if bound <= spread * np.sqrt(3.0) * 1.1:
            return cls("uniform", _rounded(bound), read=False)
        return cls("normal", _rounded(spread), read=False)


def _rounded(number: float) -> float:
    return float(f"{number:.{PLACES}g}")


def summary(data: Sequence[Array] | None) -> DataSummary | None:
    """Of (inputs, ...); None where there are none."""
    return DataSummary.of(np.asarray(data[0])) if data else None
