"""A view in the language of Graphviz, with a cluster for each module."""

from __future__ import annotations

from collections.abc import Iterator

from isograd.report.language import said
from isograd.report.svg import palette, spoken_label
from isograd.views import Operation, View
from isograd.views.arrangement import Arrangement, arrange


def view_dot(view: View) -> str:
    """All operations, what flows between them and what only waits."""
    arrangement = arrange(view)
    numbers = {operation.name: i for i, operation in enumerate(view.operations)}
    lines = [f"digraph {quoted(view.id)} {{", '  node [shape=box, style="rounded,filled"];']
    for number in arrangement.lanes.values():
        lines += _cluster(view, arrangement, number, "  ")
    for source, index, reader in view.edges():
        flows = source.values[index].text if index < len(source.values) else ""
        ends = f"n{numbers[source.name]} -> n{numbers[reader.name]}"
        lines.append(f"  {ends} [label={quoted(flows)}];")
    for operation in view.operations:
        for name in operation.after:
            ends = f"n{numbers[name]} -> n{numbers[operation.name]}"
            lines.append(f"  {ends} [style=dashed];")
    return "\n".join([*lines, "}", ""])


def quoted(text: str) -> str:
    """A string of the language, in which nothing is an escape but the end of a line."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\x00", "\ufffd")
    return '"' + escaped.replace("\n", "\\n").replace("\r", "") + '"'


def _cluster(view: View, arrangement: Arrangement, number: int, indent: str) -> Iterator[str]:
    group, total = arrangement.groups[number], len(view.operations)
    yield f"{indent}subgraph cluster_{number} {{"
    yield f"{indent}  label={quoted(spoken_label(group).title)};"
    for item in (item for row in group.rows for item in row if item >= 0):
        if item < total:
            yield f"{indent}  n{item} {_look(view.operations[item])};"
        else:
            yield from _cluster(view, arrangement, item - total, indent + "  ")
    yield f"{indent}}}"


def _look(operation: Operation) -> str:
    paint = palette()[operation.phase]
    label = quoted(f"{operation.kind}\n{operation.name}")
    border = "#b3261e" if operation.mark else paint.line
    about = quoted(said(operation.mark or operation.phase))
    return f'[label={label}, tooltip={about}, color="{border}", fillcolor="{paint.fill}"]'
