"""`isograd data` from end to end: pipelines in processes of their own, a network that they feed."""

from __future__ import annotations

from pathlib import Path

import pytest

from isograd.errors import UsageError
from isograd.feeding import Feeding
from isograd.models import load
from isograd.pipelines.feed import parse_feeds
from isograd.pipelines.source import find_source
from isograd.pipelines.specification import Delivering
from isograd.run.data import Request, data
from isograd.training import Recipe

PIPELINE = """
import torch
from torch.utils.data import DataLoader, TensorDataset
from isograd.data import load

FOUND = load("breast-cancer")
EXAMPLES = TensorDataset(torch.tensor(FOUND.train_inputs), torch.tensor(FOUND.train_targets))


def twice():
    return DataLoader(EXAMPLES, 32, sampler=[*range(454), 7])
"""


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


def test_a_pipeline_and_the_network_that_it_feeds(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.py"
    path.write_text(PIPELINE, encoding="utf-8")
    feeds = parse_feeds([f"torch={path}:twice"])
    found, folder = data(request(feeds=feeds), load("bce-mlp"), out=tmp_path / "run")
    assert found.status == "complete", found.reason
    assert Feeding.read(folder / "feeding.json") == found
    memory, workers, twice = found.pipelines
    assert memory.ratio is None
    for one in found.pipelines:
        assert one.status == "ok", one.reason
        assert one.batch_us is not None
        assert one.first_batch_s is not None
    for one in (memory, workers):
        assert one.delivery is not None
        assert one.delivery.verdict == "exact"
        assert one.shuffle is not None
        assert not one.shuffle.worse
    assert twice.delivery is not None
    assert (twice.delivery.verdict, twice.delivery.repeated) == ("wrong", 1)
    assert found.exit_code == 1
    assert {one.pipeline for one in found.fed} == {one.id for one in found.pipelines}
    for fed in found.fed:
        assert fed.waits is not None, fed.reason
        assert fed.fed_step_us
    with pytest.raises(UsageError, match="already holds"):
        data(request(), out=folder)
