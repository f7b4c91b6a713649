"""`isograd prove REFERENCE TWIN`, as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from isograd.cli import app
from isograd.errors import UsageError

NETWORKS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, slope=0.01):
        super().__init__()
        self.fc, self.head, self.slope = nn.Linear(4, 6), nn.Linear(6, 2), slope

    def forward(self, x):
        return self.head(nn.functional.leaky_relu(self.fc(x), self.slope))


def steeper():
    return Net(0.3)
"""


@pytest.fixture
def networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "nets.py"
    path.write_text(NETWORKS)
    return path


def run(*words: str):
    return CliRunner().invoke(app, ["prove", *words, "--input", "x=float32[N,4]"])


def test_json_says_where_two_first_part_and_why(networks):
    done = run("nets.py:Net", "nets.py:steeper", "--json")
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert found["verdict"] == "different"
    first = found["first_divergence"]
    assert first["stage"] == "forward"
    assert {first[side]["source"] for side in ("reference", "twin")} == {"nets.py:12"}
    assert first["reference"]["value"] != first["twin"]["value"]
    (cause,) = found["causes"]
    assert (cause["id"], cause["reference"], cause["twin"]) == ("leaky-slope", "0.01", "0.3")
    assert cause["before"]["verdict"] == "different"
    assert cause["after"]["verdict"] == "equivalent"
    assert set(cause["fix"]) == {"torch", "tensorflow"}


def test_an_accepted_cause_ends_with_0_and_is_named_in_the_page(networks):
    done = run("nets.py:Net", "nets.py:steeper", "--accept", "leaky-slope", "--out", "page")
    assert done.exit_code == 0
    assert "leaky-slope" in done.stdout
    assert "leaky-slope" in Path("page/explanation.html").read_text()
    again = run("nets.py:Net", "nets.py:steeper", "--out", "page")
    assert isinstance(again.exception, UsageError)
    assert "nothing was overwritten" in str(again.exception)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("nets.py:Net", "nets.py:stepper"), "Unknown symbol 'stepper'"),
        (("nets.py:Net", "nets.py:steeper", "--mode", "xla"), "--mode goes with one network"),
        (("nets.py:Net", "nets.py:steeper", "--accept", "leaky"), "Unknown cause 'leaky'"),
        (("nets.py:Net", "nets.py:steeper", "--data", "digits"), "both are trained on"),
        (("nets.py:Net", "--accept", "leaky-slope"), "--accept needs a second network"),
        (("nets.py:Net", "mnist-mlp"), "take different inputs"),
    ],
)
def test_what_cannot_be_is_refused(networks, words, what):
    done = run(*words)
    assert isinstance(done.exception, UsageError)
    assert what in str(done.exception)
