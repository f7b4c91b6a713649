"""Static against dynamic graphs: the data decide, and data that say the contrary are believed."""

from __future__ import annotations

import pytest
from evidences import compared, comparison, point, shipped

from isograd.claims.rules import RULES
from isograd.evidence import Evidence

FASTER = {"torch/compile": 0.5, "tensorflow/function": 0.2}
SLOWER = {"torch/compile": 1.5, "tensorflow/function": 2.0}


def judge(id: str, evidence: Evidence) -> tuple[str, str]:
    outcome = RULES[id](evidence)
    return outcome.verdict, outcome.result


def test_static_graphs_are_faster_where_every_static_mode_is() -> None:
    verdict, result = judge("static-faster", compared(comparison(FASTER)))
    assert verdict == "holds"
    assert result == "Faster: PyTorch compile (2×) and TensorFlow function (5×)."


def test_the_contrary_is_believed() -> None:
    assert judge("static-faster", compared(comparison(SLOWER)))[0] == "does not hold"


def test_where_some_are_it_depends() -> None:
    verdict, result = judge("static-faster", compared(comparison(FASTER | {"torch/jit": 1.2})))
    assert verdict == "depends"
    assert "Not faster: PyTorch jit (0.833×)." in result


def test_no_measurable_difference_is_not_faster() -> None:
    same = comparison({"torch/jit": 1.001})
    assert judge("static-faster", compared(same))[0] == "does not hold"


@pytest.mark.parametrize("ratio", [0.97, 0.99, 1.02])
def test_what_nobody_would_notice_is_not_faster(ratio: float) -> None:
    """Processes that run the same differ by some per cent."""
    close = comparison({"torch/jit": ratio}, spread=0.01, noise=0.01)
    assert judge("static-faster", compared(close))[0] == "does not hold"


@pytest.mark.parametrize(("spread", "noise"), [(0.5, 0.02), (0.3, 0.8), (0.06, 0.02)])
def test_noise_decides_nothing(spread: float, noise: float) -> None:
    """Neither a wide interval, nor one that a noisy machine cannot tell from none."""
    hidden = comparison({"torch/compile": 0.9}, spread=spread, noise=noise)
    verdict, result = judge("static-faster", compared(hidden))
    assert verdict == "not testable"
    assert result.startswith("Undecided")


def test_where_only_some_cases_are_decided_it_says_how_many() -> None:
    small, large = comparison(FASTER), comparison({"torch/compile": 0.9}, batch=512, spread=0.5)
    verdict, result = judge("static-faster", compared(small, large))
    assert verdict == "depends"
    assert "PyTorch compile (2×, in 1 of 2 cases)" in result


def test_a_mode_that_noise_hides_keeps_a_statement_from_holding() -> None:
    half = comparison(FASTER)
    half.comparisons[0].verdict = "inconclusive"
    assert judge("static-faster", compared(half))[0] == "depends"


def test_an_unfair_comparison_does_not_count() -> None:
    assert judge("static-faster", compared(comparison(FASTER, fair=False)))[0] == "not testable"


def test_a_mode_that_computes_something_else_does_not_count() -> None:
    wrong = comparison(FASTER | {"torch/jit": 0.1})
    wrong.mode("torch/jit").verdict = "different"
    assert "jit" not in judge("static-faster", compared(wrong))[1]


def test_of_two_comparisons_of_one_network_the_newest_counts() -> None:
    newest, older = comparison(FASTER), comparison(SLOWER)
    assert judge("static-faster", compared(newest, older))[0] == "holds"


def test_without_any_there_is_no_verdict() -> None:
    for id in ("static-faster", "dynamic-loses", "compiling-pays"):
        assert judge(id, Evidence())[0] == "not testable"


# Two amounts of work ---------------------------------------------------------------------------


def test_dynamic_graphs_lose_where_they_are_slower_with_much_work() -> None:
    small, large = comparison(FASTER, batch=8), comparison(FASTER, batch=512)
    verdict, result = judge("dynamic-loses", compared(small, large))
    assert verdict == "holds"
    assert "at 0.5× with net, batch of 512" in result
    assert "does not change measurably" in result


def test_it_is_the_larger_amount_that_decides() -> None:
    same = {"torch/compile": 1.0, "tensorflow/function": 1.0}
    small, large = comparison(FASTER, batch=8), comparison(same, batch=512)
    verdict, result = judge("dynamic-loses", compared(large, small))
    assert verdict == "does not hold"
    assert result.count("shrinks") == 2
    assert judge("dynamic-loses", compared(comparison(FASTER, batch=512), comparison(same)))[0] == (
        "holds"
    )


def test_one_amount_of_work_does_not_tell() -> None:
    assert judge("dynamic-loses", compared(comparison(FASTER)))[0] == "not testable"


# Break-even ------------------------------------------------------------------------------------


def test_compiling_pays_if_training_is_longer_than_the_break_even() -> None:
    quick = comparison({"torch/compile": 0.5}, first_s=0.01 + 49.5 * 300e-6)
    outcome = RULES["compiling-pays"](compared(quick))
    assert (outcome.verdict, outcome.figures[0].value) == ("holds", 50)
    slow = comparison({"torch/compile": 0.5}, first_s=10.0)
    outcome = RULES["compiling-pays"](compared(slow))
    assert outcome.verdict == "does not hold"
    assert "of 100 that were trained" in outcome.figures[0].what


def test_what_is_not_faster_never_pays() -> None:
    outcome = RULES["compiling-pays"](compared(comparison(SLOWER, first_s=0.001)))
    assert outcome.verdict == "does not hold"
    assert outcome.figures[0].text == "never: its steps are not faster"


def test_what_noise_hides_is_left_open() -> None:
    hidden = comparison({"torch/compile": 0.9}, spread=0.5, first_s=0.011)
    assert judge("compiling-pays", compared(hidden))[0] == "not testable"


# Calls -----------------------------------------------------------------------------------------


def test_no_grad_against_recording() -> None:
    quick = shipped(point("dense/torch/grad", 1.2), point("dense/torch/inference-mode", 0.9))
    assert judge("no-grad", quick)[0] == "holds"
    slow = shipped(point("dense/torch/grad", 0.8), point("dense/torch/inference-mode", 0.9))
    assert judge("no-grad", slow)[0] == "does not hold"


def test_forms_that_were_not_measured_say_nothing() -> None:
    assert judge("no-grad", shipped(point("dense/torch/onnx", 0.2)))[0] == "not testable"


def test_a_form_that_failed_leaves_it_open() -> None:
    broken = shipped(
        point("dense/torch/grad", 1.2), point("dense/torch/inference-mode", status="crashed")
    )
    outcome = RULES["no-grad"](broken)
    assert outcome.verdict == "depends"
    assert "crashed" in next(figure.text for figure in outcome.figures if figure.text)


def test_jit_in_calls_and_in_training() -> None:
    calls = shipped(point("dense/torch/torchscript", 0.5))
    assert judge("torch-jit", calls)[0] == "holds"
    calls.compares = compared(comparison({"torch/jit": 1.2})).compares
    assert judge("torch-jit", calls)[0] == "depends"
    assert judge("torch-jit", shipped(point("dense/torch/torchscript", 2.0)))[0] == "does not hold"


def test_forms_that_were_measured_while_something_else_went_on_decide_nothing() -> None:
    restless = shipped(
        point("dense/tensorflow/eager", 8.0), point("dense/tensorflow/function", 2.0)
    )
    restless.frontiers[0].record.points[1].latencies[0].p90_ms *= 3
    assert judge("tf-function", restless)[0] == "not testable"


def test_two_forms_are_compared_through_the_baseline() -> None:
    """The ratio of two others is wider than that of either to the baseline."""
    quick = shipped(point("dense/tensorflow/eager", 8.0), point("dense/tensorflow/function", 2.0))
    outcome = RULES["tf-function"](quick)
    (figure,) = outcome.figures
    assert outcome.verdict == "holds"
    assert figure.value == pytest.approx(4.0)
    assert figure.low is not None
    assert figure.low < 4.0 / 1.009
    slow = shipped(point("dense/tensorflow/eager", 2.0), point("dense/tensorflow/function", 8.0))
    assert judge("tf-function", slow)[0] == "does not hold"
