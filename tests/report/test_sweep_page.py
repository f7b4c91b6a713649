"""The page about a sweep, and the sentences that it opens with."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pages import POISON, Page
from sweep_records import BATCHES, MODES, make_hostile, make_sweep

from isograd.errors import UsageError
from isograd.report import sweep as page
from isograd.report import sweep_answer as say
from isograd.report.page import digest
from isograd.sweeping.race import Crossing, Duel, Point
from isograd.sweeping.record import Sweep


@pytest.fixture(scope="module")
def found() -> Sweep:
    return make_sweep()


@pytest.fixture(scope="module")
def parsed(found) -> Page:
    return Page(page.render(found))


def point(batch: int, winner: str = "") -> Point:
    return Point(batch, 1.0, 0.9, 1.1, winner)


A, B = "torch/eager", "tensorflow/function"


@pytest.mark.parametrize(
    ("duel", "words"),
    [
        (Duel(A, B, []), "no batch size in common"),
        (Duel(A, B, [point(1), point(8)]), "No measurable difference between PyTorch eager"),
        (Duel(A, B, [point(1), point(8)]), "no crossover in the measured range."),
        (Duel(A, B, [point(1, A), point(8, A)]), "than TensorFlow function with every batch size"),
        (Duel(A, B, [point(1, A), point(8)]), "with a batch of 1, and with a batch of 8 there is"),
        (
            Duel(A, B, [point(1, A), point(8, B)], [Crossing(3.4, 2.9, 4.2, (1, 8), A, B)]),
            "from a batch of about 3 [3–4] on",
        ),
        (
            Duel(A, B, [point(1, A), point(999, B)], [Crossing(196, 183, 214, (1, 999), A, B)]),
            "from a batch of about 200 [180–210] on",
        ),
    ],
)
def test_a_duel_is_told_in_a_sentence(duel, words):
    assert words in say.duel_verdict(duel)


def test_a_single_batch_size_is_no_range_in_which_something_could_cross():
    assert "crossover" not in say.duel_verdict(Duel(A, B, [point(8)]))


def test_the_crossing_of_the_law_is_in_the_answer(found):
    race = found.races[0]
    assert (race.modes.a, race.modes.b) == ("torch/compile", "tensorflow/session")
    (crossing,) = race.modes.crossings
    assert crossing.batch == pytest.approx(177, rel=0.15)
    assert "depends on the batch size" in say.headline(found)


def test_the_headline_of_one_network_is_its_verdict():
    alone = make_sweep(models=("mnist-mlp",))
    assert say.headline(alone) == say.verdict(alone.races[0])


def test_what_is_missing_and_what_failed_is_told(found):
    assert say.status(found) == ""
    cut = replace(found, outcomes=found.outcomes[:5], status="partial", reason="interrupted")
    assert say.status(cut).startswith(f"5 of {len(found.cells)} cells have ended (interrupted)")
    assert [one.status for one in say.failures(found)] == ["out of memory"] * 2


def test_cells_side_by_side_are_a_caution(found):
    assert say.cautions(replace(found, parallel=4))[0].startswith("4 cells ran at a time")


def test_a_cell_that_is_different_is_counted_and_none_is_called_proven():
    found = make_sweep(models=("mnist-mlp",))
    found.outcomes[1].agreement = "different"
    assert "In 1 it is different." in say.agreement(found)
    assert "isograd prove" in say.agreement(found)


def test_every_cell_is_in_the_table_or_among_the_failures(found, parsed):
    rows = [one for one in parsed.all("tr") if "data-batch" in one]
    assert len(rows) == len(found.cells) - 2
    assert {row["data-mode"] for row in rows} == {name.split("/")[1] for name in MODES}
    assert {row["data-batch"] for row in rows} == {str(batch) for batch in BATCHES}
    assert "for want of memory" in parsed.text


def test_each_network_has_its_curves_and_its_ratio_with_the_crossing(found, parsed):
    marks = [one for one in parsed.all("circle") if one.get("class") == "mark"]
    assert len(marks) == len(found.races)
    assert parsed.text.count("PyTorch compile over TensorFlow session") >= len(found.races)


def test_no_string_of_a_sweep_becomes_markup():
    hostile = Page(page.render(make_hostile()))
    assert len(hostile.all("script")) == 2
    assert hostile.all("img") == []
    assert not any(name.startswith("on") for _, a in hostile.elements for name in a)
    assert "alert(1)" in hostile.text
    raw, _ = hostile.scripts
    assert POISON not in raw


def test_the_security_policy_admits_the_pages_own_script_alone(found, parsed):
    policy = next(m["content"] for m in parsed.all("meta") if m.get("http-equiv"))
    assert f"script-src 'sha256-{digest(parsed.scripts[-1])}'" in policy


def test_a_sweep_with_nothing_in_it_has_a_page():
    empty = replace(make_sweep(), outcomes=[], races=[], status="partial")
    assert "Nothing is measured yet." in Page(page.render(empty)).text


def test_it_is_read_back_as_it_was_and_not_written_over_another(found, tmp_path):
    page.write_sweep(found, tmp_path)
    assert Sweep.read(tmp_path / "sweep.json") == found
    with pytest.raises(UsageError):
        page.write_sweep(found, tmp_path)
