"""A small English corpus, and a task in its language: made by a grammar, the same on every machine.

Little stories to learn a language from, and reviews to classify: whether somebody liked it. Nothing
is downloaded, and a user's own texts and tables take their place (`read_text`, and
`isograd.text.labelled`).
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from isograd.errors import UsageError

STORIES = 2000
"""Of the embedded corpus: some 400 kB."""

CLASSES = ("negative", "positive")

SENTENCES = {"positive": "praise", "negative": "blame"}
"""Class to the phrase that says so."""

_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Labelled:
    """Texts with the number of the class of each; ``classes`` are their names."""

    texts: tuple[str, ...]
    labels: tuple[int, ...]
    classes: tuple[str, ...]


def stories(count: int = STORIES, seed: int = 0) -> list[str]:
    """So many little stories, of about 270 characters each."""
    return [_Text(seed, number).written(_grammar()["texts"]["story"]) for number in range(count)]


def reviews(count: int, seed: int = 0) -> Labelled:
    """Short reviews, half of them `negative` and half `positive`.

    Two sentences say what it was like, and one is about something else. Both classes have the same
    words, though not as often: "not bad" is among the praise, so that whoever counts words is wrong
    in a fifth of the cases, and who reads pairs of them in few.
    """
    labels = np.random.default_rng(seed).permutation(np.arange(count) % len(CLASSES))
    texts = [_review(CLASSES[label], seed, number) for number, label in enumerate(labels)]
    return Labelled(tuple(texts), tuple(labels.tolist()), CLASSES)


def _review(name: str, seed: int, number: int) -> str:
    text = _Text(seed, number)
    sentences = [SENTENCES[name], SENTENCES[name], "elsewhere"]
    order = text.generator.permutation(len(sentences))
    return " ".join(text.phrase(sentences[place]) for place in order)


class _Text:
    """One text on its way: what was drawn for ``{Name}`` stays for the whole of it."""

    def __init__(self, seed: int, number: int) -> None:
        self.generator = np.random.default_rng((seed, number))
        self._bound: dict[str, str] = {}

    def written(self, forms: list[str]) -> str:
        """One of the forms, with its slots filled."""
        form = forms[self.generator.integers(len(forms))]
        return _SLOT.sub(lambda slot: self.phrase(slot[1]), form)

    def phrase(self, name: str) -> str:
        """A phrase of this name."""
        forms = _grammar()["phrases"][name]
        if not name[0].isupper():
            return self.written(forms)
        if name not in self._bound:
            self._bound[name] = self.written(forms)
        return self._bound[name]


@cache
def _grammar() -> dict[str, dict[str, list[str]]]:
    text = files("isograd.text").joinpath("grammar.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def read_texts(path: Path) -> list[str]:
    """A user's text file, as its paragraphs: blocks between empty lines, or lines where there are
    none.

    Raises `UsageError` for a file that cannot be read, is no UTF-8, or holds too little to learn
    from and to test on.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Cannot read the text: {error}.", where=str(path)) from None
    blocks = re.split(r"\n\s*\n", text)
    parts = [part.strip() for part in (blocks if len(blocks) > 1 else text.splitlines())]
    found = [part for part in parts if part]
    if len(found) < LEAST:
        raise UsageError(
            f"The text has {len(found)} paragraphs; at least {LEAST} are needed.",
            where=str(path),
            hint="Separate them by empty lines: some are held out, to test on.",
        )
    return found


LEAST = 10
"""Paragraphs of which a tenth can be held out."""
