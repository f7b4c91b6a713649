"""The page about input pipelines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isograd.feeding import Feeding, Shuffle
from isograd.notation import names
from isograd.report import data_answer
from isograd.report.files import write_record
from isograd.report.html import grouped
from isograd.report.page import render_page


def write_feeding(found: Feeding, folder: Path, *, replace: bool = False) -> Path:
    """Writes the record and its page into a folder, which is made if it is not there, and returns
    the page's path.

    Each file is complete or not there at all. Raises `UsageError` when a file exists already and
    ``replace`` is not set, and when the folder cannot be written to.
    """
    return write_record(found, render(found), folder, replace=replace)


def render(found: Feeding) -> str:
    """The whole page."""
    return render_page(
        "data.html.j2",
        found.to_json(),
        ["style.css", "data.css"],
        found=found,
        say=data_answer,
        looks={"fed": "equivalent", "waits": "different", "inconclusive": "inconclusive"},
        accent=accent,
        ran=[one for one in found.pipelines if one.status == "ok"],
        modes=list(dict.fromkeys(one.mode for one in found.fed)),
        feeds=list(dict.fromkeys(one.pipeline for one in found.fed)),
        cells={(one.pipeline, one.mode): one for one in found.fed},
        settings=grouped(_settings(found)),
        glossary=WORDS,
        scatter=scatter,
    )


def accent(framework: str) -> str:
    """A framework's hue; the arrays in memory have one of their own."""
    return names.ACCENTS.get(framework, "green")


def scatter(shuffle: Shuffle, side: float = 180.0) -> list[tuple[float, float]]:
    """Where the drawn items stand in a square: across as delivered, up as in the file."""
    last = max((max(pair) for pair in shuffle.places), default=0) or 1
    return [
        (round(place / last * side, 1), round(side - number / last * side, 1))
        for place, number in shuffle.places
    ]


def _settings(found: Feeding) -> dict[str, dict[str, Any]]:
    return {
        "Source": found.source,
        "Settings": found.settings,
        "Model": found.model,
        "Environment": found.environment,
    }


WORDS = {
    "Delivery": "One epoch is held against the arrays in memory, item by item, by a digest of the "
    "bytes: each must come exactly once, unchanged.",
    "Rank correlation": "Spearman's, of the place in the file and the place of delivery: 1 in the "
    "file's own order, about 0 for a permutation.",
    "Reach": "How far items move, on average, over what they move in a random permutation, "
    "(n² - 1) / 3n places: 0% in the file's own order, 100% for a permutation.",
    "Neighbours": "The share of items that follow the one beside them in the file; 2 / n for a "
    "permutation.",
    "Label mix": "χ² of the classes in each batch over its expectation for a permutation, "
    "(C - 1)(n - B)/(n - 1): 1 is as in a permutation, more means that classes come in clumps.",
    "Worse than a permutation": "Worse in a measure than every one of 199 permutations drawn at "
    "random, which happens by chance once in 200 times.",
    "Waits": "The share of a training loop's time that is spent on the next batch, over "
    "that and the step. Handing the batch over is in neither.",
    "Without overlap": "What that share would be if nothing were made ready during a step: the "
    "time of a batch over that and the step's, each measured on its own.",
}
