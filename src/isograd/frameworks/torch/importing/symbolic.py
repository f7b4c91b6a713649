"""Sizes of an exported program (SymPy expressions) as the IR's sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy
import torch
from torch import Tensor
from torch.utils._sympy.functions import FloorDiv

from isograd.errors import UsageError
from isograd.ir.ops.base import DType, Shape, TensorType
from isograd.ir.sizes import Dim, add, multiply

KINDS: dict[torch.dtype, DType] = {
    torch.float32: "float",
    torch.float64: "float",
    torch.int64: "int",
    torch.int32: "int",
    torch.bool: "bool",
}
"""Element types that a network may compute with. Narrower integers wrap around and narrower
floating types round otherwise, so that a graph without widths cannot stand for them. A table that
is made in float64 is a constant of the precision in which the network runs."""


@dataclass
class Sizes:
    """The user's name for each symbol of the exported program."""

    names: dict[sympy.Symbol, str] = field(default_factory=dict)

    def dim(self, size: Any) -> Dim:
        """A size as the IR writes it. Raises `UsageError` when it is no polynomial of the sizes of
        the inputs with whole coefficients.
        """
        if isinstance(size, int):
            return int(size)
        expression = sympy.expand(size.node.expr.replace(FloorDiv, _divided))
        if expression.is_Integer:
            return int(expression)
        return add(*(self._term(term, expression) for term in sympy.Add.make_args(expression)))

    def shape(self, sizes: Any) -> Shape:
        return tuple(self.dim(size) for size in sizes)

    def type(self, value: Tensor) -> TensorType:
        """Raises `UsageError` for an element type that a graph cannot hold."""
        if value.dtype not in KINDS:
            name = str(value.dtype).removeprefix("torch.")
            raise UsageError(
                f"The network computes with {name}.",
                hint="Supported: float32, int64, int32 and bool. `model.float()` converts it.",
            )
        return TensorType(self.shape(value.shape), KINDS[value.dtype])

    def _term(self, term: sympy.Expr, whole: sympy.Expr) -> Dim:
        factors: list[Dim] = []
        for factor in sympy.Mul.make_args(term):
            base, exponent = factor.as_base_exp()
            if base in self.names and exponent.is_Integer and exponent > 0:
                factors += [self.names[base]] * int(exponent)
            elif factor.is_Integer:
                factors.append(int(factor))
            else:
                raise self._no_polynomial(whole)
        return multiply(*factors)

    def _no_polynomial(self, whole: sympy.Expr) -> UsageError:
        text = str(whole.xreplace({s: sympy.Symbol(n) for s, n in self.names.items()}))
        free = sorted(self.names.get(symbol, str(symbol)) for symbol in whole.free_symbols)
        return UsageError(
            f"A size of the network is {text}, which is no polynomial of the inputs' sizes.",
            hint=f"Give {' and '.join(free)} as a number.",
        )


def _divided(dividend: sympy.Expr, divisor: sympy.Expr) -> sympy.Expr:
    """The quotient, where the division leaves nothing over whatever the sizes are."""
    quotient, rest = sympy.div(dividend, divisor)
    whole = rest == 0 and all(number.is_Integer for number in sympy.Poly(quotient).coeffs())
    return quotient if whole else FloorDiv(dividend, divisor)


def concrete(shape: Shape, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The shape of an input with a number for each symbol."""
    return tuple(sizes[size] if isinstance(size, str) else size for size in shape)
