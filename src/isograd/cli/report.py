"""`isograd report`: renders a saved result again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from isograd.explanation import Explanation
    from isograd.frontier import Frontier
    from isograd.result import Result
    from isograd.views import Graphs

SAVED = ("result.json", "explanation.json", "graph.json", "frontier.json")
"""What a folder may hold."""


def command(
    result: Annotated[
        Path,
        typer.Argument(
            help="A result.json, explanation.json, graph.json or frontier.json, or its folder."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Also write the result and its pages there: over older pages of the same "
            "result, never over another result."
        ),
    ] = None,
) -> None:
    """Show a saved result again; with --out, write its pages anew."""
    from isograd.explanation import Explanation
    from isograd.frontier import Frontier
    from isograd.report import terminal, write
    from isograd.report.explanation import write_explanation
    from isograd.report.frontier import write_frontier
    from isograd.report.graph import write_graphs
    from isograd.report.terminal_explanation import render_explanation
    from isograd.report.terminal_frontier import render_frontier
    from isograd.report.terminal_graph import render_graphs
    from isograd.views import Graphs

    saved = _saved(result)
    found = _read(saved)
    console = Console()
    if isinstance(found, Explanation):
        render_explanation(found, console)
    elif isinstance(found, Graphs):
        render_graphs(found, console)
    elif isinstance(found, Frontier):
        render_frontier(found, console)
    else:
        terminal.render(found, console)
    if out is None:
        return
    if isinstance(found, Explanation):
        paths = [write_explanation(found, out, replace=_is_saved_in(out / SAVED[1], found))]
    elif isinstance(found, Graphs):
        paths = [write_graphs(found, out, replace=_is_saved_in(out / SAVED[2], found))]
    elif isinstance(found, Frontier):
        paths = [write_frontier(found, out, replace=_is_saved_in(out / SAVED[3], found))]
    else:
        beside = saved.parent / SAVED[2]
        graphs = Graphs.read(beside) if beside.exists() else None
        paths = write(found, out, replace=_is_saved_in(out / SAVED[0], found), graphs=graphs)
    for path in paths:
        console.print(f"[dim]written[/dim] {path}", highlight=False)


def _saved(path: Path) -> Path:
    """The file that is meant; what is not there is found out on reading."""
    if not path.is_dir():
        return path
    inside = [path / name for name in SAVED]
    return next((file for file in inside if file.exists()), inside[0])


def _read(path: Path) -> Result | Explanation | Graphs | Frontier:
    """Whichever it is. Raises `UsageError` when it is none of them."""
    from isograd import explanation, frontier
    from isograd.result import Result, read_text, schema_of
    from isograd.views import document

    text = read_text(path)
    kind = schema_of(text, str(path)).rpartition("/")[0]
    if kind == explanation.SCHEMA.rpartition("/")[0]:
        return explanation.Explanation.from_json(text, str(path))
    if kind == document.SCHEMA.rpartition("/")[0]:
        return document.Graphs.from_json(text, str(path))
    if kind == frontier.SCHEMA.rpartition("/")[0]:
        return frontier.Frontier.from_json(text, str(path))
    return Result.from_json(text, str(path))


def _is_saved_in(path: Path, found: Result | Explanation | Graphs | Frontier) -> bool:
    return path.exists() and _read(path).to_json() == found.to_json()
