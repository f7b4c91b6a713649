"""Reading ``.safetensors``: one file, or several with an index.

The library checks the header; the values are then read straight from their place into an array of
their own, so that no more than one tensor is in memory, and nothing of the file stays mapped.
"""

from __future__ import annotations

import json
import struct
from math import prod
from pathlib import Path
from types import TracebackType

import numpy as np
from safetensors import SafetensorError, safe_open

from isograd.checkpoints.checkpoint import CARRIERS, Place, TensorInfo
from isograd.errors import UsageError
from isograd.ir.mapping import Array

INDEX_FILE = "model.safetensors.index.json"
"""What the index is called by those who publish sharded checkpoints."""

INDEX_SUFFIX = ".safetensors.index.json"


class SafetensorsFile:
    """One file; see `isograd.checkpoints.Checkpoint`.

    Raises `UsageError` when it is missing, cut off, damaged, or holds an element type that is
    smaller than a byte.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        _validate(path)
        places = _places(path)
        self._places = dict(sorted(places.items(), key=lambda item: item[1][1].offset))

    @property
    def names(self) -> tuple[str, ...]:
        """Every tensor, in the order of the file."""
        return tuple(self._places)

    def info(self, name: str) -> TensorInfo:
        """Element type and shape."""
        return self._places[name][0]

    def place(self, name: str) -> Place:
        """Where the values lie."""
        return self._places[name][1]

    def read(self, name: str) -> Array:
        """The values, read from the file now."""
        info, place = self._places[name]
        dtype = CARRIERS[info.dtype]
        try:
            values = np.fromfile(place.path, dtype, prod(info.shape), offset=place.offset)
        except OSError as error:
            raise UsageError(f"Cannot read: {error}.", where=str(place.path)) from None
        if values.nbytes < info.nbytes:
            raise UsageError(
                "Cannot read: the file ends before its last tensor.", where=str(place.path)
            )
        return values.reshape(info.shape)

    def __enter__(self) -> SafetensorsFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is held open."""


class ShardedSafetensors:
    """Several files with an index that says which tensor is in which; see
    `isograd.checkpoints.Checkpoint`.

    Raises `UsageError` when the index or a shard is missing or damaged, when a shard would lie in
    another folder, and when index and shards contradict each other.
    """

    def __init__(self, index: Path) -> None:
        self.path = index
        weight_map = _weight_map(index)
        files = sorted(set(weight_map.values()))
        self._shards = {name: SafetensorsFile(index.parent / name) for name in files}
        _check_agreement(index, weight_map, self._shards)
        self._file_of = {name: shard for shard in self._shards.values() for name in shard.names}

    @property
    def names(self) -> tuple[str, ...]:
        """Every tensor, shard by shard."""
        return tuple(self._file_of)

    def info(self, name: str) -> TensorInfo:
        """Element type and shape."""
        return self._file_of[name].info(name)

    def place(self, name: str) -> Place:
        """Where the values lie."""
        return self._file_of[name].place(name)

    def read(self, name: str) -> Array:
        """The values, read from their shard now."""
        return self._file_of[name].read(name)

    def __enter__(self) -> ShardedSafetensors:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is held open."""


def _validate(path: Path) -> None:
    try:
        with safe_open(path, framework="numpy"):
            pass
    except OSError as error:
        raise UsageError(f"Cannot read: {error.strerror or error}.", where=str(path)) from None
    except SafetensorError as error:
        raise UsageError(
            f"This checkpoint is damaged or cut off: {error}.",
            where=str(path),
            hint="Save or download it again.",
        ) from None


def _places(path: Path) -> dict[str, tuple[TensorInfo, Place]]:
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    odd = sorted(name for name, entry in header.items() if entry["dtype"] not in CARRIERS)
    if odd:
        raise UsageError(
            f"Tensor {odd[0]!r} has the element type {header[odd[0]]['dtype']}, which is not "
            "supported.",
            where=str(path),
        )
    return {
        name: (
            TensorInfo(entry["dtype"], tuple(entry["shape"])),
            Place(path, 8 + length + entry["data_offsets"][0]),
        )
        for name, entry in header.items()
    }


def _weight_map(index: Path) -> dict[str, str]:
    try:
        raw = json.loads(index.read_text(encoding="utf-8"))
        found = raw["weight_map"].items()
    except OSError as error:
        raise UsageError(f"Cannot read: {error.strerror}.", where=str(index)) from None
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise UsageError(
            "This is no index of a sharded checkpoint: it has no 'weight_map'.", where=str(index)
        ) from None
    for name, file in found:
        if not isinstance(file, str) or Path(file).name != file or "\\" in file:
            raise UsageError(
                f"Tensor {name!r} is said to be in {file!r}, which is no file beside the index.",
                where=str(index),
            )
    return dict(found)


def _check_agreement(
    index: Path, weight_map: dict[str, str], shards: dict[str, SafetensorsFile]
) -> None:
    held = {(name, file) for file, shard in shards.items() for name in shard.names}
    wrong = sorted(held ^ set(weight_map.items()))
    if wrong:
        name, file = wrong[0]
        problem = "holds" if wrong[0] in held else "does not hold"
        raise UsageError(
            f"Index and shards contradict each other: {file} {problem} {name!r}, "
            f"the index says otherwise ({len(wrong)} such).",
            where=str(index),
            hint="Download the checkpoint again.",
        )
