"""Which lines Python runs: those that run while a network is traced, and not when it is called
again, run once."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sequence
from itertools import groupby
from types import FrameType
from typing import Any

from isograd.references import is_user_file
from isograd.views.decisions import Line, parsed, shown
from isograd.views.view import Event

IMPURE = ("random", "np.random", "numpy.random", "time", "datetime")
"""Modules whose functions give another value at each call."""


def lines_run(function: Callable[[], object]) -> set[Line]:
    """The user's lines that Python runs during a call, in functions that are called in it."""
    found: set[Line] = set()

    def in_function(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            found.add((frame.f_code.co_filename, frame.f_lineno))
        return in_function

    def at_call(frame: FrameType, event: str, argument: Any) -> Any:
        return in_function if is_user_file(frame.f_code.co_filename) else None

    before = sys.gettrace()
    sys.settrace(at_call)
    try:
        function()
    finally:
        sys.settrace(before)
    return found


def ran_once(
    first: set[Line], second: set[Line], tracer: str, *, theirs: bool = True
) -> list[Event]:
    """What the first call ran and the second did not, because the first was traced by ``tracer``:
    the lines, and each among them that does more than compute. Lines are shown where the code is
    the user's (``theirs``)."""
    once = sorted(first - second)
    if not once:
        return []
    places = f" ({', '.join(_ranges(once))})" if theirs else ""
    rest = "" if second else "; the next call ran none"
    text = f"Python ran {len(once)} lines of the network once, for {tracer}{places}{rest}."
    if not theirs:
        return [Event("constant", text)]
    events = [Event("constant", text, shown(once[0]))]
    for line in once:
        if effect := effect_at(*line):
            said = f"{effect}: this ran once, while {tracer} recorded, and is not in the graph."
            events.append(Event("constant", said, shown(line)))
    return events


def effect_at(file: str, line: int) -> str | None:
    """What the statement that begins on a line does besides computing, in words; None for nothing
    that can be seen."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.stmt) and node.lineno == line:
            return _effect(node)
    return None


def _effect(node: ast.stmt) -> str | None:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return f"{ast.unparse(node.value.func)}(...) is called for what it does"
    targets: list[ast.expr] = []
    if isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    elif isinstance(node, ast.Assign):
        targets = node.targets
    for target in targets:
        if isinstance(target, ast.Attribute):
            return f"{ast.unparse(target)} is set"
    called = [ast.unparse(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)]
    impure = [name for name in called if name.rpartition(".")[0] in IMPURE]
    return f"{impure[0]}() gives a number, which stays the same in the graph" if impure else None


def _ranges(lines: Sequence[Line]) -> list[str]:
    """As in ``net.py:18-26``, one for each file."""
    found = []
    for file, group in groupby(lines, lambda line: line[0]):
        numbers = [number for _, number in group]
        last = f"-{numbers[-1]}" if len(numbers) > 1 else ""
        found.append(shown((file, numbers[0])) + last)
    return found
