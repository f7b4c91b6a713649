"""A target says in plain words what a form has to be."""

from __future__ import annotations

import pytest
from points import point

from isograd.deploy.target import parse_target
from isograd.errors import UsageError

BATCHES = (1, 8)


@pytest.mark.parametrize(
    "text",
    [
        "accuracy>=0.97",
        "accuracy >= 97%",
        "latency<1ms",
        "latency<900us, size<=400kB",
        "latency@8<2.1ms",
        "size<391KiB",
        "memory<0.5GB",
        "lost<=0.3",
        "cold<2s",
        "throughput@8>7",
        "throughput > 5e-1",
        "agreement>99%",
    ],
)
def test_a_point_within_all_bounds_reaches_the_target(text: str) -> None:
    assert parse_target(text, BATCHES).reached(point())


@pytest.mark.parametrize(
    "text",
    [
        "accuracy>0.97",
        "accuracy>=98%",
        "latency<0.8ms",
        "latency@8<2ms",
        "size<400kB",
        "accuracy>=0.97, size<100kB",
        "memory<199MiB",
    ],
)
def test_one_bound_that_is_missed_misses_the_target(text: str) -> None:
    assert not parse_target(text, BATCHES).reached(point())


def test_what_was_not_measured_reaches_nothing() -> None:
    assert not parse_target("memory<1GB", BATCHES).reached(point(peak_memory_mb=None))


@pytest.mark.parametrize("state", [{"status": "crashed"}, {"verdict": "different"}])
def test_what_did_not_run_or_computes_something_else_reaches_nothing(
    state: dict[str, str],
) -> None:
    assert not parse_target("accuracy>0", BATCHES).reached(point(**state))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("fast", "no bound"),
        ("acuracy>0.9", "Did you mean 'accuracy'"),
        ("latency<1", "latency needs a unit"),
        ("latency<1kg", "'kg' is no unit of latency"),
        ("size<1ms", "Known: b, kb"),
        ("lost<=0.3%", "It takes none."),
        ("accuracy<=0.9", "more is better"),
        ("latency>1ms", "Write latency<1ms"),
        ("latency@64<1ms", "Add 64 to --batch"),
        ("size@8<1kB", "does not depend on the batch size"),
        ("size<x1kB", "no bound"),
        ("size<1.2.3kB", "no number"),
        ("accuracy=0.9", "more is better"),
    ],
)
def test_a_bad_target_says_what_to_write(text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_target(text, BATCHES)
    assert words in str(caught.value)
