"""What a network is called with: names, shapes and kinds of its inputs, as a user writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from isograd.errors import UsageError, unknown
from isograd.ir.ops.base import Dim, DType, Shape, TensorType

_KINDS: dict[str, DType] = {
    "float": "float",
    "float16": "float",
    "bfloat16": "float",
    "float32": "float",
    "float64": "float",
    "int": "int",
    "int32": "int",
    "int64": "int",
    "bool": "bool",
}

_FORM = re.compile(
    r"(?:(?P<name>[^=\[\]<]*)=)?(?P<kind>\w+)\[(?P<shape>[^\[\]]*)\](?:<(?P<below>.*))?"
)

EXAMPLE = '"x=float32[N,3,224,224]" or "tokens=int64[N,T]<1000"'


@dataclass(frozen=True)
class InputSpec:
    """One input: its name, its shape (numbers, and symbols for sizes that are left open), its kind,
    and for whole numbers the bound that they stay below.
    """

    name: str
    shape: Shape
    dtype: DType = "float"
    below: int | None = None

    @property
    def type(self) -> TensorType:
        return TensorType(self.shape, self.dtype)

    def __str__(self) -> str:
        """As a user writes it; `parse_input` reads it."""
        kind = {"float": "float32", "int": "int64", "bool": "bool"}[self.dtype]
        bound = "" if self.below is None else f"<{self.below}"
        return f"{self.name}={kind}[{','.join(map(str, self.shape))}]{bound}"


def parse_input(text: str, name: str = "x") -> InputSpec:
    """``x=float32[N,3,224,224]``, ``tokens=int64[N,T]<1000``; ``name`` is for a text without one.

    Raises `UsageError` that says what is wrong with the text.
    """
    found = _FORM.fullmatch(re.sub(r"\s*([=\[\],<])\s*", r"\1", text.strip()))
    if found is None:
        raise UsageError(f"{text!r} is no input.", hint=f"Write it like {EXAMPLE}.")
    if found["kind"] not in _KINDS:
        raise unknown("kind of input", found["kind"], _KINDS)
    given = found["name"] if found["name"] is not None else name
    if not given.isidentifier():
        raise UsageError(f"{given!r} cannot be an input's name.", hint=f"Write it like {EXAMPLE}.")
    kind = _KINDS[found["kind"]]
    shape = tuple(_size(size, text) for size in found["shape"].split(",")) if found["shape"] else ()
    return InputSpec(given, shape, kind, _below(found["below"], kind, text))


def _size(size: str, text: str) -> Dim:
    if size.isdecimal() and int(size) > 0:
        return int(size)
    if size.isidentifier():
        return size
    raise UsageError(
        f"{size!r} is no size (in {text!r}).",
        hint="A size is a positive number, or a name such as N for one that is left open.",
    )


def _below(below: str | None, kind: DType, text: str) -> int | None:
    if below is None:
        return None
    if kind != "int":
        raise UsageError(f"Only whole numbers have a bound (in {text!r}).")
    if not below.isdecimal() or int(below) < 1:
        raise UsageError(f"{below!r} is no bound (in {text!r}).", hint="Write a positive number.")
    return int(below)
