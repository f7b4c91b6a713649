"""`isograd sweep`: lists cells, goes on in its folder, and says what is wrong before it starts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sweep_shop import Shop
from typer.testing import CliRunner

from isograd.cli import app, main
from isograd.sweeping.crew import Answer
from isograd.sweeping.record import Sweep

GRID = """
models = ["mnist-mlp"]
modes = ["torch/eager", "torch/jit", "function"]
batch_sizes = [8, 64, 1024]
"""


class Crew:
    """Takes the cluster's place. Ctrl-C comes before the cell of number ``stop``."""

    stop = 0
    begun = 0

    def __init__(self, workshop: str, **_: Any) -> None:
        self.places: Sequence[str] = ("here#0",)
        self._answer: Answer

    def begin(self, place: str, task: dict[str, Any]) -> None:
        Crew.begun += 1
        if Crew.begun == Crew.stop:
            raise KeyboardInterrupt
        self._answer = Answer(place, {"status": "ok", "seconds": 1.0, **Shop().measure(task)})

    def wait(self, timeout_s: float) -> list[Answer]:
        return [self._answer]

    def close(self) -> None:
        pass


@pytest.fixture
def grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("isograd.run.sweep.RayCrew", Crew)
    Crew.begun = Crew.stop = 0
    path = tmp_path / "grid.toml"
    path.write_text(GRID)
    return path


def sweep(*arguments: object):
    return CliRunner().invoke(app, ["sweep", *map(str, arguments)])


def test_a_dry_run_lists_the_cells_and_measures_none(grid):
    done = sweep(grid, "--dry-run")
    assert done.exit_code == 0
    assert done.stdout.count("mnist-mlp torch/") == 6
    assert "9 cells in 3 groups" in done.stdout
    assert Crew.begun == 0


def test_a_sweep_that_was_interrupted_goes_on_in_its_folder(grid, tmp_path):
    Crew.stop = 5
    cut = sweep(grid, "--out", tmp_path / "out")
    assert cut.exit_code == 4
    assert "4 of 9 cells have ended (interrupted)" in " ".join(cut.stdout.split())
    assert f"--out {tmp_path / 'out'}" in cut.stdout
    Crew.begun = Crew.stop = 0
    done = sweep(grid, "--out", tmp_path / "out")
    assert done.exit_code == 0
    assert Crew.begun == 5
    assert "TensorFlow function from a batch of about" in " ".join(done.stdout.split())


def test_what_was_found_is_shown_again(grid, tmp_path):
    sweep(grid, "--out", tmp_path / "out")
    again = CliRunner().invoke(app, ["report", str(tmp_path / "out")])
    assert again.exit_code == 0
    assert "mnist-mlp, training" in again.stdout
    assert Sweep.read(tmp_path / "out" / "sweep.json").status == "complete"


def test_a_bad_grid_ends_with_2_and_its_line(grid, monkeypatch, capsys):
    grid.write_text(GRID.replace("function", "funktion"))
    monkeypatch.setattr(sys, "argv", ["isograd", "sweep", str(grid)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "grid.toml:3" in said
    assert "'function'" in said


def test_without_ray_the_way_to_install_it_is_told(grid, monkeypatch, capsys):
    monkeypatch.undo()
    monkeypatch.chdir(grid.parent)
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setattr(sys, "argv", ["isograd", "sweep", str(grid)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 3
    assert "pip install 'isograd[ray]'" in capsys.readouterr().err
    assert not (grid.parent / "isograd-runs").exists()
