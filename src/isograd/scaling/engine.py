"""What a framework says of its ways to train with several workers."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PORT = 29400
"""Where the workers of several hosts meet, and the first port of TensorFlow's servers."""


@dataclass(frozen=True)
class Engine:
    """A way to train with several workers.

    ``crossings`` is how often a hop crosses the link before its numbers are there (a request and an
    answer are two). ``unmodelled`` says why `isograd.scaling.cost` is no model of it; empty where
    gradients go around a ring, in one piece.
    ``hosts``: whether it goes over several machines. ``restarts_itself``: it starts dead workers
    again. ``recovery`` says what happens when a worker dies, ``statistics`` whose they are in batch
    normalisation.
    """

    name: str
    title: str
    recovery: str
    hosts: bool = True
    restarts_itself: bool = False
    crossings: int = 1
    unmodelled: str = ""
    statistics: str = ""


@dataclass(frozen=True)
class Task:
    """A script of the job's folder, and what it is started with.

    ``hosts`` are addresses of machines, each with one worker; empty: all workers are on this one.
    ``restarts`` is how often the workers may be started again when one dies.
    """

    engine: str
    workers: int
    folder: Path
    script: str
    arguments: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    port: int = PORT
    restarts: int = 0
    interface: str = ""
    python: str = "python"


@dataclass(frozen=True)
class Command:
    """One process that a person would start: by hand, on ``host`` (empty: here)."""

    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    host: str = ""

    def __str__(self) -> str:
        """As it is typed into a shell."""
        settings = [f"{name}={shlex.quote(value)}" for name, value in self.environment.items()]
        return " ".join([*settings, shlex.join(self.words)])


@dataclass(frozen=True)
class Plan:
    """How an engine is started on several hosts: by hand, or by Slurm."""

    commands: list[Command]
    slurm: str


def shell_script(commands: Sequence[Command]) -> str:
    """A script that starts all of them and waits, for a single machine."""
    if len(commands) == 1:
        return f"#!/bin/sh\n{commands[0]}\n"
    lines = [f"{command} &" for command in commands]
    return "\n".join(["#!/bin/sh", *lines, "wait", ""])
