"""The page of graphs: what each framework makes of a network, side by side."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from markupsafe import Markup

from isograd.notation import names, numbers
from isograd.records import kind_of
from isograd.report.dot import view_dot
from isograd.report.files import claim_files, write_files, write_record
from isograd.report.page import embedded, render_page
from isograd.report.svg import spoken_labels, view_svg
from isograd.views import Graphs, View, placement
from isograd.views.arrangement import Arrangement, arrange

PICTURES = "views"
"""The folder in which each view has a picture and its source for Graphviz."""

STYLES = ("style.css", "graph.css")
SCRIPTS = (
    "script.js",
    "graph-shown.js",
    "graph-placement.js",
    "graph-drawing.js",
    "graph-pane.js",
    "graph-heat.js",
    "graph-about.js",
    "graph-search.js",
    "graph.js",
)
"""In the order in which they need each other."""

ROOM = {
    name: getattr(placement, name)
    for name in ("GAP", "BETWEEN", "INSIDE", "HEAD", "LANE_GAP", "SLOT", "SWEEPS")
}
"""The distances of a drawing, for the browser."""

PHASES = {
    "input": "held or handed in",
    "forward": "forward",
    "loss": "loss",
    "backward": "gradients",
    "update": "optimizer's step",
    "other": "other",
}
"""The phases as the page calls them."""

KINDS = {
    "break": "graph break",
    "recompile": "compiled again",
    "retrace": "traced again",
    "branch": "branch",
    "loop": "loop",
    "constant": "constant",
    "refused": "refused",
    "change": "changes from call to call",
}
"""Events as the page calls them."""

GROUPS = ("lane", "module", "node", "kernel", "inputs")
"""What an operation may be grouped in, as the page calls it."""


def write_graphs(found: Graphs, folder: Path, *, replace: bool = False) -> Path:
    """Writes the record and its page into a folder, which is made if it is not there, and returns
    the page's path.
    `PICTURES` within has each view as SVG and as DOT.

    Each file is complete or not there at all. Raises `UsageError` when a file exists already and
    ``replace`` is not set, and when the folder cannot be written to.
    """
    drawn = dict(pictures(found))
    claim_files(folder, kind_of(Graphs).files, replace=replace)
    write_files(folder / PICTURES, drawn, replace=replace)
    return write_record(found, render(found), folder, replace=replace)


def pictures(found: Graphs) -> Iterator[tuple[str, str]]:
    """Names and contents of the files with one view each, of those that have operations."""
    for view in found.views:
        if view.operations:
            name = re.sub(r"[^\w-]+", "-", view.id)
            yield f"{name}.svg", view_svg(view)
            yield f"{name}.dot", view_dot(view)


def render(found: Graphs) -> str:
    """The whole page."""
    shown = explorer(found)
    return render_page("graph.html.j2", found.to_json(), STYLES, SCRIPTS, texts(found), **shown)


def texts(found: Graphs) -> Iterator[str]:
    """What the script shows out of the graphs; names are no texts."""
    yield from (*PHASES, *KINDS.values(), *GROUPS)
    for view in found.views:
        yield from (view.title, view.about, view.reason)
        yield from (name.replace("_", " ") for name in view.figures)
        yield from (event.text for event in view.events)
        yield from (operation.mark for operation in view.operations if operation.mark)
    for change in found.changes:
        yield from (change.kind, change.text)
    for overlay in found.overlays:
        yield from (overlay.quantity, overlay.about)


def explorer(found: Graphs, *, inside: bool = False) -> dict[str, Any]:
    """What ``explorer.html.j2`` needs; ``inside`` another page, the graphs themselves as well."""
    return {
        "found": found,
        "embedded": Markup(embedded(found.to_json())) if inside else "",
        "drawing": Markup(embedded(json.dumps(drawing(found)))),
        "sides": sides(found),
        "quantities": list(dict.fromkeys(overlay.quantity for overlay in found.overlays)),
        "titles": {view.id: f"{names.title(view.framework)}: {view.title}" for view in found.views},
        "phases": PHASES,
        "kinds": KINDS,
        "amount": amount,
        "figure": figure,
    }


def amount(value: float | None, unit: str) -> str:
    """A number of an overlay with its unit: ``412 µs``, ``3.5 KiB``, ``1.2×``."""
    if value is None or not math.isfinite(value):
        return numbers.MISSING
    if unit == "us":
        return numbers.time(value)
    if unit == "envelopes":
        return numbers.multiple(value)
    return numbers.size(value) if unit == "bytes" else f"{numbers.plain(value)} {unit}"


def figure(name: str, value: float) -> str:
    """What a framework counts, as in ``saved bytes 29,572``."""
    words = name.replace("_", " ")
    return (
        f"{words} {value:,.0f}" if float(value).is_integer() else f"{words} {numbers.plain(value)}"
    )


def sides(found: Graphs) -> list[View]:
    """The views that are shown at first: the first of each framework that has one, else the first
    two of the only framework."""
    shown = [view for view in found.views if view.operations] or found.views
    firsts = list({view.framework: view for view in reversed(shown)}.values())[::-1]
    return firsts[:2] if len(firsts) > 1 else shown[:2]


def drawing(found: Graphs) -> dict[str, Any]:
    """What the browser needs to draw: the arrangements of all views, by modules, and by kernels
    where one has several operations."""
    return {
        "room": ROOM,
        "titles": {view.framework: names.title(view.framework) for view in found.views},
        "kinds": KINDS,
        "views": {view.id: _arranged(view) for view in found.views},
    }


def _arranged(view: View) -> dict[str, Any]:
    sizes = Counter(operation.group for operation in view.operations if operation.group)
    kernels = any(size > 1 for size in sizes.values())
    return {
        "module": _plan(view, arrange(view)),
        "kernel": _plan(view, arrange(view, "kernel")) if kernels else None,
    }


def _plan(view: View, arrangement: Arrangement) -> dict[str, Any]:
    written = spoken_labels(view, arrangement)
    return {
        **dataclasses.asdict(arrangement),
        "labels": [dataclasses.astuple(label) for label in written],
        "folded": placement.folded_at_first(arrangement),
    }
