"""Compilations of `torch.compile` after the first, with dynamo's reasons."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType
from typing import Any
from unittest import mock

import torch
from torch import fx

from isograd.frameworks.torch.views.breaking import line_of
from isograd.frameworks.torch.views.failing import need
from isograd.references import first_line, is_user_file
from isograd.views import Event
from isograd.views.decisions import shown

Reasons = Counter[tuple[str, str | None]]
"""Why something was compiled again, and the user's line, to how often."""

_AFTER = re.compile(r"^torch_dynamo_resume_in_.+_at_(\d+)$")


@dataclass
class Compilations:
    """How many ``graphs`` were compiled at several calls, and what was compiled again."""

    graphs: int
    recompiles: list[Event]
    failures: list[Event] = field(default_factory=list)


def compilations(function: Callable[..., Any], calls: Iterable[Sequence[Any]]) -> Compilations:
    """What is compiled at these calls, made one after the other, and what no longer held where it
    is compiled again. No code is generated: dynamo alone decides that."""
    graphs: list[fx.GraphModule] = []

    def keep(graph: fx.GraphModule, examples: Any) -> Callable[..., Any]:
        graphs.append(graph)
        return graph.forward

    torch._dynamo.reset()
    try:
        with noted() as reasons:
            compiled = torch.compile(function, backend=keep)
            failed = [failure for call in calls if (failure := _failure(compiled, call))]
    finally:
        torch._dynamo.reset()
    return Compilations(len(graphs), _events(reasons), failed)


def _events(reasons: Reasons) -> list[Event]:
    """Reasons that differ by a number alone are one: a counter is another one at each call."""
    found: dict[tuple[str, str | None], Event] = {}
    for (why, source), count in reasons.items():
        key = re.sub(r"\d+", "#", why), source
        if key in found:
            found[key].count += count
        else:
            found[key] = _event(why, source, count)
    return list(found.values())


def _failure(compiled: Callable[..., Any], call: Sequence[Any]) -> Event | None:
    try:
        compiled(*call)
    except Exception as error:
        text = f"torch.compile fails at one of the calls: {first_line(error).rstrip('.')}."
        return Event("refused", text, line_of(error))
    return None


@contextmanager
def noted() -> Iterator[Reasons]:
    """Notes each compilation but the first of a piece of code."""
    ask = need("torch._dynamo.guards.get_and_maybe_log_recompilation_reasons")
    reasons: Reasons = Counter()

    def asked(entries: Any, frame: Any, *rest: Any, **options: Any) -> Any:
        found = ask(entries, frame, *rest, **options)
        if entries:
            reasons[_first(found), _line(frame.f_code)] += 1
        return found

    with mock.patch.object(need("torch._dynamo.convert_frame"), ask.__name__, asked):
        yield reasons


def _first(found: Sequence[str]) -> str:
    """The reason why the latest code did not fit, without dynamo's numbers."""
    said = found[0].splitlines()[0] if found else "no reason was given"
    return re.sub(r"^\d+/\d+: ", "", said).split("  # ")[0].strip()


def _line(code: CodeType) -> str | None:
    """The user's line at which the code begins: a function's first, or that behind a break."""
    if not is_user_file(code.co_filename):
        return None
    after = _AFTER.match(code.co_name)
    return shown((code.co_filename, int(after[1]) if after else code.co_firstlineno))


def _event(why: str, source: str | None, count: int) -> Event:
    why = why if "mismatch" in why else f"{why} does not hold any more"
    return Event("recompile", f"torch.compile compiled again: {why}.", source, count)
