"""Where Python asks for the value of a tensor, and what it decides by it."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

from isograd.ir.builder import portable_path
from isograd.references import is_user_file
from isograd.views.view import Event, Kind

Line = tuple[str, int]
"""File and line."""

Statement = Literal["loop", "rounds", "branch", "value"]
"""What an asked value is for: it ends a loop, says how many rounds a loop has, chooses a branch, or
goes to Python."""

EVENT_OF: dict[Statement, Kind] = {
    "loop": "loop",
    "rounds": "loop",
    "branch": "branch",
    "value": "constant",
}


@dataclass
class Decisions:
    """The user's lines at which a value was asked for, and how often."""

    asked: Counter[Line] = field(default_factory=Counter)

    def note(self, frames: Iterable[Line]) -> None:
        """A value is asked for; frames go from the innermost outwards. What no line of the user's
        asks for is left out."""
        own = next((frame for frame in frames if is_user_file(frame[0])), None)
        if own is not None:
            self.asked[own] += 1

    def events(self) -> list[Event]:
        """What Python decided, in the order in which it came to the lines."""
        return [_event(line, count) for line, count in self.asked.items()]


def _event(line: Line, count: int) -> Event:
    kind = statement_at(*line)
    times = "once" if count == 1 else f"{count} times"
    text = {
        "loop": f"A loop of Python's asks for a tensor's value before each round, {times} here.",
        "rounds": f"A loop of Python's has as many rounds as a tensor's value says, asked {times}.",
        "branch": "A branch of Python's chose one side, and that alone was recorded.",
        "value": f"Python takes a tensor's value out of the graph, {times} here.",
    }[kind]
    return Event(EVENT_OF[kind], text, shown(line))


def shown(line: Line) -> str:
    """``file:line`` without folders of this machine."""
    return f"{portable_path(line[0])}:{line[1]}"


def statement_at(file: str, line: int) -> Statement:
    """What a value is for that is asked for on this line."""
    tests = [
        (node.test.lineno, node)
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.While | ast.If | ast.IfExp | ast.Assert)
        and node.test.lineno <= line <= (node.test.end_lineno or node.test.lineno)
    ]
    if not tests:
        return "rounds" if _is_head_of_for(file, line) else "value"
    _, innermost = max(tests, key=lambda test: test[0])
    return "loop" if isinstance(innermost, ast.While) else "branch"


def _is_head_of_for(file: str, line: int) -> bool:
    """Whether a ``for`` goes over something on this line, as in ``for _ in range(int(n))``."""
    return any(
        isinstance(node, ast.For)
        and node.iter.lineno <= line <= (node.iter.end_lineno or node.iter.lineno)
        for node in ast.walk(parsed(file))
    )


@lru_cache(maxsize=64)
def parsed(file: str) -> ast.Module:
    """The code in a file; nothing, where it cannot be read."""
    try:
        return ast.parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, UnicodeDecodeError):
        return ast.Module([], [])
