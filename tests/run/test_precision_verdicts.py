"""Another precision may change a training as much as another seed does, and no more."""

from __future__ import annotations

import pytest

from isograd.frontier import Training
from isograd.result import Comparison
from isograd.run.precision_verdicts import judge, seeds_apart, slower_because

PLAIN = [[0.9, 0.5], [0.8, 0.4]]


def judged(
    loss: list[list[float]], plain: list[list[float]] = PLAIN, speed: str = "faster"
) -> Training:
    reference = Training("torch", "eager", "float32", "ok", loss=plain)
    step = Comparison("bfloat16", "float32", 1.2, 1.1, 1.3, speed)  # type: ignore[arg-type]
    lowered = Training("torch", "eager", "bfloat16", "ok", loss=loss, step=step)
    judge([reference, lowered], ["avx2", "avx512_bf16"])
    assert reference.verdict is None
    return lowered


def test_a_training_within_the_spread_of_seeds_is_equivalent() -> None:
    found = judged([[0.92, 0.5], [0.8, 0.45]])
    assert found.verdict == "equivalent"
    assert found.deviation == pytest.approx(0.05)
    assert found.seed_spread == pytest.approx(0.1)


def test_a_training_beyond_it_is_different() -> None:
    assert judged([[0.9, 0.5], [0.8, 0.61]]).verdict == "different"


def test_precisions_are_held_against_each_other_seed_by_seed() -> None:
    assert judged([[0.8, 0.4], [0.9, 0.5]]).deviation == pytest.approx(0.1)


def test_one_seed_settles_nothing() -> None:
    assert seeds_apart(PLAIN[:1]) is None
    assert judged([[0.9, 0.5]], PLAIN[:1]).verdict == "inconclusive"


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_is_different_or_settles_nothing(bad: float) -> None:
    found = judged([[0.9, bad], [0.8, 0.4]])
    assert found.verdict == "different"
    assert "bfloat16" in found.reason
    assert judged(PLAIN, [[0.9, bad], [0.8, 0.4]]).verdict == "inconclusive"


def test_a_training_that_failed_is_not_judged() -> None:
    failed = Training("torch", "eager", "bfloat16", "crashed", "It died.")
    judge([Training("torch", "eager", "float32", "ok", loss=PLAIN), failed], [])
    assert failed.verdict is None


def test_only_what_is_slower_has_a_reason() -> None:
    assert judged(PLAIN).because == ""
    assert "avx512_bf16" in judged(PLAIN, speed="slower").because


@pytest.mark.parametrize(
    ("instructions", "said"),
    [
        (["avx2"], "no instructions for bfloat16"),
        (["avx2", "avx512_bf16"], "no amx_bf16"),
        (["avx512_bf16", "amx_bf16"], "tiles"),
        ([], ""),
    ],
)
def test_the_reason_is_found_in_the_instruction_sets(instructions: list[str], said: str) -> None:
    assert said in slower_because("bfloat16", instructions)
    assert bool(said) == bool(slower_because("bfloat16", instructions))
