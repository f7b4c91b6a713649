"""Emitted source whose lines say which node of the graph they compute.

Views of all kinds find an operation's node by the line of this source that made it: recorded ops,
traced graphs and compiled code all know the Python lines that they come from.
"""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Callable, Iterable
from dataclasses import replace

from isograd.frameworks.dialect import Dialect
from isograd.frameworks.emission import emit_source
from isograd.frameworks.formatting import Source, call
from isograd.frameworks.protocol import Emitted
from isograd.ir.graph import Graph
from isograd.ir.layout import Layout

MADE = "made"
"""What marked source calls with a node's name and its value, which it gives back."""

_DEFINITION = f'''

def {MADE}(name, value):
    """What ends the lines of a node."""
    return value
'''

_FORWARD = re.compile(r"^ +def (?:forward|call)\(", re.MULTILINE)
_ENDS = re.compile(rf"""\b{MADE}\(\s*("[^"\n]*"|'[^'\n]*')""")


def mark_source(graph: Graph, dialect: Dialect, assign: Callable[[Graph], Layout]) -> Emitted:
    """The graph in the dialect, in one flat forward pass, each node's lines ended by a call of
    `MADE`. Raises `UsageError` when the dialect lacks an op."""
    flat = replace(graph, modules={})
    marked = replace(dialect, shown=_end, reserved=dialect.reserved | {MADE})
    emitted = emit_source(flat, assign(flat), marked, idiomatic=False)
    return replace(emitted, source=emitted.source + _DEFINITION)


def places(source: str) -> dict[int, str]:
    """Line number of marked source to the node that is computed there."""
    begin = [match.end() for match in _FORWARD.finditer(source)][-1]
    found: dict[int, str] = {}
    since = source.count("\n", 0, begin) + 2
    for match in _ENDS.finditer(source, begin):
        line = source.count("\n", 0, match.end()) + 1
        found |= dict.fromkeys(range(since, line + 1), literal_eval(match[1]))
        since = line + 1
    return found


def node_at(frames: Iterable[tuple[str, int]], file: str, places: dict[int, str]) -> str | None:
    """The node that the innermost of these (file, line) belongs to, given innermost first."""
    return next((places[line] for name, line in frames if name == file and line in places), None)


def _end(name: str, variable: str) -> Source:
    return call(MADE, repr(name), variable)
