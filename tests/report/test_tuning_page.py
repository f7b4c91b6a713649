"""The page and the screen about a language model that was pretrained or fine-tuned."""

import io

import pytest
from pages import Page
from rich.console import Console
from tunings import MODES, make_finetuning, make_hostile, make_pretraining

from isograd.report import tuning_answer as say
from isograd.report.saved import read
from isograd.report.terminal_tuning import render_tuning
from isograd.report.tuning import render, write_tuning
from isograd.result import Verdict


def screen(found, width=80) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    render_tuning(found, console, report="tuning.html")
    return console.export_text()


@pytest.mark.parametrize("make", [make_finetuning, make_pretraining])
def test_page_and_screen_say_the_same_sentences(make):
    found = make()
    text = " ".join(Page(render(found)).text.split())
    shown = " ".join(screen(found, width=400).split())
    for sentence in (say.headline(found), *say.sentences(found)):
        assert sentence in text
        assert sentence in shown


def test_the_answer_has_the_figures_that_were_asked_for():
    said = " ".join(say.sentences(make_finetuning()))
    assert "Full, accuracy: 91.0% in PyTorch eager and 91.0% in TensorFlow function" in said
    assert "lora-8 trains 50 of 1,050 parameters (5% of what full trains)" in said
    assert "0.80× [0.75–0.85] of a full one in PyTorch eager" in said
    assert "outputs move by 1e-15" in said


def test_held_out_losses_are_shown_as_perplexities():
    assert "Perplexity: 2.226 in PyTorch eager" in " ".join(say.sentences(make_pretraining()))


@pytest.mark.parametrize("verdict", ["different", "inconclusive"])
def test_only_what_is_equivalent_is_called_the_same(verdict: Verdict):
    found = make_finetuning()
    course = found.methods[0].courses[0]
    course.verdict = course.quality_verdict = found.verdict = verdict
    assert say.headline(found) != say.headline(make_finetuning())
    assert f"full, TensorFlow function: the losses are {verdict}" in "\n".join(say.unproven(found))
    assert "same accuracy" not in screen(found)


def test_a_run_that_was_cut_off_says_so():
    found = make_pretraining()
    found.status, found.verdict, found.reason = "partial", None, "interrupted"
    found.methods[0].courses, found.samples = [], []
    assert found.exit_code == 4
    assert "Partial result" in render(found)
    assert "PARTIAL RESULT. interrupted" in screen(found)


def test_a_mode_that_failed_is_shown_with_its_reason():
    found = make_finetuning()
    mode = found.methods[1].modes[1]
    mode.status, mode.reason, mode.verdict, mode.proof = "crashed", "It died.", None, None
    assert found.exit_code == 4
    assert "lora-8, TensorFlow function: crashed. It died." in screen(found, width=120)


def test_the_table_fits_a_narrow_terminal():
    assert max(map(len, screen(make_finetuning(), width=80).splitlines())) <= 80
    assert "…" not in screen(make_finetuning(), width=80)


def test_no_string_of_a_record_becomes_markup():
    parsed = Page(render(make_hostile()))
    assert parsed.all("img") == []
    assert not any(name.startswith("on") for _, a in parsed.elements for name in a)
    assert "alert(1)" in parsed.text


def test_a_written_record_is_found_again(tmp_path):
    found = make_finetuning()
    write_tuning(found, tmp_path)
    assert read(tmp_path).record == found
    assert {path.name for path in read(tmp_path).write(tmp_path / "again")} == {"tuning.html"}


def test_every_mode_has_a_row():
    rows = say.rows(make_finetuning())
    assert [(row.method.name, row.mode.label) for row in rows] == [
        (name, mode) for name in ("full", "lora-8") for mode in MODES
    ]
