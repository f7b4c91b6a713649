"""What cannot be measured here: a dated table with sources, shown as such wherever it is used."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import cattrs


@dataclass(frozen=True)
class Fact:
    """``runtime`` is what runs a form, or a framework. ``reaches`` says whether it serves a
    ``target`` or a kind of ``hardware``; ``date`` is when ``source`` was read."""

    id: str
    runtime: str
    text: str
    date: str
    source: str
    reaches: bool
    target: str = ""
    hardware: str = ""


@cache
def facts() -> tuple[Fact, ...]:
    """All of them."""
    table = tomllib.loads(files(__package__).joinpath("facts.toml").read_text(encoding="utf-8"))
    converter = cattrs.Converter(forbid_extra_keys=True)
    return tuple(converter.structure(entry, Fact) for entry in table["fact"])


def reach(runtime: str, target: str) -> Fact | None:
    """What is known of a runtime on a target; None for a server, where all of them run."""
    return next((f for f in facts() if f.runtime == runtime and f.target == target), None)


def on_hardware(framework: str, hardware: str) -> Fact | None:
    """What is known of a framework on a kind of hardware that was not measured."""
    return next((f for f in facts() if f.runtime == framework and f.hardware == hardware), None)
