"""The measuring, measured: how often intervals hold, and verdicts are right, on simulated machines
whose truth is known.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated import CALM, RESTLESS, Machine

from isograd.measure import stats
from isograd.measure.stats import break_even, interval, noise_floor, ratio, verdict
from isograd.result import Comparison, NoiseFloor

MACHINES = pytest.mark.parametrize("machine", [RESTLESS, CALM], ids=["restless", "calm"])


def verdicts(machine: Machine, rounds: int, cost: float, seed: int) -> list[str]:
    """200 measurements of an arm that costs ``cost`` times another, with an A/A pair beside it."""
    generator = np.random.default_rng(seed)
    found: list[str] = []
    for _ in range(200):
        arm, reference, again = machine.rounds(generator, rounds, [cost, 1.0, 1.0])
        floor = noise_floor([ratio("reference (again)", "reference", again, reference)])
        found.append(ratio("arm", "reference", arm, reference, floor.fraction).verdict)
    return found


@MACHINES
@pytest.mark.parametrize("rounds", [8, 30])
def test_identical_arms_are_hardly_ever_told_apart(machine: Machine, rounds: int) -> None:
    found = verdicts(machine, rounds, cost=1.0, seed=rounds)
    wrong = sum(word in ("faster", "slower") for word in found) / len(found)
    assert wrong <= 0.05, f"told apart in {wrong:.1%}"


@pytest.mark.parametrize(
    ("machine", "rounds"), [(RESTLESS, 30), (CALM, 8)], ids=["restless", "calm"]
)
@pytest.mark.parametrize(("cost", "word"), [(1.1, "slower"), (1 / 1.1, "faster")])
def test_a_difference_of_10_percent_is_found(
    machine: Machine, rounds: int, cost: float, word: str
) -> None:
    power = verdicts(machine, rounds, cost, seed=7).count(word) / 200
    assert power >= 0.95, f"found in {power:.1%}"


def test_few_rounds_on_a_restless_machine_name_no_wrong_winner() -> None:
    assert "faster" not in verdicts(RESTLESS, 8, cost=1.1, seed=5)


def test_arms_that_are_alike_on_a_calm_machine_are_said_to_be() -> None:
    found = verdicts(CALM, 30, cost=1.0, seed=3)
    assert found.count("no measurable difference") > len(found) / 2


@MACHINES
@pytest.mark.parametrize("rounds", [8, 15, 30])
def test_intervals_hold_the_true_ratio_as_often_as_they_say(machine: Machine, rounds: int) -> None:
    generator = np.random.default_rng(rounds)
    trials, held = 1000, 0
    for _ in range(trials):
        arm, reference = machine.rounds(generator, rounds, [1.2, 1.0])
        found = ratio("arm", "reference", arm, reference)
        held += found.low <= 1.2 <= found.high
    # three standard errors of 1000 trials below 95 %
    assert held / trials >= 0.93, f"coverage {held / trials:.1%} with {rounds} rounds"


def test_the_coverage_check_sees_arms_that_were_not_interleaved() -> None:
    generator = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        (arm,), (reference,) = (RESTLESS.rounds(generator, 15, [1.0]) for _ in range(2))
        found = ratio("arm", "reference", arm, reference)
        held += found.low <= 1.0 <= found.high
    assert held / 200 < 0.9


LASTING = replace(CALM, worker=0.01)
"""Each worker is off by a little in all of its rounds, which more rounds do not show."""


def test_the_interval_alone_does_not_hold_what_a_worker_keeps_through_all_rounds() -> None:
    generator = np.random.default_rng(2)
    held = 0
    for _ in range(200):
        arm, reference = LASTING.rounds(generator, 30, [1.0, 1.0])
        found = ratio("arm", "reference", arm, reference)
        held += found.low <= 1.0 <= found.high
    assert held / 200 < 0.6


def wrong_winners(machine: Machine, rounds: int) -> int:
    found = verdicts(machine, rounds, cost=1.0, seed=rounds)
    return sum(word in ("faster", "slower") for word in found)


@pytest.mark.parametrize("rounds", [8, 30])
def test_the_noise_floor_takes_away_most_winners_that_only_their_worker_made(
    rounds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_floor = wrong_winners(LASTING, rounds)
    monkeypatch.setitem(globals(), "noise_floor", lambda pairs: NoiseFloor(0.0, pairs))
    assert with_floor < wrong_winners(LASTING, rounds) / 2


@pytest.mark.parametrize("rounds", [8, 30, 60])
def test_half_a_percent_that_a_worker_keeps_hardly_ever_makes_a_winner(rounds: int) -> None:
    assert wrong_winners(replace(LASTING, worker=0.005), rounds) / 200 <= 0.05


def test_one_disturbed_round_does_not_move_the_ratio() -> None:
    arm, reference = CALM.rounds(np.random.default_rng(0), 12, [1.1, 1.0])
    before = ratio("arm", "reference", arm, reference)
    arm[4] *= 50.0
    after = ratio("arm", "reference", arm, reference)
    assert after.ratio == pytest.approx(before.ratio, rel=0.01)
    assert after.high < 1.15


def test_drift_that_hits_both_arms_cancels() -> None:
    arm, reference = CALM.rounds(np.random.default_rng(0), 12, [1.1, 1.0])
    before = ratio("arm", "reference", arm, reference)
    drift = np.linspace(1.0, 10.0, 12)[:, None]
    after = ratio("arm", "reference", arm * drift, reference * drift)
    assert (after.low, after.high) == pytest.approx((before.low, before.high))


# The critical values of the signed-rank statistic in Wilcoxon, Biometrics Bulletin 1:6, 1945, and
# in every table since: 5 %, two-sided.
@pytest.mark.parametrize(
    ("rounds", "critical"), [(6, 0), (7, 2), (8, 3), (10, 8), (15, 25), (20, 52), (25, 89)]
)
def test_the_interval_rests_on_the_tabulated_signed_rank_values(rounds: int, critical: int) -> None:
    assert stats._left_out(rounds) == critical


@given(st.lists(st.floats(0.1, 10.0), min_size=1, max_size=5))
def test_fewer_than_six_rounds_give_their_whole_range(values: list[float]) -> None:
    found = interval([[value] for value in values])
    assert found.low == pytest.approx(min(values))
    assert found.high == pytest.approx(max(values))


@given(
    st.lists(st.tuples(st.floats(0.1, 10.0), st.floats(0.1, 10.0)), min_size=1, max_size=20),
    st.floats(0.0, 0.5),
)
def test_turning_a_ratio_round_turns_its_verdict_round(
    pairs: list[tuple[float, float]], noise: float
) -> None:
    a, b = ([[pair[side]] for pair in pairs] for side in (0, 1))
    there, back = ratio("a", "b", a, b, noise), ratio("b", "a", b, a, noise)
    assert there.ratio == pytest.approx(1.0 / back.ratio)
    assert (there.low, there.high) == pytest.approx((1.0 / back.high, 1.0 / back.low))
    opposite = {"faster": "slower", "slower": "faster"}
    margin = 1.0 + max(noise, stats.SMALLEST)
    edges = [edge for found in (there, back) for edge in (found.low, found.high)]
    if all(abs(edge - margin) > 1e-9 for edge in edges):
        assert opposite.get(there.verdict, there.verdict) == back.verdict


@given(st.lists(st.lists(st.floats(0.1, 10.0), min_size=1, max_size=5), min_size=1, max_size=20))
def test_an_interval_is_in_the_unit_that_was_given(rounds: list[list[float]]) -> None:
    one, thousand = interval(rounds), interval([[1000 * t for t in times] for times in rounds])
    assert one.low <= one.median <= one.high
    assert (thousand.median, thousand.low, thousand.high) == pytest.approx(
        (1000 * one.median, 1000 * one.low, 1000 * one.high)
    )


def test_a_round_counts_with_the_median_of_its_steps() -> None:
    found = interval([[1.0, 2.0, 900.0]] * 8)
    assert (found.median, found.low, found.high) == pytest.approx((2.0, 2.0, 2.0))


def test_arms_with_unequal_rounds_are_refused() -> None:
    with pytest.raises(ValueError, match="a has 2 rounds, b has 1"):
        ratio("a", "b", [[1.0], [1.0]], [[1.0]])


@pytest.mark.parametrize(
    ("low", "high", "noise", "word"),
    [
        (1.11, 1.20, 0.10, "slower"),
        (1.10, 1.20, 0.10, "inconclusive"),
        (0.80, 0.90, 0.10, "faster"),
        (0.80, 1 / 1.1, 0.10, "inconclusive"),
        (1 / 1.1, 1.10, 0.10, "no measurable difference"),
        (0.90, 1.10, 0.10, "inconclusive"),
        (0.95, 1.11, 0.10, "inconclusive"),
        (0.50, 2.00, 0.10, "inconclusive"),
    ],
)
def test_a_verdict_asks_for_the_whole_interval(
    low: float, high: float, noise: float, word: str
) -> None:
    assert verdict(low, high, noise) == word


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (1.002, 1.009, "no measurable difference"),
        (0.992, 0.998, "no measurable difference"),
        (1.011, 1.012, "slower"),
        (0.985, 0.990, "faster"),
    ],
)
def test_however_quiet_the_machine_less_than_one_percent_is_no_difference(
    low: float, high: float, word: str
) -> None:
    assert verdict(low, high, noise=0.0) == word


def pair(low: float, high: float) -> Comparison:
    return Comparison("a", "b", 1.0, low, high, "inconclusive")


def test_the_noise_floor_is_the_largest_edge_of_all_pairs() -> None:
    pairs = [pair(0.99, 1.02), pair(0.98, 1.07)]
    found = noise_floor(pairs)
    assert found.fraction == pytest.approx(0.07)
    assert found.pairs == pairs


def test_the_noise_floor_does_not_depend_on_which_of_a_pair_is_named_first() -> None:
    assert noise_floor([pair(0.8, 1.0)]).fraction == pytest.approx(0.25)
    assert noise_floor([pair(1.0, 1.25)]).fraction == pytest.approx(0.25)


@given(st.floats(0.2, 1.0), st.floats(1.0, 5.0))
def test_an_identical_pair_is_within_its_own_noise_floor(low: float, high: float) -> None:
    floor = noise_floor([pair(low, high)]).fraction
    assert verdict(low, high, floor * (1 + 1e-12)) == "no measurable difference"


def test_without_pairs_the_noise_floor_is_zero() -> None:
    assert noise_floor([]).fraction == 0.0


@pytest.mark.parametrize(
    ("first_call_s", "step_us", "eager_first_call_s", "eager_step_us", "steps"),
    [
        (3.0, 500.0, 1.0, 1000.0, 4000),  # 2 s more, 0.5 ms less each step
        (1.0 + 1e-6, 7.0, 1.0, 10.0, 1),  # a started step counts whole
        (1.0, 500.0, 1.0, 1000.0, 0),
        (0.5, 500.0, 1.0, 1000.0, 0),
        (0.5, 1000.0, 1.0, 1000.0, 0),
        (3.0, 1000.0, 1.0, 1000.0, None),
        (3.0, 1200.0, 1.0, 1000.0, None),
        (0.5, 1200.0, 1.0, 1000.0, None),  # ahead at first, behind for good
    ],
)
def test_a_slow_first_call_is_paid_for_after_so_many_steps(
    first_call_s: float,
    step_us: float,
    eager_first_call_s: float,
    eager_step_us: float,
    steps: int | None,
) -> None:
    assert break_even(first_call_s, step_us, eager_first_call_s, eager_step_us) == steps
