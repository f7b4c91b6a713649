"""`isograd claims` from nothing: every small run is made, every statement judged, and what is there
is used by the next one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CERTAIN = {
    "autodiff-exact": "holds",
    "same-tutorials": "does not hold",
    "tf-static": "does not hold",
    "autograph": "depends",
    "learning-curve": "not testable",
}
"""Verdicts that no noise can change."""


def claims(folder: Path, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-c", "from isograd.cli import main; main()", "claims", "--json"]
    done = subprocess.run(
        [*command, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_everything_is_made_once_and_judged(tmp_path: Path) -> None:
    found = claims(tmp_path, "--budget", "1h")
    assert {run["status"] for run in found["runs"]} == {"ok"}
    by = {finding["id"]: finding for finding in found["findings"]}
    assert {id: by[id]["verdict"] for id in CERTAIN} == CERTAIN
    assert all(finding["evidence"] for finding in by.values())
    again = claims(tmp_path, "--budget", "0s")
    assert again["runs"] == []
    assert [one["verdict"] for one in again["findings"]] == [
        one["verdict"] for one in found["findings"]
    ]
