"""The page about two implementations: why they differ, and both side by side."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

from isograd.explanation import Explanation, Training
from isograd.report import charts, explained, numbers
from isograd.report.deviations import bars, depth
from isograd.report.files import claim_files, write_file
from isograd.report.glossary import WORDS
from isograd.report.names import ACCENTS, SPARE_ACCENTS, Look
from isograd.report.page import render_page
from isograd.report.side_by_side import SIGNS, row_of, stretches
from isograd.report.table import seed_spread

FILES = ("explanation.json", "explanation.html")
"""What is written about two implementations."""

TABLES = 8
"""Up to so many first divergences are shown in full."""


def write_explanation(found: Explanation, folder: Path, *, replace: bool = False) -> Path:
    """Writes `FILES` into a folder, which is made if it is not there, and returns the page's path.

    Each file is complete or not there at all. Raises `UsageError` when a file exists already and
    ``replace`` is not set, and when the folder cannot be written to.
    """
    claim_files(folder, FILES, replace=replace)
    for name, text in zip(FILES, (found.to_json(), render(found)), strict=True):
        write_file(folder / name, text)
    return folder / FILES[1]


def render(found: Explanation) -> str:
    """The whole page."""
    divergences = found.location.divergences if found.location else []
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
        stretches=stretches(found.rows, found.causes, divergences),
        signs=SIGNS,
        sides=_sides(found),
        courses=_courses(found.training),
        training=_training(found.training),
        results=[_ends(one) for one in found.training],
        glossary=WORDS,
    )


def _sides(found: Explanation) -> tuple[Look, Look]:
    """The hue of each side's framework; another shade where both are of one."""
    ours, theirs = (
        ACCENTS.get(name, spare)
        for name, spare in zip(found.frameworks, SPARE_ACCENTS, strict=True)
    )
    return Look(ours, 0), Look(theirs, 1 if ours == theirs else 0)


def _courses(trainings: list[Training]) -> list[tuple[charts.Course, Look]]:
    """A line for each training: in its framework's hue, in a shade of its own."""
    used: dict[str, int] = {}
    found = []
    for number, one in enumerate(trainings):
        accent = ACCENTS.get(one.framework, SPARE_ACCENTS[0])
        found.append(
            (charts.Course(str(number), one.name, one.curves), Look(accent, used.get(accent, 0)))
        )
        used[accent] = used.get(accent, 0) + 1
    return found


def _training(trainings: list[Training]) -> list[charts.Chart]:
    courses = [course for course, _ in _courses(trainings)]
    found = (charts.training(courses, quantity, "epoch") for quantity in ("loss", "quality"))
    return [chart for chart in found if chart]


def _ends(one: Training) -> tuple[str, str, str, int]:
    """Name, loss and accuracy after the last epoch (means over seeds), and the number of seeds."""
    losses = [curve.loss[-1] for curve in one.curves if curve.loss]
    qualities = [curve.quality[-1] for curve in one.curves if curve.quality]
    loss = numbers.plain(fmean(losses), 3) if losses else numbers.MISSING
    spread = seed_spread(one.curves)
    accuracy = numbers.percent(fmean(qualities), spread) if qualities else numbers.MISSING
    return one.name, loss, accuracy, len(one.curves)
