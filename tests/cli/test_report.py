"""`isograd report` shows again what was found about two implementations."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from isograd.cli import app
from isograd.explanation import Explanation
from isograd.report.explanation import write_explanation
from isograd.result import Stage


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    stages = [Stage("forward", "equivalent", 0.0, 0.0, 1e-16, 0.5, "outputs")]
    found = Explanation("net.py:Net", "port.py:build", "equivalent", 100, stages)
    write_explanation(found, tmp_path / "saved")
    return tmp_path / "saved"


@pytest.mark.parametrize("name", ["", "explanation.json"])
def test_an_explanation_is_shown_again_from_its_folder_or_file(saved, name) -> None:
    done = CliRunner().invoke(app, ["report", str(saved / name)])
    assert done.exit_code == 0
    assert "The same network." in done.stdout


def test_its_page_is_written_anew_over_the_same_one_and_over_no_other(saved) -> None:
    page = saved / "explanation.html"
    page.write_text("old")
    assert CliRunner().invoke(app, ["report", str(saved), "--out", str(saved)]).exit_code == 0
    assert "<html" in page.read_text()
    other = Explanation("a", "b", "equivalent", 1, [])
    (saved / "explanation.json").write_text(other.to_json())
    again = saved.parent / "again"
    assert CliRunner().invoke(app, ["report", str(saved), "--out", str(again)]).exit_code == 0
    other.twin = "c"
    (saved / "explanation.json").write_text(other.to_json())
    refused = CliRunner().invoke(app, ["report", str(saved), "--out", str(again)])
    assert refused.exit_code != 0
    assert Explanation.read(again / "explanation.json").twin == "b"
