"""Verdicts follow from deviations in multiples of the measured envelope."""

import numpy as np
import pytest

from isograd.proof.judge import deviation, judge, judge_float32, worst

EPS = np.finfo(np.float64).eps
REFERENCE = np.array([1.0, -2.0, 0.5])


def moved(by: float) -> np.ndarray:
    return REFERENCE + np.array([0.0, by, 0.0])


def test_a_tensor_within_the_envelope_is_equivalent() -> None:
    assert deviation("t", REFERENCE, moved(3e-15), [moved(1e-15)]).verdict == "equivalent"


def test_a_tensor_far_outside_of_the_envelope_is_different() -> None:
    found = deviation("t", REFERENCE, moved(1e-9), [moved(1e-15)])
    assert found.verdict == "different"
    assert found.max_abs == pytest.approx(1e-9)


def test_between_rounding_and_a_real_difference_the_answer_is_inconclusive() -> None:
    found = deviation("t", REFERENCE, moved(5e-13), [moved(2e-15)])
    assert found.verdict == "inconclusive"


def test_an_envelope_that_could_hide_a_real_difference_is_inconclusive() -> None:
    found = deviation("t", REFERENCE, moved(1e-4), [moved(1e-4)])
    assert found.verdict == "inconclusive"
    assert "too wide" in found.detail


def test_the_more_training_amplifies_rounding_the_less_a_multiple_of_it_means() -> None:
    chaotic = deviation("t", REFERENCE, moved(3e-6), [moved(1e-9)])
    assert chaotic.ratio > 2000
    assert chaotic.verdict == "inconclusive"
    assert deviation("t", REFERENCE, moved(1e-1), [moved(1e-9)]).verdict == "different"


def test_a_gradient_that_is_zero_but_for_rounding_is_held_against_what_cancelled() -> None:
    noise = np.array([1e-17, -3e-17])
    reference = {"weight": REFERENCE, "bias": noise}
    twin = {"weight": REFERENCE, "bias": 10 * noise[::-1]}
    assert judge("gradients", reference, twin, [reference]).verdict == "equivalent"
    twin["bias"] = noise + 1e-9
    assert judge("gradients", reference, twin, [reference]).verdict == "different"


def test_values_that_have_diverged_prove_nothing() -> None:
    assert deviation("t", 1e40 * REFERENCE, 2e40 * REFERENCE, []).verdict == "inconclusive"


def test_an_envelope_is_never_narrower_than_rounding_itself() -> None:
    assert deviation("t", REFERENCE, moved(2 * EPS), [REFERENCE]).verdict == "equivalent"


def test_other_shapes_are_different_even_where_they_would_broadcast() -> None:
    assert deviation("t", np.ones((3, 1)), np.ones(3), []).verdict == "different"


def test_a_twin_that_is_not_finite_is_different() -> None:
    assert deviation("t", REFERENCE, moved(np.nan), [moved(1e-15)]).verdict == "different"


def test_a_reference_that_is_not_finite_proves_nothing() -> None:
    assert deviation("t", moved(np.inf), moved(np.inf), []).verdict == "inconclusive"


def test_a_zero_tensor_that_is_not_zero_on_the_other_side_is_different() -> None:
    assert deviation("t", np.zeros(3), np.full(3, 1e-12), [np.zeros(3)]).verdict == "different"


def test_a_tensor_that_only_one_side_has_is_a_difference() -> None:
    stage = judge("forward", {"a": REFERENCE}, {"b": REFERENCE}, [])
    assert stage.verdict == "different"


def test_a_stage_is_as_bad_as_its_worst_tensor_and_names_it() -> None:
    reference = {"good": REFERENCE, "bad": REFERENCE}
    twin = {"good": REFERENCE, "bad": moved(1e-3)}
    stage = judge("gradients", reference, twin, [reference])
    assert (stage.verdict, stage.worst) == ("different", "bad")


def test_float32_agrees_when_it_is_as_close_to_float64_as_the_reference_is() -> None:
    exact = {"t": REFERENCE}
    own = [{"t": moved(1e-6)}]
    assert judge_float32(exact, own, {"t": moved(2e-6)}).verdict == "equivalent"
    assert judge_float32(exact, own, {"t": moved(5e-5)}).verdict == "inconclusive"
    assert judge_float32(exact, own, {"t": moved(1e-3)}).verdict == "different"


def test_float32_sums_may_err_by_more_than_a_reference_that_adds_in_float64() -> None:
    exact, own = {"t": REFERENCE}, [{"t": moved(1e-8)}]
    assert judge_float32(exact, own, {"t": moved(9e-6)}).verdict == "equivalent"
    assert judge_float32(exact, own, {"t": moved(1e-3)}).verdict == "different"


def test_the_worst_verdict_wins() -> None:
    assert worst(["equivalent", "different", "inconclusive"]) == "different"
    assert worst([]) == "equivalent"
