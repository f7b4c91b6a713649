"""What a checkpoint offers, whatever its file format; and the element types it may hold."""

from __future__ import annotations

from math import prod
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol

import numpy as np

from isograd.ir.mapping import Array

CARRIERS: dict[str, np.dtype] = {
    code: np.dtype(carrier)
    for code, carrier in {
        "F64": "<f8",
        "F32": "<f4",
        "F16": "<f2",
        "BF16": "<u2",
        "F8_E4M3": "u1",
        "F8_E5M2": "u1",
        "F8_E8M0": "u1",
        "F8_E4M3FNUZ": "u1",
        "F8_E5M2FNUZ": "u1",
        "C64": "<c8",
        "I64": "<i8",
        "I32": "<i4",
        "I16": "<i2",
        "I8": "i1",
        "U64": "<u8",
        "U32": "<u4",
        "U16": "<u2",
        "U8": "u1",
        "BOOL": "?",
    }.items()
}
"""Element type, as safetensors calls it, to the NumPy type that carries its bits. NumPy has no
bfloat16 and no float8 of its own; moving them needs no arithmetic, so that integers carry them."""

CODES: dict[np.dtype, str] = {
    carrier: code for code, carrier in CARRIERS.items() if not code.startswith(("BF16", "F8"))
}
"""NumPy type to the element type that it stands for where nothing else is said."""


class TensorInfo(NamedTuple):
    """Element type (a key of `CARRIERS`) and shape of one tensor."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        return CARRIERS[self.dtype].itemsize * prod(self.shape)


class Place(NamedTuple):
    """Where a file holds a tensor's values as they are in memory, in C order: bytes from its
    begin."""

    path: Path
    offset: int


class Checkpoint(Protocol):
    """Named tensors in a file or several; a context manager that closes them.

    Names of optimizer state are ``optimizer/step`` and ``optimizer/SLOT/PARAMETER``, with the slots
    of `isograd.training.optimizers`.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """Every tensor, in the order in which reading is quickest."""

    def info(self, name: str) -> TensorInfo:
        """Element type and shape; nothing is read. Raises `KeyError` for an unknown name."""

    def place(self, name: str) -> Place | None:
        """Where the values lie, or None where they are packed or not to be had as bytes. Raises
        `KeyError` for an unknown name."""

    def read(self, name: str) -> Array:
        """The values, in C order, in the type that `CARRIERS` names. Raises `KeyError` for an
        unknown name and `UsageError` when the file cannot be read."""

    def __enter__(self) -> Checkpoint:
        """The checkpoint itself."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes the files."""
