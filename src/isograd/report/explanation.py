"""The page about two implementations: why they differ, and both side by side."""

from __future__ import annotations

import dataclasses
from itertools import cycle
from pathlib import Path

from isograd.explanation import Explanation
from isograd.notation.names import ACCENTS, SHADES, SPARE_ACCENTS, Look
from isograd.report import charts, explained
from isograd.report.deviations import bars, depth
from isograd.report.files import write_record
from isograd.report.glossary import WORDS
from isograd.report.page import render_page
from isograd.report.side_by_side import row_of, signs, stretches

TABLES = 8
"""Up to so many first divergences are shown in full."""


def write_explanation(found: Explanation, folder: Path, *, replace: bool = False) -> Path:
    """Writes the record and its page into a folder, which is made if it is not there, and returns
    the page's path.

    Each file is complete or not there at all. Raises `UsageError` when a file exists already and
    ``replace`` is not set, and when the folder cannot be written to.
    """
    return write_record(found, render(found), folder, replace=replace)


def render(found: Explanation) -> str:
    """The whole page."""
    divergences = found.location.divergences if found.location else []
    lines = stretches(found.rows, found.causes, divergences)
    return render_page(
        "explanation.html.j2",
        found.to_json(),
        ["style.css", "explanation.css"],
        found=found,
        say=explained,
        divergences=divergences[:TABLES],
        depth=depth(divergences[0]) if divergences else None,
        rows=[row_of(found.rows, (0, one.node), (1, one.twin.node)) for one in divergences],
        bars=bars(found.causes),
        stretches=lines,
        signs=signs(lines),
        sides=_sides(found),
        courses=_courses(found),
        training=_training(found),
        results=explained.ends(found.training),
        glossary=WORDS,
    )


def _sides(found: Explanation) -> tuple[Look, Look]:
    """The hue of each side's framework; another shade where both are of one."""
    ours, theirs = (
        ACCENTS.get(name, spare)
        for name, spare in zip(found.frameworks, SPARE_ACCENTS, strict=True)
    )
    return Look(ours, 0), Look(theirs, 1 if ours == theirs else 0)


def _courses(found: Explanation) -> list[tuple[charts.Course, Look]]:
    """A line for each training. The reference and the twin look as they do everywhere, the twin
    mended like a shade of the twin; hues of their own are for what comes after."""
    ours, theirs = _sides(found)
    spare = [Look(accent, shade) for shade in range(SHADES) for accent in SPARE_ACCENTS]
    looks = cycle(
        [ours, theirs, dataclasses.replace(theirs, shade=(theirs.shade + 1) % SHADES), *spare]
    )
    return [
        (charts.Course(str(number), one.name, one.curves), look)
        for number, (one, look) in enumerate(zip(found.training, looks, strict=False))
    ]


def _training(found: Explanation) -> list[charts.Chart]:
    """Lines that part are of one width."""
    courses = [course for course, _ in _courses(found)]
    drawn = (charts.training(courses, quantity, "epoch") for quantity in ("loss", "quality"))
    return [dataclasses.replace(chart, nested=False) for chart in drawn if chart]
