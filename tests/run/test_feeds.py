"""`compare --feed`: a pipeline that is too slow is found, named with its line, and no winner is."""

from __future__ import annotations

from pathlib import Path

import pytest

from isograd.errors import UsageError
from isograd.pipelines.feed import FeedReference, parse_feeds
from isograd.report.answer import answer
from isograd.result import Result
from isograd.run.compare import Request, compare
from isograd.run.keeping_up import NAME, keeps_up
from isograd.training import Recipe
from isograd.waiting import Fed, Feed, Spot

PIPELINES = """
import time

import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset

EXAMPLES = torch.randn(640, 30), torch.ones(640, 1)


class Slow(Dataset):
    def __len__(self):
        return 640

    def __getitem__(self, index):
        time.sleep(0.001)  # planted
        return EXAMPLES[0][index], EXAMPLES[1][index]


def slow():
    return DataLoader(Slow(), batch_size=16, num_workers=1)


def quick():
    return [(EXAMPLES[0][i : i + 16], EXAMPLES[1][i : i + 16]) for i in range(0, 640, 16)]


def short():
    return DataLoader(TensorDataset(*EXAMPLES), batch_size=8)


def broken():
    for number in range(3):
        yield 1 / (number - 1), EXAMPLES[1][:16]
"""


@pytest.fixture
def pipelines(tmp_path: Path) -> Path:
    path = tmp_path / "pipelines.py"
    path.write_text(PIPELINES, encoding="utf-8")
    return path


def compared(feed: str, out: Path) -> Result:
    request = Request(
        Recipe("binary_cross_entropy", batch_size=16),
        "breast-cancer",
        modes=("torch/eager",),
        epochs=2,
        seeds=1,
        measure_s=0.0,
        feeds=parse_feeds([f"torch={feed}"]),
    )
    return compare("bce-mlp", request, out=out)[0]


def test_a_planted_slow_pipeline_is_found_and_no_winner_is_named(
    pipelines: Path, tmp_path: Path
) -> None:
    result = compared(f"{pipelines}:slow", tmp_path / "run")
    (check,) = (c for c in result.fairness if c.name == NAME)
    assert not check.passed
    line = PIPELINES.splitlines().index("        time.sleep(0.001)  # planted") + 1
    assert f"{pipelines}:{line} (__getitem__)" in check.detail
    assert "would compare pipelines" in check.detail
    for mode in ("torch/eager",):
        (fed,) = (one for one in result.fed if one.mode == mode)
        assert fed.verdict == "waits"
        assert fed.waits is not None
        assert fed.waits > 0.5
    assert answer(result).winner is None
    assert NAME in answer(result).overall
    assert Result.from_json(result.to_json()) == result


def made(*fed: Fed, feeds: tuple[Feed, ...] = ()) -> Result:
    empty: dict[str, object] = {}
    return Result("", "", empty, empty, empty, {}, empty, "", feeds=list(feeds), fed=list(fed))


QUICK = Feed("torch", "torch=net.py:loader", batch_size=16, batch_us=40.0)


def test_without_a_feed_the_gate_says_what_is_true() -> None:
    check = keeps_up(made())
    assert check.passed
    assert check.detail.startswith("data in memory on both sides")


def test_a_pipeline_that_keeps_up_passes() -> None:
    fed = Fed("torch/eager", QUICK.text, 40.0, 900.0, 950.0, 0.04, 0.03, 0.05, "fed")
    check = keeps_up(made(fed, feeds=(QUICK,)))
    assert check.passed
    assert "4.0%" in check.detail


@pytest.mark.parametrize("verdict", ["waits", "inconclusive", "could not run"])
def test_one_mode_that_may_wait_is_enough_to_fail(verdict: str) -> None:
    good = Fed("torch/eager", QUICK.text, 40.0, 900.0, 950.0, 0.04, 0.03, 0.05, "fed")
    share = (None, None, None) if verdict == "could not run" else (0.2, 0.05, 0.3)
    bad = Fed("torch/jit", QUICK.text, 40.0, 90.0, 95.0, *share, verdict, reason="why")  # type: ignore[arg-type]
    check = keeps_up(made(good, bad, feeds=(QUICK,)))
    assert not check.passed
    assert "PyTorch jit" in check.detail
    assert ("compare pipelines" in check.detail) == (verdict == "waits")
    assert ("5.0% to 30.0%" in check.detail) == (verdict == "inconclusive")


def test_a_pipeline_that_fails_fails_the_gate() -> None:
    broken = Feed("torch", "torch=net.py:loader", "failed", "it raised")
    assert "it raised" in keeps_up(made(feeds=(broken,))).detail
    assert not keeps_up(made(feeds=(broken,))).passed


def test_lines_are_told_with_their_share() -> None:
    slow = Feed("torch", "torch=net.py:loader", batch_us=9e4, spots=[Spot("net.py:7", "get", 0.97)])
    fed = Fed("torch/eager", slow.text, 9e4, 900.0, 950.0, 0.99, 0.98, 0.99, "waits")
    detail = keeps_up(made(fed, feeds=(slow,))).detail
    assert "97.0% of its time at net.py:7 (get)" in detail
    assert "11.1 batches a second" in detail


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["net.py:loader"], "which framework"),
        (["jax=net.py:loader"], "which framework"),
        (["torch=lenet"], "no Python code"),
        (["torch=json:loads", "torch=json:dumps"], "two feeds"),
        (["torch=missing.py:loader"], "no such file"),
    ],
)
def test_what_is_no_feed_is_refused(texts: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_feeds(texts)


def test_a_feed_knows_its_name(pipelines: Path) -> None:
    (feed,) = parse_feeds([f"torch={pipelines}:quick"])
    assert isinstance(feed, FeedReference)
    assert feed.id == "torch/feed:quick"
