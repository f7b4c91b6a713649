"""Values that come from no other value: parameters by themselves, constants, counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from isograd.ir.ops.base import (
    DType,
    Initializer,
    Op,
    ParameterSpec,
    Shape,
    ShapeError,
    TensorType,
)
from isograd.ir.ops.checks import check_whole, is_whole, refuse
from isograd.ir.ops.literal import _WithLiteral, check_kind, check_literal
from isograd.ir.sizes import Dim, is_canonical, subtract


@dataclass(frozen=True)
class Parameter(Op):
    """A trained tensor by itself, such as a class token or a table of positions.

    Parameters: ``value`` of shape ``shape``, which may be empty. It starts normal with standard
    deviation 0.02.
    """

    shape: tuple[int, ...]
    arity: ClassVar[int | None] = 0

    def __post_init__(self) -> None:
        _check_known_shape(self)

    def infer(self, *inputs: TensorType) -> TensorType:
        return TensorType(self.shape)

    def parameters(self, *inputs: TensorType) -> dict[str, ParameterSpec]:
        return {"value": ParameterSpec(self.shape, Initializer("normal", 0.02))}


@dataclass(frozen=True)
class Buffer(Op):
    """A stored tensor that is not trained, such as a mask or a table of angles.

    Parameters: ``value`` of shape ``shape``, which may be empty, and kind ``dtype``. It starts at
    zero, or false.
    """

    shape: tuple[int, ...]
    dtype: DType = "float"
    arity: ClassVar[int | None] = 0

    def __post_init__(self) -> None:
        _check_known_shape(self)
        check_kind(self)

    def infer(self, *inputs: TensorType) -> TensorType:
        return TensorType(self.shape, self.dtype)

    def parameters(self, *inputs: TensorType) -> dict[str, ParameterSpec]:
        start = Initializer("constant", 0.0)
        return {"value": ParameterSpec(self.shape, start, trainable=False, dtype=self.dtype)}


@dataclass(frozen=True)
class Scalar(_WithLiteral):
    """A constant without axes: a number, which may be infinite, or a truth value."""

    value: float | bool
    dtype: DType = "float"
    arity: ClassVar[int | None] = 0

    def __post_init__(self) -> None:
        check_kind(self)
        check_literal(self, self.dtype)

    def infer(self, *inputs: TensorType) -> TensorType:
        return TensorType((), self.dtype)


@dataclass(frozen=True)
class Full(_WithLiteral):
    """The constant ``value``, which may be infinite, everywhere in a value of shape ``shape``,
    whose sizes may be symbolic.
    """

    shape: Shape
    value: float | bool
    dtype: DType = "float"
    arity: ClassVar[int | None] = 0

    def __post_init__(self) -> None:
        check_kind(self)
        check_literal(self, self.dtype)
        if not (isinstance(self.shape, tuple) and all(map(_is_size, self.shape))):
            refuse(self, "shape", "a tuple of sizes")

    def infer(self, *inputs: TensorType) -> TensorType:
        return TensorType(self.shape, self.dtype)


@dataclass(frozen=True)
class Arange(Op):
    """The whole numbers from ``start`` up to, but without, ``stop`` in steps of ``step``. Sizes
    may be symbolic if the step is 1.
    """

    start: Dim
    stop: Dim
    step: int = 1
    arity: ClassVar[int | None] = 0

    def __post_init__(self) -> None:
        for name in ("start", "stop"):
            value = getattr(self, name)
            if not (is_whole(value) or _is_symbolic(value)):
                refuse(self, name, "a whole number or a symbolic size")
        check_whole(self, "step")
        if self.step == 0:
            refuse(self, "step", "a whole number other than 0")

    def infer(self, *inputs: TensorType) -> TensorType:
        extent = subtract(self.stop, self.start)
        if isinstance(extent, str):
            if self.step != 1:
                raise ShapeError(f"Arange over the symbolic size {extent!r} takes step 1 only")
            return TensorType((extent,), "int")
        count = -(-extent // self.step)
        if count < 1:
            raise ShapeError(f"Arange from {self.start} to {self.stop} by {self.step} is empty")
        return TensorType((count,), "int")


def _check_known_shape(op: Parameter | Buffer) -> None:
    if not (isinstance(op.shape, tuple) and all(is_whole(size, 1) for size in op.shape)):
        refuse(op, "shape", "a tuple of whole numbers of at least 1")


def _is_size(size: object) -> bool:
    return is_whole(size, 1) or _is_symbolic(size)


def _is_symbolic(size: object) -> bool:
    return isinstance(size, str) and is_canonical(size)
