"""How much a mode waits, from rounds of a loop."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from isograd.errors import UsageError
from isograd.measure.process import RemoteExecutor
from isograd.run.fed import MOST_ROUNDS, ROUNDS, measure_fed
from isograd.waiting import Fed, verdict_of

STEP_NS = 1_000_000


class Loops:
    """An executor whose loops wait for shares of the time that are known."""

    def __init__(self, shares: list[float]) -> None:
        self.shares, self.rounds, self.closed = shares, -2, False

    def open_loop(self, opener: object) -> None:
        if not self.shares:
            raise UsageError("batches of 8, the network is trained with 16")

    def run_loop(self, steps: int) -> tuple[int, int]:
        self.rounds += 1
        share = self.shares[max(self.rounds - 1, 0) % len(self.shares)]
        return round(steps * STEP_NS * share / (1 - share)), steps * STEP_NS

    def close_loop(self) -> None:
        self.closed = True


def measured(shares: list[float]) -> tuple[Fed, Loops]:
    loops = Loops(shares)
    fed = measure_fed(cast("RemoteExecutor", loops), Fed("torch/eager", "torch/loader"), print)
    return fed, loops


@pytest.mark.parametrize(("share", "verdict"), [(0.0, "fed"), (0.02, "fed"), (0.97, "waits")])
def test_a_steady_share_is_found_in_few_rounds(share: float, verdict: str) -> None:
    fed, loops = measured([share])
    assert fed.waits == pytest.approx(share, abs=1e-6)
    assert fed.verdict == verdict
    assert fed.fed_step_us == pytest.approx(1000)
    assert loops.rounds == ROUNDS
    assert loops.closed


def test_one_disturbed_round_decides_nothing() -> None:
    fed, loops = measured([0.02, 0.02, 0.5, *[0.02] * 21])
    assert fed.verdict == "fed"
    assert ROUNDS < loops.rounds < MOST_ROUNDS


def test_what_lies_on_the_limit_stays_open() -> None:
    shares = np.random.default_rng(0).uniform(0.05, 0.15, MOST_ROUNDS)
    fed, loops = measured(list(shares))
    assert fed.verdict == "inconclusive"
    assert loops.rounds == MOST_ROUNDS


def test_a_loop_that_cannot_run_has_a_reason() -> None:
    fed, _ = measured([])
    assert fed.verdict == "could not run"
    assert "batches of 8" in fed.reason


def test_a_verdict_is_of_the_whole_interval() -> None:
    assert verdict_of(0.0, 0.09) == "fed"
    assert verdict_of(0.1, 0.2) == "waits"
    assert verdict_of(0.09, 0.11) == "inconclusive"
