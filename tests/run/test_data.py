"""What `isograd data` refuses; tests/sweeps runs it from end to end."""

from __future__ import annotations

from pathlib import Path

import pytest

from isograd.errors import UsageError
from isograd.models import load
from isograd.pipelines.source import find_source
from isograd.pipelines.specification import Delivering
from isograd.run.data import Request, data
from isograd.training import Recipe


def request(**changes: object) -> Request:
    settings: dict[str, object] = {
        "source": find_source("breast-cancer"),
        "recipe": Recipe("binary_cross_entropy", batch_size=32),
        "delivering": Delivering(batch_size=32),
        "only": ("torch/workers-1",),
        "modes": ("torch/eager",),
        "measure_s": 0.0,
    }
    return Request(**{**settings, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "model", "words"),
    [
        ({"only": ("torch/laoder",)}, None, "Unknown pipeline"),
        ({}, "lenet", "examples of shape"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_starts(
    changes: dict[str, object], model: str | None, words: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=words):
        data(request(**changes), load(model) if model else None, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
