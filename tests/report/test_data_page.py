"""What is said about input pipelines, on the page and in the terminal."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from feedings import make_feeding, make_hostile
from pages import POISON, Page
from rich.console import Console

from isograd.errors import UsageError
from isograd.feeding import Delivery, Feeding, Shuffle
from isograd.report import data_answer as say
from isograd.report import saved
from isograd.report.data import render, scatter, write_feeding
from isograd.report.terminal_data import render_feeding


def shown(found: Feeding, width: int = 100) -> str:
    out = StringIO()
    render_feeding(found, Console(file=out, width=width), report="feeding.html")
    return out.getvalue()


def test_no_string_becomes_markup() -> None:
    found = make_hostile()
    parsed = Page(render(found))
    assert len(parsed.all("script")) == 2
    assert parsed.all("img") == []
    assert not any("style" in a or "onerror" in a for _, a in parsed.elements)
    assert POISON not in parsed.scripts[0]
    assert Feeding.from_json(parsed.scripts[0]) == found


def test_both_reports_say_the_same() -> None:
    found = make_feeding()
    page, terminal = Page(render(found)).text, " ".join(shown(found, 400).split())
    for sentence in (say.headline(found), *say.sentences(found)):
        assert sentence in page
        assert sentence in terminal


def test_every_width_has_a_table_that_fits() -> None:
    for width in (60, 80, 120):
        assert max(map(len, shown(make_feeding(), width).splitlines())) <= width


def test_a_pipeline_of_ones_own_that_is_waited_for_is_the_answer() -> None:
    found = make_feeding()
    assert say.headline(found) == "PyTorch eager waits 96.0% of its time for your slow."
    assert "PyTorch eager, fed by PyTorch slow: waits 96.0% [95–97] of the time." in shown(
        found, 400
    )


def test_who_waits_even_with_the_best_pipeline_is_the_answer() -> None:
    found = make_feeding()
    del found.fed[2]
    assert say.headline(found) == "Whether every mode is fed cannot be told."  # xla did not run
    found.fed.pop()
    assert say.headline(found).startswith("Every mode can be fed")
    found.fed[1] = replace(found.fed[1], waits=0.4, low=0.3, high=0.5, verdict="waits")
    assert say.headline(found).startswith("PyTorch eager waits 40.0% of its time for data")


def test_arrays_in_memory_are_no_pipeline_that_feeds() -> None:
    best = say.best_fed(make_feeding())
    assert best["torch/eager"].pipeline == "torch/batched"


def test_a_slow_line_is_told() -> None:
    assert "97.0% of its time at pipes.py:12 (__getitem__)" in shown(make_feeding(), 400)


def test_what_is_not_the_source_comes_first() -> None:
    found = make_feeding()
    found.pipelines[1].delivery = Delivery("wrong", 1436, missing=2, repeated=1)
    assert say.headline(found) == "PyTorch batched: not what the source holds."
    assert "2 never come and 1 come more than once" in say.sentences(found)[0]
    assert found.exit_code == 4  # one crashed as well
    found.pipelines.pop()
    assert found.exit_code == 1


def test_the_quickest_is_named_only_where_it_can_be_told() -> None:
    found = replace(make_feeding(), fed=[])
    assert say.headline(found).startswith("Quickest: PyTorch batched")
    assert found.noise is not None
    found.noise.fraction = 3.0
    assert "cannot be told apart" in say.headline(found)


def test_orders_that_are_worse_are_told_with_their_measures() -> None:
    (sentence,) = (s for s in say.sentences(make_feeding()) if "permutation" in s)
    assert sentence.startswith("TensorFlow map: order worse than a permutation in rank correlation")
    assert "label mix 21×" in sentence


def test_places_stand_in_their_square() -> None:
    square = scatter(Shuffle(0, 1, 0, None, 0, [], [[0, 10], [10, 0]]), side=100)
    assert square == [(0.0, 0.0), (100.0, 100.0)]


def test_it_is_shown_again_and_never_overwritten(tmp_path: Path) -> None:
    found = make_feeding()
    write_feeding(found, tmp_path)
    assert saved.read(tmp_path).record == found
    with pytest.raises(UsageError, match="nothing was overwritten"):
        write_feeding(found, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"feeding.json", "feeding.html"}
