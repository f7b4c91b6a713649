"""Units: what can only be taken out of a network as a whole, or not at all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
"""The unit that each index along an axis belongs to; `STAYS` where it is to be left alone."""

STAYS = 0


class Units:
    """Numbers that are joined while a network is followed (union-find).

    A unit that is fixed stays in the network, and with it all that it is joined to; the first
    reason is kept.
    """

    def __init__(self) -> None:
        self._parent: list[int] = [STAYS]
        self._reasons: dict[int, str] = {STAYS: ""}

    def __len__(self) -> int:
        return len(self._parent)

    def fresh(self, count: int) -> Labels:
        """New units, one for each index."""
        first = len(self._parent)
        self._parent.extend(range(first, first + count))
        return np.arange(first, first + count)

    def unite(self, a: Labels, b: Labels, why: str) -> None:
        """Index by index, what belongs to one belongs to the other; ``why`` is the reason where
        one of the two stays."""
        pairs = np.unique(np.stack([a.ravel(), b.ravel()]), axis=1)
        for left, right in pairs.T.tolist():
            self._join(left, right, why)

    def fix(self, labels: Labels, why: str) -> None:
        """Units that stay, and the reason."""
        for unit in np.unique(labels).tolist():
            self._reasons.setdefault(self._root(unit), why)

    def roots(self, labels: Labels) -> Labels:
        """One number for all units that go together; `STAYS` for those that are fixed."""
        found, back = np.unique(labels, return_inverse=True)
        roots = [self._root(unit) for unit in found.tolist()]
        shown = [STAYS if root in self._reasons else root for root in roots]
        return np.asarray(np.array(shown, np.int64)[back].reshape(labels.shape))

    def reason(self, unit: int) -> str:
        """Why it stays; empty where it does not have to."""
        return self._reasons.get(self._root(unit), "")

    def _join(self, a: int, b: int, why: str) -> None:
        if STAYS in (a, b):
            self._reasons.setdefault(self._root(max(a, b)), why)
            return
        left, right = self._root(a), self._root(b)
        if left == right:
            return
        self._parent[right] = left
        if right in self._reasons:
            self._reasons.setdefault(left, self._reasons.pop(right))

    def _root(self, unit: int) -> int:
        while self._parent[unit] != unit:
            self._parent[unit] = unit = self._parent[self._parent[unit]]
        return unit


def nothing(size: int) -> Labels:
    """Labels of an axis that stays as it is."""
    return np.zeros(size, np.int64)


def is_whole(labels: Labels | None) -> bool:
    """Whether nothing along the axis could be taken out; None is an axis of open size."""
    return labels is None or not labels.any()
