"""What an op is: a frozen dataclass that checks its attributes and infers its output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

from isograd.ir.sizes import Dim

Shape = tuple[Dim, ...]

DType = Literal["float", "int", "bool"]


class ShapeError(ValueError):
    """An op cannot take inputs of these shapes; the message says which and why."""


@dataclass(frozen=True)
class TensorType:
    """Logical shape and element kind of a value.

    ``dtype`` is ``"float"`` (the precision is chosen when the network runs), ``"int"`` (64 bit) or
    ``"bool"``.
    """

    shape: Shape
    dtype: DType = "float"

    @property
    def rank(self) -> int:
        return len(self.shape)

    def with_shape(self, shape: Shape) -> TensorType:
        return TensorType(tuple(shape), self.dtype)


@dataclass(frozen=True)
class Initializer:
    """How a parameter starts: ``uniform`` in [-value, value], ``normal`` with standard deviation
    ``value``, or ``constant`` at ``value``.
    """

    kind: Literal["uniform", "normal", "constant"]
    value: float


@dataclass(frozen=True)
class ParameterSpec:
    """Shape (logical, all numbers), trainability and initial distribution of one parameter; only
    those of kind ``"float"`` can be trainable.
    """

    shape: tuple[int, ...]
    init: Initializer
    trainable: bool = True
    dtype: DType = "float"


@dataclass(frozen=True)
class Op:
    """Base of all ops. A subclass is registered by its class name.

    Subclasses declare their attributes as dataclass fields, check them in ``__post_init__``, and
    define `infer`; those that own parameters also define `parameters`. ``arity`` is how many inputs
    the op takes; None stands for one or more, a tuple (least, most) for a range. ``behind`` names
    the ops of which one must make the input, where more than its value is read.
    """

    registry: ClassVar[dict[str, type[Op]]] = {}
    arity: ClassVar[int | tuple[int, int] | None] = 1
    behind: ClassVar[tuple[type[Op], ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.__name__.startswith("_"):
            Op.registry[cls.__name__] = cls

    def check_arity(self, count: int) -> None:
        """Raises `ShapeError` when the op does not take ``count`` inputs."""
        if self.arity is None and count < 1:
            raise ShapeError("one or more inputs are needed, got none")
        if isinstance(self.arity, int) and count != self.arity:
            raise ShapeError(f"the number of inputs must be {self.arity}, got {count}")
        if isinstance(self.arity, tuple) and not self.arity[0] <= count <= self.arity[1]:
            least, most = self.arity
            raise ShapeError(f"the number of inputs must be {least} to {most}, got {count}")

    def check_behind(self, maker: Op | None) -> None:
        """Raises `ShapeError` when ``maker``, which makes the input, is not what it must be."""
        if self.behind and not isinstance(maker, self.behind):
            wanted = " or ".join(kind.__name__ for kind in self.behind)
            raise ShapeError(f"{type(self).__name__} must read what {wanted} makes")

    def infer(self, *inputs: TensorType) -> TensorType:
        """The output's type. Raises `ShapeError` when the inputs do not fit."""
        raise NotImplementedError

    def parameters(self, *inputs: TensorType) -> dict[str, ParameterSpec]:
        """Role (``"weight"``, ``"running_var"``, ...) to specification of each parameter."""
        return {}

    def attributes(self) -> dict[str, Any]:
        """Field name to value, in declaration order."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any]) -> Op:
        """The inverse of `attributes`; JSON lists become tuples again."""
        return cls(**{key: _tuples(value) for key, value in attributes.items()})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def static(dim: Dim, what: str) -> int:
    """``dim`` as a number. Raises `ShapeError` when it is symbolic."""
    if not isinstance(dim, int):
        raise ShapeError(f"{what} must be a known number, not the symbolic size {dim!r}")
    return dim


def normalize_axis(axis: int, rank: int) -> int:
    """``axis`` counted from the front. Raises `ShapeError` when it is out of range."""
    if not -rank <= axis < rank:
        raise ShapeError(f"axis {axis} is out of range for a value with {rank} dimensions")
    return axis % rank


def floating(value: TensorType, what: str) -> TensorType:
    """``value`` itself. Raises `ShapeError` unless it holds floating-point numbers."""
    if value.dtype != "float":
        raise ShapeError(f"{what} needs floating-point values, not {_KINDS[value.dtype]}")
    return value


def numeric(value: TensorType, what: str) -> TensorType:
    """``value`` itself. Raises `ShapeError` when it holds truth values."""
    if value.dtype == "bool":
        raise ShapeError(f"{what} needs numbers, not {_KINDS[value.dtype]}")
    return value


def boolean(value: TensorType, what: str) -> TensorType:
    """``value`` itself. Raises `ShapeError` unless it holds truth values."""
    if value.dtype != "bool":
        raise ShapeError(f"{what} needs truth values, not {_KINDS[value.dtype]}")
    return value


_KINDS = {"float": "floating-point values", "int": "integers", "bool": "truth values"}


def broadcast_shapes(a: Shape, b: Shape) -> Shape:
    """The shape two operands broadcast to (NumPy's rule). Raises `ShapeError` if they do not.

    A symbolic size fits itself and 1 only.
    """
    rank = max(len(a), len(b))
    left = (1,) * (rank - len(a)) + a
    right = (1,) * (rank - len(b)) + b
    result: list[Dim] = []
    for i, j in zip(left, right, strict=True):
        if i != j and i != 1 and j != 1:
            raise ShapeError(f"shapes {a} and {b} do not broadcast")
        result.append(j if i == 1 else i)
    return tuple(result)
