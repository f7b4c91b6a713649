"""A view as a picture: SVG without style sheet or script, so that every program shows it that knows
SVG."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import cache
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

from isograd.notation import names
from isograd.report.language import said
from isograd.report.page import TEMPLATES
from isograd.views import View
from isograd.views.arrangement import Arrangement, arrange
from isograd.views.groups import Group
from isograd.views.labels import Label, group_label, labels
from isograd.views.placement import Box, folded_at_first, place
from isograd.views.routes import Router, path

MARGIN, CAPTION = 16, 44
"""Around the picture, and for what stands above it."""

FONT = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"

UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot hold."""


class Paint(NamedTuple):
    """Colours of a box: its border, and what is in it."""

    line: str
    fill: str


@cache
def palette() -> dict[str, Paint]:
    """Phase to colours, as the page has them in the light."""
    text = (TEMPLATES / "graph.css").read_text(encoding="utf-8")
    light = dict(re.findall(r"--([\w-]+): light-dark\((#\w{6}),", text))
    return {
        name: Paint(light[name], light[f"{name}-fill"]) for name in light if f"{name}-fill" in light
    }


def view_svg(view: View, *, folded: bool = False) -> str:
    """The whole view; where it is ``folded``, with modules closed as the page shows it at first."""
    arrangement = arrange(view)
    texts = spoken_labels(view, arrangement)
    placed = place(arrangement, texts, folded_at_first(arrangement) if folded else ())
    width = f"{max(placed.width, 480) + 2 * MARGIN:.0f}"
    height = f"{placed.height + 2 * MARGIN + CAPTION:.0f}"
    root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "font-family": FONT})
    root.attrib |= {"viewBox": f"0 0 {width} {height}", "width": width, "height": height}
    SubElement(root, "rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})
    _caption(root, view)
    inside = SubElement(root, "g", {"transform": f"translate({MARGIN} {MARGIN + CAPTION})"})
    paints = [palette()[phase] for phase in phases(view, arrangement)]
    for item in sorted(placed.opened):
        _frame(inside, placed.boxes[item], texts[item], paints[item])
    for line in Router(view, arrangement).lines(placed):
        if not line.aside:
            drawn = SubElement(inside, "path", {"d": path(line.points), "fill": "none"})
            drawn.attrib |= {"stroke": "#8b919a"} | (
                {"stroke-dasharray": "3 3"} if line.waits else {}
            )
    for item, box in placed.boxes.items():
        if item not in placed.opened:
            marked = item < len(view.operations) and bool(view.operations[item].mark)
            _box(inside, box, texts[item], paints[item], marked=marked)
    return tostring(root, encoding="unicode")


def spoken_labels(view: View, arrangement: Arrangement) -> list[Label]:
    """What is written on all items, groups in the language that is spoken."""
    operations = labels(view, arrangement)[: len(view.operations)]
    return [*operations, *map(spoken_label, arrangement.groups)]


def spoken_label(group: Group) -> Label:
    """What is written on a group, in the language that is spoken; what has a name keeps it."""
    label = group_label(group)
    title = said(label.title) if group.kind in ("lane", "inputs") else label.title
    return replace(label, title=title, detail=said(label.detail))


def phases(view: View, arrangement: Arrangement) -> list[str]:
    """The phase of each item; of a group, that of most operations which are no inputs; of a lane,
    its own."""
    total = len(view.operations)
    counts = [Counter[str]({one.phase: 1}) for one in view.operations]
    counts += [Counter() for _ in arrangement.groups]
    for number, group in reversed(list(enumerate(arrangement.groups))):
        for item in (item for row in group.rows for item in row if item >= 0):
            counts[total + number] += counts[item]
    found = [_most(count) for count in counts]
    for lane, number in arrangement.lanes.items():
        if lane in counts[total + number]:
            found[total + number] = lane
    return found


def _most(count: Counter[str]) -> str:
    return next((phase for phase, _ in count.most_common() if phase != "input"), "input")


def _caption(root: Element, view: View) -> None:
    count = said(f"{len(view.operations):,} operations")
    title = f"{names.title(view.framework)}: {said(view.title)}, {count}"
    SubElement(root, "title").text = _clean(title)
    _text(root, MARGIN, MARGIN + 14, title, 15, "#1c1f24", weight="bold")
    if view.status != "ok":
        words = {"partial": "ends early", "skipped": "not available"}[view.status]
        text = f"{said(words)}: {said(view.reason)}"
        _text(root, MARGIN, MARGIN + 34, text, 12, "#855300")


def _frame(parent: Element, box: Box, label: Label, paint: Paint) -> None:
    _rectangle(parent, box, paint, 9).attrib |= {"fill-opacity": "0.3", "stroke-opacity": "0.5"}
    _text(parent, box.x + 10, box.y + 16, label.title, 12, paint.line, weight="bold")


def _box(parent: Element, box: Box, label: Label, paint: Paint, *, marked: bool) -> None:
    middle = box.x + box.width / 2
    shape = _rectangle(parent, box, paint, 6 if box.height > 30 else box.height / 2)
    if marked:
        shape.attrib |= {"stroke": "#b3261e", "stroke-width": "3"}
    if box.height < 30:
        _text(parent, middle, box.y + 15.5, label.title, 9.5, "#1c1f24", anchor="middle")
        return
    y = box.y + box.height / 2
    title = f"⚠ {label.title}" if marked else label.title
    _text(parent, middle, y - 2.5, title, 11.5, "#1c1f24", anchor="middle", weight="bold")
    _text(parent, middle, y + 11, label.detail, 9.5, "#5a616b", anchor="middle")


def _rectangle(parent: Element, box: Box, paint: Paint, round: float) -> Element:
    places = {"x": box.x, "y": box.y, "width": box.width, "height": box.height, "rx": round}
    shape = SubElement(parent, "rect", {key: f"{value:.1f}" for key, value in places.items()})
    shape.attrib |= {"fill": paint.fill, "stroke": paint.line}
    return shape


def _text(
    parent: Element,
    x: float,
    y: float,
    words: str,
    size: float,
    colour: str,
    *,
    anchor: str = "start",
    weight: str = "normal",
) -> None:
    text = SubElement(parent, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "font-size": f"{size}"})
    text.attrib |= {"fill": colour, "text-anchor": anchor, "font-weight": weight}
    text.text = _clean(words)


def _clean(text: str) -> str:
    return UNWRITABLE.sub("\ufffd", text)
