"""Masks and classes, through the command's own workers."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "run"))
sys.path.insert(0, str(Path(__file__).parents[1] / "text"))

from test_use import model

from folders import BERT, CLASSIFIER
from isograd.run.use import use


def test_masks_are_filled_and_texts_classified():
    one = ["torch/eager"]
    found = use(model(BERT), ["the [MASK] man", "[MASK] sea"], modes=one)
    assert [len(answer.choices) for answer in found.answers] == [2]
    found = use(model(CLASSIFIER), ["the old man", "sea"], modes=one)
    assert set(found.answers[0].words) <= {"bad", "fair", "good"}
    assert len(found.answers[0].chances) == 2
