"""What really goes wrong in ports: the catalogue, as data.

An entry says what it looks for, what to tell the user, how to mend it in each framework's own code,
and where that is written. It is only a name: whether a difference is a cause is decided by making
the difference go away.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import cattrs

from isograd.ir.alignment import Difference
from isograd.ir.graph import Node


@dataclass(frozen=True)
class Entry:
    """One known cause, and the differences that it names.

    A difference of two graphs is one in ``attribute`` of one of ``ops``; or of the ``order`` in
    which one of ``ops`` sees its input; or of parameters that are ``tied`` on one side; or of what
    ``stands`` there, one or several: ``"Softmax"`` on one side and nothing on the other,
    ``"HardSigmoid / Clip AddScalar MultiplyScalar"`` the one or the other. A difference of two
    recipes is one of its ``fields``. ``when`` is a condition besides, see `CONDITIONS`.

    ``summary`` is a sentence in which ``{reference}`` and ``{twin}`` stand for what is found on
    both sides; ``fix`` is code in each framework's own terms, ``source`` where to read about it.
    ``harmless`` says why nothing changes, for where it is found to change nothing.
    """

    id: str
    summary: str
    fix: dict[str, str]
    source: str
    ops: tuple[str, ...] = ()
    attribute: str = ""
    order: bool = False
    tied: bool = False
    stands: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    when: str = ""
    harmless: str = ""

    def names(self, difference: Difference) -> bool:
        """Whether this is what differs between two graphs."""
        return self._looks_like(difference) and (not self.when or CONDITIONS[self.when](difference))

    def _looks_like(self, difference: Difference) -> bool:
        ours, theirs = (tuple(map(kind, nodes)) for nodes in difference.only)
        if self.attribute:
            return difference.attribute == self.attribute and ours[0] in self.ops
        if self.order:
            return ours == theirs and not difference.attribute and {*ours} <= {*self.ops}
        if self.tied:
            return bool(difference.role)
        found = sorted((" ".join(ours), " ".join(theirs)))
        return not difference.attribute and any(
            sorted((one + " / ").split(" / ")[:2]) == found for one in self.stands
        )


def kind(node: Node) -> str:
    """The name of a node's op."""
    return type(node.op).__name__


def _is_lopsided(difference: Difference) -> bool:
    """Whether one side pads more behind than in front, as SAME does at some sizes."""
    return any(before != after for side in difference.values for before, after in side)


CONDITIONS: dict[str, Callable[[Difference], bool]] = {"lopsided": _is_lopsided}
"""What an entry can ask for besides."""


@cache
def catalogue() -> tuple[Entry, ...]:
    """All entries; the first one that names a difference is its name."""
    text = files("isograd.causes").joinpath("catalogue.toml").read_text(encoding="utf-8")
    return tuple(cattrs.structure(raw, Entry) for raw in tomllib.loads(text)["cause"])


def known_ids() -> tuple[str, ...]:
    """The ids of all entries."""
    return tuple(entry.id for entry in catalogue())
