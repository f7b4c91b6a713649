"""Interleaved rounds, in simulated time and once in real time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from simulated import CALM, STEP_NS

from isograd.errors import WorkerError
from isograd.measure import schedule
from isograd.measure.schedule import (
    CHECK_EVERY,
    MAX_ROUNDS,
    MAX_STEPS,
    MIN_ROUNDS,
    MIN_STEPS,
    WARM_UP_ROUNDS,
    Arm,
    Measurement,
    measure,
)
from isograd.measure.stats import noise_floor, ratio

ROUND_NS = 10 * STEP_NS


@dataclass
class SimulatedArm:
    """Answers at once with ``cost(call)`` nanoseconds for each step; keeps a common diary."""

    label: str
    diary: list[str] = field(default_factory=list)
    cost: Callable[[int], float] = lambda call: STEP_NS
    asked: list[int] = field(default_factory=list)

    def run(self, steps: int) -> Sequence[float]:
        self.diary.append(self.label)
        self.asked.append(steps)
        return [self.cost(len(self.asked) - 1)] * steps


def stops_at(call: int, error: BaseException) -> Callable[[int], float]:
    """Costs that are `STEP_NS` until that call, which raises."""

    def cost(number: int) -> float:
        if number >= call:
            raise error
        return STEP_NS

    return cost


def restless(seed: int, spread: float) -> Callable[[int], float]:
    generator = np.random.default_rng(seed)
    return lambda call: STEP_NS * float(np.exp(generator.normal(0.0, spread)))


def run(arms: Sequence[Arm], budget_s: float = 60.0) -> Measurement:
    return measure(arms, budget_s=budget_s, round_ns=ROUND_NS)


def test_the_order_is_reversed_in_alternate_rounds() -> None:
    diary: list[str] = []
    run([SimulatedArm(label, diary) for label in "abc"])
    rounds = ["".join(diary[i : i + 3]) for i in range(3 * WARM_UP_ROUNDS, len(diary), 3)]
    assert rounds == ["abc", "cba"] * (len(rounds) // 2)


def test_all_arms_have_equally_many_rounds() -> None:
    found = run([SimulatedArm(label, cost=restless(ord(label), 0.1)) for label in "abc"])
    assert len({len(rounds) for rounds in found.rounds.values()}) == 1


def test_warm_up_rounds_are_thrown_away() -> None:
    slow_start = lambda call: 100 * STEP_NS if call < WARM_UP_ROUNDS else STEP_NS
    arm = SimulatedArm("a", cost=slow_start)
    found = run([arm])
    assert len(found.rounds["a"]) == len(arm.asked) - WARM_UP_ROUNDS
    assert max(max(times) for times in found.rounds["a"]) == STEP_NS / 1e3


def test_times_are_given_in_microseconds() -> None:
    found = run([SimulatedArm("a", cost=lambda call: 2500.0)])
    assert found.rounds["a"][0][0] == 2.5


@pytest.mark.parametrize(
    ("step_ns", "steps"),
    [(STEP_NS, 10), (STEP_NS * 0.3, 34), (STEP_NS * 100, MIN_STEPS), (1.0, MAX_STEPS)],
)
def test_a_round_has_as_many_steps_as_fill_its_time(step_ns: float, steps: int) -> None:
    arm = SimulatedArm("a", cost=lambda call: step_ns)
    found = run([arm])
    assert {len(times) for times in found.rounds["a"]} == {steps}


def test_a_spent_budget_still_gives_the_least_number_of_rounds() -> None:
    found = run([SimulatedArm("a"), SimulatedArm("b", cost=restless(0, 0.5))], budget_s=0.0)
    assert len(found.rounds["a"]) == MIN_ROUNDS
    assert not found.partial


def test_it_stops_early_when_every_ratio_is_known() -> None:
    found = run([SimulatedArm("a"), SimulatedArm("b", cost=lambda call: 2 * STEP_NS)])
    assert len(found.rounds["a"]) == MIN_ROUNDS


def test_it_goes_on_while_a_ratio_is_not_known() -> None:
    arms = [SimulatedArm("a"), SimulatedArm("b"), SimulatedArm("c", cost=restless(0, 0.5))]
    assert len(run(arms).rounds["a"]) == MAX_ROUNDS


def test_a_little_noise_takes_some_more_rounds() -> None:
    found = run([SimulatedArm("a"), SimulatedArm("b", cost=restless(0, 0.03))])
    count = len(found.rounds["a"])
    assert MIN_ROUNDS < count < MAX_ROUNDS
    assert count % CHECK_EVERY == 0


def test_every_finished_round_is_told() -> None:
    told: list[int] = []
    found = measure([SimulatedArm("a")], round_ns=ROUND_NS, on_round=told.append)
    assert told == list(range(len(found.rounds["a"])))


@pytest.mark.parametrize("call", [0, 1, WARM_UP_ROUNDS, WARM_UP_ROUNDS + 3])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_an_arm_that_fails_is_taken_out_and_the_others_go_on(call: int, position: int) -> None:
    arms = [SimulatedArm(label) for label in "abc"]
    failing = arms[position]
    failing.cost = stops_at(call, WorkerError("It ran out of memory."))
    found = run(arms)
    assert found.failures == {failing.label: "It ran out of memory."}
    assert sorted(found.rounds) == sorted(set("abc") - {failing.label})
    assert all(len(rounds) == MIN_ROUNDS for rounds in found.rounds.values())
    assert len(failing.asked) == call + 1, "it was asked again after it had failed"
    assert not found.partial


def test_when_every_arm_fails_nothing_is_measured() -> None:
    told: list[int] = []
    arms = [SimulatedArm(label, cost=stops_at(0, WorkerError(f"No {label}."))) for label in "ab"]
    found = measure(arms, round_ns=ROUND_NS, on_round=told.append)
    assert found.failures == {"a": "No a.", "b": "No b."}
    assert found.rounds == {}
    assert told == []


def test_an_error_that_nobody_expected_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run([SimulatedArm("a", cost=stops_at(3, ZeroDivisionError()))])


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize("whole", [0, 1, 5])
def test_an_interrupt_leaves_the_whole_rounds(position: int, whole: int) -> None:
    arms = [SimulatedArm(label) for label in "ab"]
    arms[position].cost = stops_at(WARM_UP_ROUNDS + whole, KeyboardInterrupt())
    found = run(arms)
    assert found.partial
    assert [len(found.rounds.get(label, [])) for label in "ab"] == [whole, whole]


def test_an_interrupt_in_the_warm_up_leaves_nothing() -> None:
    found = run([SimulatedArm("a", cost=stops_at(0, KeyboardInterrupt()))])
    assert found.partial
    assert found.rounds == {}


def biased_pair(seed: int, bias: float) -> list[SimulatedArm]:
    """Two identical arms; whichever runs second in a round takes ``bias`` times as long."""
    diary: list[str] = []
    quiet = [restless(seed + i, 0.01) for i in range(2)]
    slowed = [
        lambda call, own=own: own(call) * (bias if len(diary) % 2 == 0 else 1.0) for own in quiet
    ]
    return [SimulatedArm(label, diary, cost) for label, cost in zip("ab", slowed, strict=True)]


@pytest.mark.parametrize("seed", range(5))
def test_the_place_in_a_round_does_not_make_identical_arms_different(seed: int) -> None:
    rounds = run(biased_pair(10 * seed, 1.05)).rounds
    found = ratio("a", "b", rounds["a"], rounds["b"])
    assert found.low < 1.0 < found.high
    assert found.ratio == pytest.approx(1.0, abs=0.03)
    assert found.verdict not in ("faster", "slower")


def test_without_the_reversal_the_place_in_a_round_would_decide(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one_round = schedule._round
    fixed = lambda arms, *rest: one_round(sorted(arms, key=lambda arm: arm.label), *rest)
    monkeypatch.setattr(schedule, "_round", fixed)
    rounds = run(biased_pair(0, 1.05)).rounds
    assert ratio("a", "b", rounds["a"], rounds["b"]).verdict == "faster"


def test_stopping_when_the_interval_is_narrow_does_not_tell_identical_arms_apart() -> None:
    told_apart = 0
    for seed in range(60):
        generator = np.random.default_rng(seed)
        simulated = CALM.rounds(generator, WARM_UP_ROUNDS + MAX_ROUNDS, [1.0, 1.0, 1.0])
        medians = np.median(simulated, axis=2)
        arms = [
            SimulatedArm(label, cost=row.tolist().__getitem__)
            for label, row in zip(["a", "b", "a (again)"], medians, strict=True)
        ]
        rounds = run(arms).rounds
        floor = noise_floor([ratio("a (again)", "a", rounds["a (again)"], rounds["a"])])
        found = ratio("b", "a", rounds["b"], rounds["a"], floor.fraction)
        told_apart += found.verdict in ("faster", "slower")
    assert told_apart <= 3
