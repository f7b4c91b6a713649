"""Labelled texts: the embedded reviews, or a user's table with the columns text and label."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isograd.errors import MissingDependency, UsageError, unknown
from isograd.text.corpus import Labelled, reviews

REVIEWS = 1500
"""Of the embedded task."""

HELD_OUT = 1 / 3
"""The part of the texts of each class that is tested on."""

LEAST = 4
"""Texts that a class must have, to train and to test on."""


@dataclass(frozen=True)
class Task:
    """A classification with its fixed, stratified split. ``source`` is one sentence."""

    name: str
    source: str
    train: Labelled
    test: Labelled

    @property
    def summary(self) -> dict[str, Any]:
        """What a result says of it."""
        return {
            "name": self.name,
            "source": self.source,
            "train": len(self.train.texts),
            "test": len(self.test.texts),
            "classes": list(self.train.classes),
        }


def embedded() -> Task:
    """The embedded reviews."""
    source = f"{REVIEWS} short reviews, made by isograd's own grammar"
    return _split("reviews", source, reviews(REVIEWS))


def read_task(path: Path) -> Task:
    """A table of texts: ``.csv``, ``.jsonl`` or ``.parquet``, with the columns text and label.

    Raises `UsageError` for a file that is none of these, lacks a column or has a class with too few
    texts; `MissingDependency` where a parquet file needs pyarrow.
    """
    readers: dict[str, Callable[[Path], Iterable[Mapping[str, Any]]]] = {
        ".csv": _csv,
        ".jsonl": _lines,
        ".parquet": _parquet,
    }
    if path.suffix not in readers:
        raise unknown("kind of table", path.suffix or path.name, readers)
    try:
        rows = list(readers[path.suffix](path))
    except (OSError, ValueError) as error:
        raise UsageError(f"Cannot read the table: {error}.", where=str(path)) from None
    texts, names = _columns(rows, str(path))
    classes = tuple(sorted(set(names)))
    if len(classes) < 2:
        raise UsageError(f"All {len(texts)} texts have the same label.", where=str(path))
    labels = tuple(classes.index(name) for name in names)
    return _split(path.name, f"{len(texts)} texts of {path.name}", Labelled(texts, labels, classes))


def _columns(rows: list[Mapping[str, Any]], where: str) -> tuple[tuple[str, ...], list[str]]:
    for number, row in enumerate(rows, 1):
        for column in ("text", "label"):
            value = row.get(column) if isinstance(row, Mapping) else None
            if value is None or str(value) == "":
                raise UsageError(
                    f"Row {number} has no {column}.",
                    where=where,
                    hint="Each row needs a text and a label.",
                )
    return tuple(str(row["text"]) for row in rows), [str(row["label"]) for row in rows]


def _split(name: str, source: str, labelled: Labelled) -> Task:
    """A third of each class is held out, drawn with a fixed seed."""
    labels = np.array(labelled.labels)
    generator = np.random.default_rng(0)
    held_out = np.zeros(len(labels), bool)
    for number, title in enumerate(labelled.classes):
        places = generator.permutation(np.flatnonzero(labels == number))
        if len(places) < LEAST:
            raise UsageError(
                f"The class {title!r} has {len(places)} texts; {LEAST} are needed.", where=name
            )
        held_out[places[: round(HELD_OUT * len(places))]] = True
    train, test = (_those(labelled, np.flatnonzero(kept)) for kept in (~held_out, held_out))
    return Task(name, source, train, test)


def _those(labelled: Labelled, places: np.ndarray) -> Labelled:
    return Labelled(
        tuple(labelled.texts[place] for place in places),
        tuple(labelled.labels[place] for place in places),
        labelled.classes,
    )


def _csv(path: Path) -> Iterable[Mapping[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _lines(path: Path) -> Iterable[Mapping[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def _parquet(path: Path) -> Iterable[Mapping[str, Any]]:
    try:
        from pyarrow import ArrowException, parquet
    except ModuleNotFoundError:
        raise MissingDependency(
            "Parquet files need pyarrow, which is not installed.",
            hint="Install it: pip install 'isograd[data]'",
        ) from None
    try:
        rows: list[Mapping[str, Any]] = parquet.read_table(path).to_pylist()
    except ArrowException as error:
        raise UsageError(f"Cannot read the table: {error}.", where=str(path)) from None
    return rows
