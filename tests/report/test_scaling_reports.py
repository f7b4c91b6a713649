"""What a user sees of a training on several workers, on the page and in the terminal."""

from __future__ import annotations

import io
from pathlib import Path

from pages import POISON, Page
from rich.console import Console
from scalings import make_hostile, make_run, make_scaling

from isograd.report import scaling as page
from isograd.report import scaling_answer as say
from isograd.report.terminal_scaling import render_hosts, render_scaling
from isograd.scaling.engine import Command, Plan
from isograd.scaling.record import Scaling


def text(found: Scaling, width: int = 100) -> str:
    file = io.StringIO()
    render_scaling(found, Console(file=file, width=width, force_terminal=False))
    return file.getvalue()


def test_no_string_of_a_record_becomes_markup():
    parsed = Page(page.render(make_hostile()))
    assert len(parsed.all("script")) == 2
    assert parsed.all("img") == []
    assert POISON not in parsed.scripts[0]


def test_the_page_says_what_the_terminal_says():
    found = make_scaling()
    shown = Page(page.render(found)).text
    for sentence in (say.headline(found), *say.sentences(found)):
        assert sentence in shown
        assert sentence in " ".join(text(found, 500).split())


def test_a_record_comes_back_from_its_folder(tmp_path):
    page.write_scaling(make_scaling(), tmp_path)
    assert Scaling.read(tmp_path / "scaling.json") == make_scaling()


def test_a_difference_is_the_headline_and_the_exit_code():
    found = make_scaling()
    found.engines[0].runs[1] = make_run(2, "different")
    assert say.headline(found).startswith("Not the same training: several workers do something")
    assert found.exit_code == 1
    assert "different" in text(found)


def test_a_difference_that_is_known_is_called_known():
    found = make_scaling()
    found.engines[0].runs[1] = make_run(2, "different")
    held = found.engines[0].runs[1].trajectory
    assert held is not None
    held.mended, held.reasons = "equivalent", ["Batch normalisation: of its own share."]
    assert say.headline(found) == "Not the same training, and it is known why."
    assert "Batch normalisation: of its own share." in text(found)
    assert found.exit_code == 1


def test_what_is_not_told_is_inconclusive_whatever_else_is_equivalent():
    found = make_scaling()
    found.engines[1].runs[1] = make_run(2, "inconclusive")
    assert found.exit_code == 5
    assert say.headline(found).startswith("Whether it is the same training cannot be told")


def test_workers_without_processors_are_marked():
    found = make_scaling()
    found.engines[0].runs[1].crowded = True
    assert "2 workers share fewer processors" in text(found)
    assert "crowded" in Page(page.render(found)).text


def test_an_engine_without_a_model_says_why():
    found = make_scaling()
    found.engines[1].forecast, found.engines[1].unpredicted = None, "Nothing goes around a ring."
    assert "No prediction: Nothing goes around a ring." in text(found)
    shown = Page(page.render(found)).text
    assert "TensorFlow multiworker: no prediction. Nothing goes around a ring." in shown


def test_a_run_that_failed_is_there_with_its_reason():
    found = make_scaling()
    run = found.engines[0].runs[1]
    run.status, run.reason, run.trajectory = "crashed", "Worker 1 was killed (SIGKILL).", None
    run.step_us = run.efficiency = run.communication = run.examples_per_s = None
    assert "Worker 1 was killed (SIGKILL)." in text(found)
    assert found.exit_code == 4


def test_commands_for_hosts_can_be_copied():
    command = Command(("torchrun", "--nnodes", "2", *["x" * 30] * 6), {}, "node-1")
    file = io.StringIO()
    plans = {"ddp": Plan([command], "#!/bin/bash\nsrun it\n")}
    render_hosts(plans, Path("run"), Console(file=file, width=60, force_terminal=False))
    assert str(command) in file.getvalue()
    assert "# on node-1" in file.getvalue()
