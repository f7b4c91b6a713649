"""A study does what its budget allows, keeps what was found, and goes on when a part fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from isograd.cli import app
from isograd.errors import UsageError, WorkerError
from isograd.report import study_answer
from isograd.report.saved import read
from isograd.run import study as module
from isograd.run.study import Task, Work, study
from isograd.study import Study


def done(name: str, seconds: float = 0.0, least_s: float = 1.0) -> Work:
    """A part that is done at once, and claims to have taken so long."""

    def does(task: Task) -> tuple[list[str], str]:
        task.folder.mkdir()
        (task.folder / "page.html").write_text("<p>")
        module.perf_counter.now += seconds  # type: ignore[attr-defined]
        return [f"{name} says yes."], str(task.folder / "page.html")

    return Work(name, f"What does {name} say?", least_s, does)


def failing(error: BaseException) -> Work:
    def does(task: Task) -> tuple[list[str], str]:
        raise error

    return Work("broken", "Does it break?", 1.0, does)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(module, "perf_counter", found)
    return found


def run(monkeypatch, out: Path, *works: Work, budget_s: float = 100.0) -> Study:
    monkeypatch.setattr(module, "WORKS", works)
    found, folder = study("mnist-mlp", budget_s, out=out)
    assert read(folder).record == found  # what is on disk is what was found
    return found


def test_every_part_has_its_folder_and_its_link(monkeypatch, tmp_path) -> None:
    found = run(monkeypatch, tmp_path / "s", done("compare"), done("advise"))
    assert [part.status for part in found.parts] == ["ok", "ok"]
    page = (tmp_path / "s/study.html").read_text()
    for part in found.parts:
        assert f'href="{part.page}"' in page
        assert (tmp_path / "s" / part.page).exists()
    assert study_answer.headline(found) == "advise says yes."
    assert found.exit_code == 0


def test_a_study_is_not_written_over_another_one(monkeypatch, tmp_path) -> None:
    found = run(monkeypatch, tmp_path / "s", done("compare"))
    with pytest.raises(UsageError, match="already holds a result"):
        run(monkeypatch, tmp_path / "s", done("other"))
    assert read(tmp_path / "s").record == found


def test_what_the_budget_does_not_reach_is_named(monkeypatch, tmp_path) -> None:
    works = (done("long", seconds=80), done("next", least_s=30.0), done("last", least_s=0.0))
    found = run(monkeypatch, tmp_path / "s", *works)
    assert [part.status for part in found.parts] == ["ok", "not reached", "ok"]
    assert "budget" in found.parts[1].reason
    assert found.status == "complete"


def test_a_part_that_fails_stops_no_other(monkeypatch, tmp_path) -> None:
    works = (failing(WorkerError("It broke.", hint="Mend it.")), done("next"))
    found = run(monkeypatch, tmp_path / "s", *works)
    assert [part.status for part in found.parts] == ["failed", "ok"]
    assert found.parts[0].reason == "It broke. Mend it."
    assert found.exit_code == 4


def test_an_interruption_keeps_what_was_found(monkeypatch, tmp_path) -> None:
    works = (done("first"), failing(KeyboardInterrupt()), done("never"))
    found = run(monkeypatch, tmp_path / "s", *works)
    assert found.status == "partial"
    assert found.reason == "interrupted in broken"
    assert [part.status for part in found.parts] == ["ok", "not reached", "not reached"]


@pytest.mark.parametrize("work", module.WORKS, ids=lambda work: work.name)
def test_every_part_asks_a_question(work) -> None:
    assert work.question.endswith("?")


def test_an_unknown_part_is_refused_with_a_suggestion() -> None:
    outcome = CliRunner().invoke(app, ["study", "--part", "comprae"])
    assert "compare" in str(outcome.exception)
