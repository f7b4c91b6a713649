"""What was counted in scripts of both frameworks: one typed record, written as versioned JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from isograd.effort.source import Usage
from isograd.result import Saved

SCHEMA = "isograd/effort/1"


@dataclass
class Script:
    """A network with its training in one framework. ``network`` is what it is called in both,
    ``origin`` who wrote it: ``emitted`` (by ``isograd convert``, with its ``train.py``) or
    ``example``."""

    network: str
    framework: str
    origin: str
    usage: Usage


@dataclass
class Effort(Saved):
    """All scripts, each network in both frameworks."""

    command: str
    created: str
    environment: dict[str, Any]
    scripts: list[Script] = field(default_factory=list)
    schema: str = SCHEMA
