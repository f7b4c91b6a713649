"""The embedded texts are the same everywhere, varied, and not to be classified by single words."""

import re
from collections import Counter
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from isograd.errors import UsageError
from isograd.text.corpus import CLASSES, LEAST, read_texts, reviews, stories


def test_the_corpus_is_the_same_on_every_machine() -> None:
    digest = sha256("\n".join([*stories(50), *reviews(50).texts]).encode()).hexdigest()
    assert digest == "a973817af7a43889b14b3ac4660043195672bbc4e4926c1dc4e15226e44fed00"


def test_stories_are_many_and_different() -> None:
    found = stories()
    assert sum(map(len, found)) > 300_000
    assert len(set(found)) == len(found)
    assert not any("{" in story or "}" in story for story in found)


def test_a_longer_corpus_begins_with_the_shorter_one() -> None:
    assert stories(20)[:5] == stories(5)
    assert stories(5, seed=1) != stories(5)


def test_half_of_the_reviews_are_of_each_class() -> None:
    found = reviews(100)
    assert Counter(found.labels) == {0: 50, 1: 50}
    assert found.classes == CLASSES
    assert len(set(found.texts)) > 95


def test_no_single_word_tells_the_class_of_a_review() -> None:
    found = reviews(2000)
    labels = np.array(found.labels)
    words = [set(re.findall(r"\w+", text.lower())) for text in found.texts]
    for word in set().union(*words):
        has = np.array([word in text for text in words])
        if has.sum() >= 100:
            assert max(labels[has].mean(), 1 - labels[has].mean()) < 0.8, word


def test_a_users_text_is_read_as_its_paragraphs(tmp_path: Path) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("\n".join(f"line {i}" for i in range(LEAST)))
    blocks = tmp_path / "blocks.txt"
    blocks.write_text("\n\n".join(f"block {i}\nof two lines" for i in range(LEAST)))
    assert read_texts(lines)[1] == "line 1"
    assert read_texts(blocks)[1] == "block 1\nof two lines"


def test_a_text_that_is_too_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.txt"
    path.write_text("A single paragraph.")
    with pytest.raises(UsageError, match="1 paragraphs; at least 10"):
        read_texts(path)
    with pytest.raises(UsageError, match="Cannot read the text"):
        read_texts(tmp_path / "missing.txt")
