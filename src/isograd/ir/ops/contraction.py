"""Sums of products over several axes: `Einsum`, `Attention`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from isograd.ir.ops.base import Dim, Op, ShapeError, TensorType, broadcast_shapes, floating
from isograd.ir.ops.checks import check_flag, check_positive, refuse

_EQUATION = re.compile(r"[a-zA-Z]*(,[a-zA-Z]*)*->[a-zA-Z]*")


@dataclass(frozen=True)
class Einsum(Op):
    """``numpy.einsum`` with an explicit result, such as ``"bhqd,bhkd->bhqk"``; one letter for each
    axis, no ellipsis, no letter twice in one operand.
    """

    equation: str
    arity: ClassVar[int | tuple[int, int] | None] = None

    def __post_init__(self) -> None:
        if not (isinstance(self.equation, str) and _EQUATION.fullmatch(self.equation)):
            refuse(self, "equation", "letters, commas and an arrow, such as 'ij,jk->ik'")
        *terms, result = self.terms
        letters = set("".join(terms))
        if any(len(set(term)) != len(term) for term in (*terms, result)) or set(result) - letters:
            refuse(self, "equation", "without a letter twice in one term or only in the result")

    @property
    def terms(self) -> tuple[str, ...]:
        """The operands' letters, then the result's."""
        left, _, right = self.equation.partition("->")
        return (*left.split(","), right)

    def infer(self, *inputs: TensorType) -> TensorType:
        *terms, result = self.terms
        if len(terms) != len(inputs):
            raise ShapeError(f"Einsum {self.equation!r} takes {len(terms)} values")
        sizes: dict[str, Dim] = {}
        for term, x in zip(terms, inputs, strict=True):
            floating(x, "Einsum")
            if len(term) != x.rank:
                raise ShapeError(f"Einsum: {term!r} does not fit {x.shape}")
            for letter, size in zip(term, x.shape, strict=True):
                if sizes.setdefault(letter, size) != size:
                    raise ShapeError(f"Einsum: {letter!r} is {sizes[letter]} and {size}")
        return TensorType(tuple(sizes[letter] for letter in result))


@dataclass(frozen=True)
class Attention(Op):
    """``softmax(scale q k^T + mask) v`` (Vaswani et al., 2017, equation 1) of q [..., L, E],
    k [..., S, E], v [..., S, V].

    A mask, if there is a fourth value, broadcasts to [..., L, S]: of truth values, true where a
    place takes part (a row with none gives zeros); of numbers, added. With ``causal``, which takes
    no mask, place i sees places up to i only. ``scale`` is 1 / sqrt(E) where it is None.
    """

    causal: bool = False
    scale: float | None = None
    arity: ClassVar[int | tuple[int, int] | None] = (3, 4)

    def __post_init__(self) -> None:
        check_flag(self, "causal")
        if self.scale is not None:
            check_positive(self, "scale")

    def infer(self, *inputs: TensorType) -> TensorType:
        q, k, v = (floating(value, "Attention") for value in inputs[:3])
        if min(q.rank, k.rank, v.rank) < 2:
            raise ShapeError("Attention needs values of at least two axes")
        if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
            raise ShapeError(f"Attention: {q.shape}, {k.shape} and {v.shape} do not fit together")
        batch = broadcast_shapes(broadcast_shapes(q.shape[:-2], k.shape[:-2]), v.shape[:-2])
        if len(inputs) == 4 and self.causal:
            raise ShapeError("Attention takes a mask or is causal, not both")
        if len(inputs) == 4:
            if inputs[3].rank < 2:
                raise ShapeError(f"Attention needs a mask of two axes, got {inputs[3].shape}")
            scores = (*batch, q.shape[-2], k.shape[-2])
            if inputs[3].dtype == "int" or broadcast_shapes(inputs[3].shape, scores) != scores:
                raise ShapeError(f"Attention: a mask {inputs[3].shape} does not fit {scores}")
        return q.with_shape((*batch, q.shape[-2], v.shape[-1]))
