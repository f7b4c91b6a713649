"""Something that was seen once, in a process of its own: a record for what has no other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from isograd.result import Saved

SCHEMA = "isograd/observation/1"


@dataclass
class Observation(Saved):
    """``name`` says what was looked at, ``observed`` what was seen; ``environment`` as in a
    `Result`."""

    name: str
    command: str
    created: str
    environment: dict[str, Any]
    observed: dict[str, Any]
    schema: str = SCHEMA
