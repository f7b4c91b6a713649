"""Names of operations: no two of a view have the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


class Names:
    """Gives ``mm``, ``mm_1``, ``mm_2``, ... as FX does."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._next: Counter[str] = Counter()

    def new(self, wanted: str) -> str:
        """A name that was not given before."""
        name = wanted
        while name in self._taken:
            self._next[wanted] += 1
            name = f"{wanted}_{self._next[wanted]}"
        self._taken.add(name)
        return name
