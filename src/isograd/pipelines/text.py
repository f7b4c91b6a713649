"""A text file as items of one size: its lines, or windows of its bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from isograd.errors import UsageError
from isograd.ir.mapping import Array
from isograd.pipelines.items import Pair

GROUP = 1024
"""How many items are stacked at a time where all are read."""


class Lines:
    """Lines: bytes uint8 [length], padded with zeros or cut; the target is how long the line is."""

    targets = None

    def __init__(self, path: Path, length: int) -> None:
        self.path, self.length = path, length
        self._bytes = _mapped(path)
        ends = np.flatnonzero(self._bytes == ord("\n"))
        last = [len(self._bytes)] if self._bytes[-1] != ord("\n") else []
        self._ends = np.append(ends, last).astype(np.int64)
        self._starts = np.append(0, self._ends[:-1] + 1)
        self.count = len(self._ends)

    def item(self, index: int) -> Pair:
        line = self._bytes[self._starts[index] : self._ends[index]]
        if len(line) and line[-1] == ord("\r"):
            line = line[:-1]
        padded = np.zeros(self.length, np.uint8)
        padded[: min(len(line), self.length)] = line[: self.length]
        return padded, np.array(len(line), np.int64)

    def groups(self) -> Iterator[Pair]:
        return _groups(self)


class Windows:
    """Windows of ``length`` bytes, one behind the other: uint8 [length], and the same moved by one
    byte as the target. What is left at the end of the file is no window."""

    targets = None

    def __init__(self, path: Path, length: int) -> None:
        self.path, self.length = path, length
        self._bytes = _mapped(path)
        self.count = len(self._bytes) // (length + 1)
        if not self.count:
            raise UsageError(
                f"This file is shorter than a window of {length} bytes.",
                where=str(path),
                hint="Choose a smaller --window.",
            )

    def item(self, index: int) -> Pair:
        start = index * (self.length + 1)
        record = np.array(self._bytes[start : start + self.length + 1])
        return record[:-1], record[1:]

    def groups(self) -> Iterator[Pair]:
        return _groups(self)


def _groups(items: Lines | Windows) -> Iterator[Pair]:
    for start in range(0, items.count, GROUP):
        some = [items.item(i) for i in range(start, min(start + GROUP, items.count))]
        inputs, targets = zip(*some, strict=True)
        yield np.stack(inputs), np.stack(targets)


def _mapped(path: Path) -> Array:
    if not path.stat().st_size:
        raise UsageError("This file is empty.", where=str(path))
    return np.memmap(path, np.uint8, "r")
