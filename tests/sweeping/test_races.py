"""From cells to answers: times by a known law, under drift that is common to cell and baseline."""

from __future__ import annotations

import cattrs
import pytest
from sweep_shop import simulated

from isograd.report.sweep_answer import verdict
from isograd.sweeping.cell import Cell
from isograd.sweeping.races import races
from isograd.sweeping.record import Outcome

MODES = (("torch", "eager"), ("torch", "jit"), ("tensorflow", "function"))
BATCHES = (1, 16, 64, 256, 1024)


def cell(framework: str, mode: str, batch: int, seed: int = 0) -> Cell:
    return Cell("net", framework, mode, batch, seed=seed)


def measured(modes=MODES, batches=BATCHES, seeds=(0, 1), **changes) -> list[Outcome]:
    found = []
    for seed in seeds:
        for batch in batches:
            for framework, mode in modes:
                own, base = cell(framework, mode, batch, seed), cell(*modes[0], batch, seed)
                plain = [cattrs.unstructure(one) for one in (own, base)]
                key = f"{framework}{mode}{batch}{seed}"
                outcome = {**simulated(*plain, key), "key": key, "status": "ok"}
                outcome |= {"cell": plain[0], "baseline": plain[1], **changes}
                found.append(cattrs.structure(outcome, Outcome))
    return found


def test_the_crossing_of_the_law_is_found_though_the_machine_drifts():
    step, inference = races(measured())
    assert (step.quantity, inference.quantity) == ("step", "inference")
    for found in (step.modes, step.frameworks):
        (crossing,) = found.crossings
        assert crossing.batch == pytest.approx(200, rel=0.05)  # the law is no straight line
        assert crossing.between == (64, 256)
    assert (step.frameworks.a, step.frameworks.b) == ("torch", "tensorflow")
    assert step.modes.b == "tensorflow/function"


def test_modes_that_do_the_same_are_rivals():
    standings = races(measured())[0].standings
    assert {standings[0].fastest, *standings[0].rivals} == {"torch/eager", "torch/jit"}
    assert standings[-1].fastest == "tensorflow/function"
    assert standings[-1].rivals == []


def test_noise_is_learnt_from_pairs_of_one_program():
    race = races(measured())[0]
    assert race.pairs == len(BATCHES) * 2
    assert 0 < race.noise < 0.02


def test_where_one_wins_throughout_there_is_no_crossing():
    race = races(measured(batches=(1, 16, 64)))[0]
    assert race.frameworks.crossings == []
    assert race.frameworks.winners == ["torch"]


def test_a_cell_that_computes_something_else_wins_nothing():
    outcomes = measured()
    for outcome in outcomes:
        if outcome.cell.framework == "tensorflow":
            outcome.agreement = "different"
    race = races(outcomes)[0]
    assert race.frameworks is None
    assert {one.fastest for one in race.standings} <= {"torch/eager", "torch/jit"}


def test_cells_that_were_held_against_another_baseline_are_not_mixed_in():
    outcomes = measured(seeds=(0,))
    odd = next(o for o in outcomes if o.cell.mode == "function" and o.cell.batch_size == 64)
    odd.baseline = cell("torch", "jit", 64)
    standing = next(s for s in races(outcomes)[0].standings if s.batch == 64)
    assert "tensorflow/function" not in (standing.fastest, *standing.rivals)


@pytest.mark.parametrize("modes", [MODES[:1], MODES[:2]])
def test_one_framework_alone_has_no_duel_of_frameworks(modes):
    race = races(measured(modes=modes))[0]
    assert race.frameworks is None
    assert (race.modes is None) == (len(modes) == 1)


def test_a_sweep_that_is_cut_off_anywhere_has_its_sentences():
    outcomes = measured(seeds=(0,))
    for count in range(1, len(outcomes) + 1):
        for race in races(outcomes[:count]):
            assert verdict(race)
    apart = [o for o in outcomes if (o.cell.mode == "eager") == (o.cell.batch_size == 64)]
    assert verdict(races([o for o in apart if o.cell.mode != "jit"])[0])


def test_nothing_measured_is_no_race():
    assert races([]) == []
    assert races(measured(status="crashed")) == []
