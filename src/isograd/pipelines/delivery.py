"""Which items a pipeline delivered, told by their bytes alone."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from isograd.feeding import Delivery
from isograd.ir.mapping import Array
from isograd.pipelines.items import Items, Pair

FOREIGN = -1
"""The number of an item that is not in the source."""

FEW = 0.01
"""With fewer known items than this share, a pipeline changes what it reads."""


def digest(inputs: Array, target: Array) -> bytes:
    """Of one item: its bytes, with their types and shapes."""
    found = blake2b(digest_size=16)
    for array in (inputs, target):
        found.update(f"{array.dtype.str}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.digest()


class Catalogue:
    """The numbers of a source's items by what they are; alike items are dealt out in file order."""

    def __init__(self, items: Items) -> None:
        self._numbers: dict[bytes, list[int]] = {}
        count = 0
        for inputs, targets in items.groups():
            for number in range(len(targets)):
                key = digest(inputs[number], np.asarray(targets[number]))
                self._numbers.setdefault(key, []).append(count)
                count += 1

    def identify(self, batches: Iterable[Pair]) -> NDArray[np.int64]:
        """The number of every delivered item, in the order of delivery; one that comes again has
        its number again, and a `FOREIGN` one is in no source."""
        dealt: dict[bytes, int] = {}
        found: list[int] = []
        for inputs, targets in batches:
            for row in range(len(targets)):
                key = digest(inputs[row], np.asarray(targets[row]))
                numbers = self._numbers.get(key)
                turn = dealt.get(key, 0)
                dealt[key] = turn + 1
                found.append(numbers[turn % len(numbers)] if numbers else FOREIGN)
        return np.array(found, np.int64)


def judge(numbers: NDArray[np.int64], count: int) -> Delivery:
    """Whether an epoch held each of ``count`` items exactly once, as bytes."""
    known = numbers[numbers != FOREIGN]
    times = np.bincount(known, minlength=count)
    foreign = len(numbers) - len(known)
    missing = int((times == 0).sum())
    repeated = int((times > 1).sum())
    if len(known) < FEW * len(numbers):
        return Delivery("inconclusive", len(numbers), missing, repeated, foreign)
    wrong = bool(missing or repeated or foreign)
    return Delivery("wrong" if wrong else "exact", len(numbers), missing, repeated, foreign)
