"""What a result and a proof tell the shell, and what a proof writes."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from isograd.cli import app
from isograd.proof.summary import ProofReport
from isograd.result import Mode, Proof, Result, Stage, Verdict


def stage(verdict: Verdict, deviation: float, ratio: float) -> Stage:
    return Stage("forward", verdict, deviation, deviation, 1e-15, ratio, "outputs", "far")


def report(verdict: Verdict, *statuses: str) -> ProofReport:
    modes = [Mode("torch", "eager", "ok", proof=Proof(verdict, [stage(verdict, 1e-3, 9.0)], 7))]
    modes += [Mode("tensorflow", f"mode{i}", status) for i, status in enumerate(statuses)]
    return ProofReport("net", "torch/eager", verdict, 7, modes)


@pytest.mark.parametrize(
    ("verdict", "statuses", "code"),
    [
        ("equivalent", (), 0),
        ("equivalent", ("not installed",), 0),
        ("different", (), 1),
        ("unsupported", (), 2),
        ("inconclusive", (), 5),
        ("equivalent", ("crashed",), 4),
        ("equivalent", ("timed out",), 4),
        ("different", ("out of memory",), 4),
    ],
)
def test_prove_ends_with_the_code_of_its_verdict(
    monkeypatch: pytest.MonkeyPatch, verdict: Verdict, statuses: tuple[str, ...], code: int
) -> None:
    monkeypatch.setattr("isograd.run.prove.prove", lambda *_, **__: report(verdict, *statuses))
    done = CliRunner().invoke(app, ["prove", "bce-mlp", "--json"])
    assert done.exit_code == code
    assert json.loads(done.stdout)["verdict"] == verdict


@pytest.mark.parametrize(
    ("status", "verdict", "modes", "code"),
    [
        ("complete", "equivalent", ("ok", "ok"), 0),
        ("complete", "equivalent", ("ok", "not installed"), 0),
        ("complete", "different", ("ok", "ok"), 1),
        ("partial", None, ("not installed", "not installed"), 3),
        ("complete", "equivalent", ("ok", "crashed"), 4),
        ("complete", "different", ("ok", "timed out"), 4),
        ("partial", "equivalent", ("ok", "not reached"), 4),
        ("complete", "inconclusive", ("ok", "ok"), 5),
    ],
)
def test_a_result_ends_with_its_code(
    status: str, verdict: Verdict | None, modes: tuple[str, ...], code: int
) -> None:
    result = Result("isograd compare", "now", {}, {}, {}, {}, {}, "torch/eager")
    result.status = status  # type: ignore[assignment]
    result.verdict = verdict
    result.modes = [Mode("torch", f"mode{i}", one) for i, one in enumerate(modes)]
    assert result.exit_code == code


def test_a_proof_as_json_names_the_worst_mode_of_each_stage() -> None:
    modes = [
        Mode("torch", "eager", "ok", proof=Proof("equivalent", [stage("equivalent", 0.0, 0.0)], 7)),
        Mode("torch", "jit", "ok", proof=Proof("different", [stage("different", 0.5, 9e9)], 7)),
    ]
    found = json.loads(ProofReport("net", "torch/eager", "different", 7, modes).to_json())
    (only,) = found["stages"]
    assert (only["name"], only["verdict"], only["max_abs"]) == ("forward", "different", 0.5)
    assert only["detail"].startswith("torch/jit")
    assert found["parameters"] == 7


def test_a_proof_as_json_has_null_where_a_number_is_not_finite() -> None:
    modes = [
        Mode(
            "torch",
            "eager",
            "ok",
            proof=Proof("different", [stage("different", float("nan"), 1.0)], 7),
        )
    ]
    text = ProofReport("net", "torch/eager", "different", 7, modes).to_json()
    assert json.loads(text, parse_constant=pytest.fail)["stages"][0]["max_abs"] is None
