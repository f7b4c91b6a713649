"""The statements, as data: what is said, where, and how it is tested."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import cattrs

from isograd.errors import unknown


@dataclass(frozen=True)
class Source:
    """Where something is said: a title, and its address."""

    title: str
    url: str


@dataclass(frozen=True)
class Claim:
    """``statement`` is what is usually said, ``tested`` how it is tested here, ``limits`` what that
    leaves open. ``needs`` are the small runs that make its evidence (`isograd.run.experiments`).
    """

    id: str
    statement: str
    tested: str
    needs: tuple[str, ...]
    limits: str = ""
    sources: tuple[Source, ...] = field(default_factory=tuple)


@cache
def catalogue() -> tuple[Claim, ...]:
    """All statements, in the order in which they are told."""
    text = files("isograd.claims").joinpath("catalogue.toml").read_text(encoding="utf-8")
    return tuple(cattrs.structure(raw, Claim) for raw in tomllib.loads(text)["claim"])


def chosen(ids: Sequence[str]) -> tuple[Claim, ...]:
    """The statements of these ids, in the catalogue's order; all if none are named. Raises
    `UsageError`, with the nearest id, for one that is not there."""
    known = {claim.id for claim in catalogue()}
    for id in ids:
        if id not in known:
            raise unknown("claim", id, known)
    return tuple(claim for claim in catalogue() if not ids or claim.id in ids)
