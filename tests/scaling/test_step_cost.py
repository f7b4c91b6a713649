"""The model of a step's time, on machines whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from isograd.scaling.cost import Cost, Measured, estimates, fit
from isograd.scaling.request import Link

BYTES = 400_000
TRUE = Cost(fixed=500.0, example=20.0, extra=300.0, hop=80.0, byte=0.002, bytes=BYTES, crossings=2)


def measured(workers: int, noise: float = 0.0, batch: int = 64) -> Measured:
    """What a machine would measure that is as `TRUE` says."""
    generator = np.random.default_rng(workers)
    share = batch // workers
    times = {"step": TRUE.step(workers, share), "local": 500.0 + 20.0 * share}
    if workers == 1:
        times |= {f"local {size}": 500.0 + 20.0 * size for size in (16, 32, 64)}
    else:
        around = 2 * (workers - 1)
        for size in (4, BYTES):
            times[f"reduce {size}"] = around * 80.0 + around / workers * size * 0.002
    rounds = {
        name: [[value * (1 + noise * generator.standard_normal())] for _ in range(8)]
        for name, value in times.items()
    }
    return Measured(workers, share, rounds)


def test_the_model_finds_the_machine_that_made_the_times():
    found = fit([measured(1), measured(2)], BYTES, crossings=2)
    assert found is not None
    for name in ("fixed", "example", "extra", "hop", "byte"):
        assert getattr(found, name) == pytest.approx(getattr(TRUE, name), rel=1e-6)


def test_what_it_was_not_fitted_to_is_predicted():
    found = fit([measured(1), measured(2)], BYTES, crossings=2)
    assert found is not None
    assert found.step(16, 4) == pytest.approx(TRUE.step(16, 4))


def test_a_link_adds_its_latency_to_each_crossing_and_its_bandwidth_to_each_byte():
    link = Link(latency_s=0.01, bandwidth=1e6)
    added = TRUE.step(4, 16, link) - TRUE.step(4, 16)
    assert added == pytest.approx(6 * 2 * 0.01 * 1e6 + 1.5 * BYTES)


def test_one_worker_has_no_sums():
    assert TRUE.sums(1, Link(1.0, 1.0)) == 0.0


def test_intervals_hold_the_truth_and_are_wide_where_rounds_are_noisy():
    asked = [(2, 32.0), (8, 8.0)]
    quiet = estimates([measured(1, 0.001), measured(2, 0.001)], BYTES, 2, asked)
    noisy = estimates([measured(1, 0.1), measured(2, 0.1)], BYTES, 2, asked)
    for one, (workers, share) in zip(noisy, asked, strict=True):
        assert one.low <= TRUE.step(workers, share) <= one.high
    assert noisy[1].high - noisy[1].low > 10 * (quiet[1].high - quiet[1].low)


def test_one_worker_alone_gives_no_model():
    assert fit([measured(1)], BYTES, 1) is None
    assert fit([measured(2)], BYTES, 1) is None
