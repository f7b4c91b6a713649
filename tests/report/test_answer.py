import pytest

from isograd.measure.standing import between
from isograd.report.advice import cautions
from isograd.report.answer import answer
from isograd.result import Comparison, Mode


def test_the_winner_is_named_with_its_interval_and_its_lead(result):
    found = answer(result)
    assert found.winner is result.mode("tensorflow/session")
    assert "TensorFlow session, 352 µs [350–354] a step" in found.overall
    assert "1.11× [1.10–1.12] as fast as PyTorch compile" in found.overall


def test_each_framework_has_its_own_fastest_mode(result):
    torch, tensorflow = answer(result).frameworks
    assert torch.startswith("In PyTorch: compile is fastest")
    assert tensorflow.startswith("In TensorFlow: session is fastest")


def test_equivalent_says_how_many_of_the_modes_were_proven(result):
    assert "6 of 7 modes" in answer(result).proof


def test_modes_that_were_not_proven_are_not_called_the_same_network(result):
    assert answer(result).headline.startswith("The same network in 6 of 7 modes.")
    del result.modes[-1]
    assert answer(result).headline.startswith("The same network. ")


def test_no_winner_is_named_when_the_fairness_gate_failed_and_the_check_is(unfair):
    found = answer(unfair)
    assert found.winner is None
    assert found.frameworks == ()
    assert "learned" in found.overall
    assert "fastest" not in (found.headline + found.overall)


def test_no_winner_is_named_when_fairness_was_not_checked(result):
    result.fairness = []
    assert answer(result).winner is None


def test_no_winner_is_named_when_there_is_no_measurable_difference(tied):
    found = answer(tied)
    assert found.winner is None
    assert found.overall.startswith("No measurable difference between")
    assert "PyTorch compile" in found.overall
    assert "TensorFlow session" in found.overall


def test_an_inconclusive_comparison_is_not_called_a_tie(tied):
    for comparison in tied.comparisons:
        if comparison.verdict == "no measurable difference":
            comparison.verdict = "inconclusive"
    found = answer(tied)
    assert found.winner is None
    assert found.overall.startswith("Inconclusive")
    assert any("idle" in caution.text for caution in cautions(tied))


def test_a_different_network_does_not_compete_however_fast_it_is(different):
    different.mode("torch/compile").step_us.median = 1.0
    found = answer(different)
    assert found.verdict == "different"
    assert found.winner is different.mode("tensorflow/session")
    assert "Of those that are proven" in found.headline


def test_a_difference_is_told_with_mode_stage_tensor_and_size(different):
    assert answer(different).proof == (
        "Different from torch/eager: torch/compile, first in stage gradients at fc2.weight "
        "by 3.1e9× the rounding envelope."
    )


def test_one_different_mode_outweighs_a_result_that_says_equivalent(different):
    different.verdict = "equivalent"
    assert answer(different).verdict == "different"


def test_a_mode_that_was_not_proven_does_not_compete(result):
    result.mode("tensorflow/session").verdict = None
    assert answer(result).winner is result.mode("torch/compile")


def test_nothing_proven_is_said_so(result):
    result.verdict = None
    for mode in result.modes:
        mode.verdict = mode.proof = None
    found = answer(result)
    assert found.verdict is None
    assert found.proof == "Nothing was proven."
    assert found.winner is None


def test_a_partial_result_gives_its_reason_and_names_the_fastest_so_far(partial):
    found = answer(partial)
    assert found.partial == "Interrupted with Ctrl-C in round 3 of 6."
    assert found.headline.startswith("So far")
    assert "so far" in found.overall


def test_a_single_mode_has_nobody_to_be_faster_than(result):
    result.modes = result.modes[:1]
    assert answer(result).overall.startswith("Nothing to compare")


def test_a_comparison_is_read_in_both_directions(result):
    result.comparisons = [Comparison("torch/jit", "torch/eager", 0.5, 0.4, 0.8, "faster")]
    turned = between(result, "torch/eager", "torch/jit")
    assert (turned.ratio, turned.low, turned.high) == (2.0, 1.25, 2.5)
    assert turned.verdict == "slower"


def through_the_reference(result, first: float, second: float, half: float) -> Comparison:
    """jit against compile when both were only held against eager."""
    result.comparisons = [
        Comparison(f"torch/{m}", "torch/eager", r, r - half, r + half, "faster")
        for m, r in (("jit", first), ("compile", second))
    ]
    return between(result, "torch/jit", "torch/compile")


def test_modes_that_met_only_the_reference_are_compared_through_it(result):
    found = through_the_reference(result, 0.5, 0.8, 0.01)
    assert found.ratio == pytest.approx(0.625)
    assert found.low == pytest.approx(0.49 / 0.81)
    assert found.high == pytest.approx(0.51 / 0.79)
    assert found.verdict == "faster"


def test_a_comparison_through_the_reference_is_inconclusive_when_its_interval_is_wide(result):
    assert through_the_reference(result, 0.75, 0.8, 0.05).verdict == "inconclusive"


def test_a_comparison_through_the_reference_needs_a_noise_floor(result):
    result.noise_floor = None
    assert through_the_reference(result, 0.5, 0.8, 0.01).verdict == "inconclusive"


def test_modes_that_nothing_connects_are_not_ranked(result):
    result.comparisons = []
    assert answer(result).winner is None


@pytest.mark.parametrize(
    ("status", "command"),
    [
        ("not installed", "pip install 'isograd[tensorflow]'"),
        ("crashed", "isograd compare mnist-mlp --debug"),
        ("not reached", "isograd compare mnist-mlp"),
        ("out of memory", ""),
    ],
)
def test_a_mode_that_could_not_run_comes_with_the_next_command(result, status, command):
    result.modes[-1] = Mode("tensorflow", "xla", status, "The reason.")
    (caution,) = cautions(result)
    assert caution.text == f"TensorFlow xla: {status}. The reason."
    assert caution.next == command


def test_a_step_time_that_was_lost_does_not_win(result):
    result.mode("torch/jit").step_us.median = float("nan")
    assert answer(result).winner is result.mode("tensorflow/session")


def test_a_noisy_machine_is_warned_about(result):
    before = len(cautions(result))
    result.noise_floor.fraction = 0.2
    assert len(cautions(result)) == before + 1


def test_what_to_repeat_does_not_run_into_its_own_result(result):
    result.noise_floor.fraction = 0.2
    result.command = "isograd compare 'my net.py:Net' --out here --epochs 2"
    assert cautions(result)[-1].next == "isograd compare 'my net.py:Net' --epochs 2"


def test_noise_by_memory_that_comes_and_goes_has_a_remedy(result):
    result.noise_floor.fraction = 0.2
    before = len(cautions(result))
    result.mode("torch/eager").page_faults = 540.2
    *_, caution = [c for c in cautions(result) if "pages of memory" in c.text]
    assert caution.text.startswith("PyTorch eager takes 540 pages of memory from the system")
    assert caution.next.startswith("MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=")
    assert caution.next.endswith(result.command)
    result.environment["variables"] = {"MALLOC_TRIM_THRESHOLD_": "1073741824"}
    assert len(cautions(result)) == before
