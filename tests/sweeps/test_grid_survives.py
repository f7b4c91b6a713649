"""More than a hundred real cells on a local Ray cluster, of which an actor is killed, and then the
driver: none is lost, none is measured twice, and the report says where modes overtake each other.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from isograd.sweeping.grid import read_grid
from isograd.sweeping.journal import JOURNAL, read_outcomes
from isograd.sweeping.record import Sweep

GRID = """
models = ["mnist-mlp", "bce-mlp"]
modes = ["torch/eager", "torch/jit", "function"]
batch_sizes = [1, 8, 64, 256, 1024, 4096]
seeds = [0, 1, 2]

[measuring]
steps = 5
measure_s = 0.2
"""

PROGRAM = "from isograd.cli import main; main()"

LONG_S = 3 * 3600.0


def start(grid: Path, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", PROGRAM, "sweep", str(grid), "--out", str(folder)]
    return subprocess.Popen(command)


def wait_for_cells(folder: Path, count: int) -> None:
    end = time.monotonic() + LONG_S
    while time.monotonic() < end:
        path = folder / JOURNAL
        if path.exists() and path.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.2)
    raise AssertionError("the sweep did not get there")


def kill_an_actor(driver: int) -> None:
    children = psutil.Process(driver).children(recursive=True)
    actors = [one for one in children if one.name().startswith("ray::Station")]
    os.kill(actors[0].pid, signal.SIGKILL)


def test_a_sweep_of_a_hundred_cells_survives_a_killed_actor_and_a_killed_driver(tmp_path):
    grid, folder = tmp_path / "grid.toml", tmp_path / "out"
    grid.write_text(GRID)
    cells = read_grid(grid).cells
    assert len(cells) >= 100

    driver = start(grid, folder)
    wait_for_cells(folder, 5)
    kill_an_actor(driver.pid)
    wait_for_cells(folder, 40)
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()
    journal = folder / JOURNAL
    kept = journal.read_bytes()
    kept = kept[: kept.rfind(b"\n") + 1]
    assert start(grid, folder).wait(LONG_S) == 0

    assert journal.read_bytes().startswith(kept)
    outcomes = read_outcomes(journal)  # refuses a cell that stands in it twice
    assert set(outcomes) == set(cells)
    assert journal.read_bytes().count(b"\n") == len(cells)
    assert all(one.ok for one in outcomes.values())
    assert any("died" in reason for one in outcomes.values() for reason in one.attempts)
    assert not any(one.agreement == "different" for one in outcomes.values())

    found = Sweep.read(folder / "sweep.json")
    assert found.status == "complete"
    assert {(race.model, race.quantity) for race in found.races} == {
        (model, quantity)
        for model in ("mnist-mlp", "bce-mlp")
        for quantity in ("step", "inference")
    }
    assert all(race.frameworks and len(race.frameworks.points) == 6 for race in found.races)
    page = (folder / "sweep.html").read_text()
    assert page.count("below 1×") >= len(found.races)  # a plot of ratios for each
