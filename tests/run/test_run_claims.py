"""A run of `isograd claims` uses what is there and makes what is missing, within the budget."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evidences import comparison
from typer.testing import CliRunner

from isograd.claims.record import Claims
from isograd.cli import app
from isograd.errors import MissingDependency, UsageError, WorkerError
from isograd.evidence import Evidence
from isograd.measure.environment import environment
from isograd.run.claims import claims
from isograd.run.experiments import EXPERIMENTS, Experiment

FASTER = {"torch/compile": 0.5, "tensorflow/function": 0.2}


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder without results of other runs."""
    monkeypatch.chdir(tmp_path)


def save(folder: Path, times: dict[str, float], **around: Any) -> Path:
    result = comparison(times)
    result.environment = {**environment(), **around}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "result.json").write_text(result.to_json())
    return folder


def experiment(
    name: str = "small", seconds: float = 1.0, run: Callable[[Path], None] | None = None
) -> Experiment:
    def make(folder: Path, progress: object) -> None:
        (run or (lambda place: save(place, FASTER) and None))(folder)

    return Experiment(name, f"running {name}", seconds, lambda e: bool(e.compares), make)


def judged(
    *experiments: Experiment, ids: tuple[str, ...] = ("static-faster",), **options: Any
) -> Claims:
    found, folder = claims(ids, experiments={one.name: one for one in experiments}, **options)
    assert Claims.read(folder / "claims.json").to_json() == found.to_json()
    assert (folder / "claims.html").exists()
    return found


def test_what_is_there_is_used_and_cited(tmp_path: Path) -> None:
    found = judged(experiment(), results=[save(tmp_path / "there", FASTER)])
    (finding,) = found.findings
    assert (finding.verdict, finding.evidence) == ("holds", ["../../there/result.json"])
    assert [used.path for used in found.used] == finding.evidence
    assert found.used[0].versions == environment()["packages"]
    assert found.runs == []


def test_results_in_the_usual_folder_need_not_be_named(tmp_path: Path) -> None:
    save(tmp_path / "isograd-runs" / "earlier", FASTER)
    assert judged(experiment()).runs == []


def test_what_is_missing_is_made(tmp_path: Path) -> None:
    found = judged(experiment(), out=tmp_path / "run")
    assert [(run.name, run.status) for run in found.runs] == [("small", "ok")]
    assert found.findings[0].evidence == ["small/result.json"]
    assert found.findings[0].verdict == "holds"
    assert found.exit_code == 0


def test_what_no_chosen_statement_needs_is_not_run() -> None:
    assert judged(experiment("shipped")).runs == []


def test_results_of_other_versions_do_not_count(tmp_path: Path) -> None:
    packages = {**environment()["packages"], "torch": "1.0"}
    old = save(tmp_path / "old", FASTER, packages=packages)
    found = judged(results=[old])
    assert found.findings[0].verdict == "not testable"
    assert "made with torch 1.0" in found.left[0].reason


def test_nothing_is_begun_that_would_end_after_the_budget() -> None:
    found = judged(experiment(seconds=100.0), budget_s=60.0)
    (run,) = found.runs
    assert run.status == "skipped"
    assert "takes about 100 s" in run.reason
    assert found.findings[0].verdict == "not testable"
    assert judged(experiment(seconds=100.0), budget_s=None).runs[0].status == "ok"


def test_a_machine_that_is_slower_than_usual_is_expected_to_stay_so() -> None:
    quick = experiment("small", seconds=1e-6, run=lambda place: None)
    found = judged(quick, experiment("large", seconds=1.0), ids=("dynamic-loses",), budget_s=20.0)
    assert [run.status for run in found.runs] == ["ok", "skipped"]


def test_a_run_that_fails_is_told_and_the_others_go_on() -> None:
    def fail(place: Path) -> None:
        raise WorkerError("It died.", hint="Try again.")

    found = judged(experiment("small", run=fail), experiment("large"), ids=("dynamic-loses",))
    assert [(run.status, run.reason) for run in found.runs] == [
        ("failed", "It died. Try again."),
        ("ok", ""),
    ]
    assert found.exit_code == 4


def test_what_is_not_installed_is_told_with_its_own_exit_code() -> None:
    def miss(place: Path) -> None:
        raise MissingDependency("No framework is installed.", hint="pip install isograd[torch]")

    found = judged(experiment("small", run=miss))
    assert found.runs[0].status == "not installed"
    assert "pip install isograd[torch]" in found.runs[0].reason
    assert found.exit_code == 3


def test_an_interrupted_run_judges_by_what_is_there() -> None:
    def interrupt(place: Path) -> None:
        raise KeyboardInterrupt

    first, second = experiment("small"), experiment("large", run=interrupt)
    found = judged(first, second, ids=("static-faster", "dynamic-loses"))
    assert [run.status for run in found.runs] == ["ok", "interrupted"]
    assert (found.status, found.exit_code) == ("partial", 4)
    assert [finding.verdict for finding in found.findings] == ["holds", "not testable"]


def test_a_folder_with_a_record_is_refused(tmp_path: Path) -> None:
    judged(out=tmp_path / "run")
    with pytest.raises(UsageError, match="already holds a result"):
        judged(out=tmp_path / "run")


def test_each_experiment_knows_that_nothing_is_there() -> None:
    assert not any(one.is_there(Evidence()) for one in EXPERIMENTS.values())


def test_scripts_are_counted_without_any_framework(tmp_path: Path) -> None:
    found = judged(EXPERIMENTS["effort"], ids=("simpler-api",))
    assert found.findings[0].evidence == ["effort/effort.json"]
    assert {(one.network, one.framework) for one in found.scripts} >= {
        ("mnist-mlp", "torch"),
        ("mnist-mlp", "tensorflow"),
    }


def test_the_command_line(tmp_path: Path) -> None:
    there = save(tmp_path / "there", FASTER)
    arguments = ["claims", "static-faster", "--results", str(there), "--budget", "0s", "--json"]
    done = CliRunner().invoke(app, [*arguments, "--out", "run"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["findings"][0]["verdict"] == "holds"
    assert CliRunner().invoke(app, ["claims", "--budget", "soon"]).exit_code != 0
