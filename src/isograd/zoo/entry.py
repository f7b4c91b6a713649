"""What the zoo says about a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from isograd.ir.graph import Graph


@dataclass(frozen=True)
class ZooEntry:
    """A built-in network: its name, one line about it, how to build it, and the data set and loss
    that it is trained with unless the user says otherwise.
    """

    name: str
    summary: str
    build: Callable[[], Graph]
    data: str
    loss: str
