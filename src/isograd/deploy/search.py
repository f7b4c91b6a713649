"""Which points are measured, and in which order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import count

from isograd.deploy.candidates import CANDIDATES, Candidate
from isograd.deploy.target import Target
from isograd.errors import unknown
from isograd.frontier import Point

DENSE = "dense"
"""The network as it was trained."""

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2, "int8": 1}
"""Of one weight, in a form that stores it in its own precision."""

LIGHT = ("onnxruntime", "litert")
"""Runtimes that do nothing but run networks: they start in a fraction of a second and spend least
around the arithmetic of a call, so that a search begins with them."""


@dataclass(frozen=True)
class Task:
    """A point to be measured."""

    variant: str
    candidate: Candidate

    @property
    def id(self) -> str:
        """``structured-50/torch/int8-static``."""
        return f"{self.variant}/{self.candidate.id}"


def check_patterns(only: Sequence[str], variants: Sequence[str]) -> None:
    """Raises `UsageError`, with the nearest one that is there, for a pattern of no point."""
    ids = [f"{variant}/{candidate.id}" for variant in variants for candidate in CANDIDATES]
    for pattern in only:
        if not any(_matches(pattern, id) for id in ids):
            near = [c.id for c in CANDIDATES] if pattern.count("/") < 2 else ids
            raise unknown("form", pattern, near)


def named_variants(only: Sequence[str]) -> tuple[str, ...]:
    """The variants that patterns name in full, such as ``structured-30/torch/*``."""
    firsts = [pattern.split("/")[0] for pattern in only if pattern.count("/") >= 2]
    return tuple(dict.fromkeys(name for name in firsts if not set(name) & set("*?[")))


def alone(only: Sequence[str], target: Target | None, weights: int) -> list[Task]:
    """Every form of the dense network by itself. ``weights`` are how many the network has."""
    tasks = [Task(DENSE, candidate) for candidate in CANDIDATES]
    chosen = [task for task in tasks if _wanted(task, only)]
    return _likely_first(chosen, target, weights)


def of_variant(
    name: str, points: Sequence[Point], only: Sequence[str], target: Target | None, weights: int
) -> list[Task]:
    """Forms of a variant: those that are asked for by name, or else what the variant does by itself
    (the plain form of each framework) and together with each form that helped the dense network
    (those on its front)."""
    if only:
        tasks = [Task(name, candidate) for candidate in CANDIDATES]
        chosen = [task for task in tasks if _wanted(task, only)]
    else:
        helped = {p.candidate for p in points if p.variant == DENSE and p.pareto}
        plain = {next(c.id for c in CANDIDATES if c.framework == f) for f in _frameworks()}
        chosen = [Task(name, c) for c in CANDIDATES if c.id in helped | plain]
    return _likely_first(chosen, target, weights)


def _frameworks() -> list[str]:
    return list(dict.fromkeys(candidate.framework for candidate in CANDIDATES))


def _wanted(task: Task, only: Sequence[str]) -> bool:
    return not only or any(_matches(pattern, task.id) for pattern in only)


def _matches(pattern: str, id: str) -> bool:
    """With a variant or without one."""
    return fnmatchcase(id, pattern) or fnmatchcase(id.partition("/")[2], pattern)


def _likely_first(tasks: list[Task], target: Target | None, weights: int) -> list[Task]:
    """What takes a training goes behind what does not, and what a runtime of its own runs goes
    first; the frameworks take turns, so that a budget that ends has served both alike. With a
    target, what cannot be small enough goes last."""
    limit = target.limit("size") if target else None

    def hopeless(task: Task) -> bool:
        return limit is not None and BYTES[task.candidate.precision] * weights > limit

    def group(task: Task) -> tuple[bool, bool, bool]:
        one = task.candidate
        return hopeless(task), one.tuned, one.runtime not in LIGHT

    lanes: defaultdict[tuple[str, tuple[bool, bool, bool]], count[int]] = defaultdict(count)
    turns = {task: next(lanes[task.candidate.framework, group(task)]) for task in tasks}
    return sorted(tasks, key=lambda task: (group(task), turns[task]))
