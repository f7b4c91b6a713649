"""Errors a user can meet: what was wrong, where, and what to do next.

Every class carries the process exit code that the command line ends with.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

FEW = 6
"""How many known names fit into a message even if one of them is suggested."""


class IsogradError(Exception):
    """Base of all expected errors.

    Args:
        what: what was wrong, one sentence.
        where: the user's file and line, or the option, if there is one.
        hint: what to do next.

    """

    exit_code = 2

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def sentence(self, *, where: bool = False) -> str:
        """What was wrong, and what to do next, in one line; the place between them if wanted."""
        return " ".join(filter(None, (self.what, self.where if where else None, self.hint)))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.what, self.__dict__)

    def __str__(self) -> str:
        return "\n".join(part for part in (self.what, self.where, self.hint) if part)


def _restore(cls: type[IsogradError], what: str, state: dict[str, Any]) -> IsogradError:
    error = cls.__new__(cls, what)
    error.__dict__.update(state)
    return error


class UsageError(IsogradError):
    """Bad usage or bad input (exit code 2)."""

    exit_code = 2


class DataDependent(UsageError):
    """A network chooses by the values of its inputs what to compute, so that no one graph holds it.
    ``framework`` is its own."""

    def __init__(self, framework: str, *, where: str | None, choice: str) -> None:
        super().__init__(
            "The network decides what to compute by the values of its inputs; one graph cannot "
            "hold that.",
            where=where,
            hint=f"Choose by {choice} instead of by `if` and `while`. `isograd graph` shows what "
            "it does as it is.",
        )
        self.framework = framework


class MissingDependency(IsogradError):
    """Something that is needed is not installed (exit code 3)."""

    exit_code = 3


class WorkerError(IsogradError):
    """A worker failed (exit code 4); ``status`` is ``crashed``, ``out of memory``, ``timed out`` or
    ``failed``."""

    exit_code = 4

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        hint: str | None = None,
        status: str = "failed",
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.status = status


def unknown(kind: str, given: str, known: Iterable[str]) -> UsageError:
    """A `UsageError` for an unknown name, with the nearest known one suggested, and all of them
    where they are few or none is near."""
    choices = sorted(known)
    near = difflib.get_close_matches(given, choices, n=1, cutoff=0.5)
    hints = [f"Did you mean {near[0]!r}?"] if near else []
    if not near or len(choices) <= FEW:
        hints.append(f"Known: {', '.join(choices)}.")
    return UsageError(f"Unknown {kind} {given!r}.", hint=" ".join(hints))
