"""Cells on Ray: a process that is killed costs a try, a driver that is killed costs nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from isograd.errors import UsageError
from isograd.sweeping.grid import read_grid
from isograd.sweeping.journal import JOURNAL, read_outcomes
from isograd.sweeping.record import Sweep

HERE = Path(__file__).parent

GRID = """
models = ["mnist-mlp"]
modes = ["torch/eager", "torch/jit", "function"]
batch_sizes = [1, 8, 64, 512]
"""

LONG_S = 90.0
"""Seconds that a loaded machine may take for what usually takes five."""


@pytest.fixture
def shop(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.setenv("SWEEP_SHOP", str(folder))
    monkeypatch.setenv("SWEEP_SHOP_SECONDS", "0.1")
    paths = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    monkeypatch.setenv("PYTHONPATH", paths)
    return folder


def start(grid: Path, folder: Path) -> subprocess.Popen[bytes]:
    program = [sys.executable, str(HERE / "sweep_program.py"), str(grid), str(folder)]
    return subprocess.Popen(program)


def wait_for_cells(folder: Path, count: int) -> None:
    end = time.monotonic() + LONG_S
    while time.monotonic() < end:
        path = folder / JOURNAL
        if path.exists() and path.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.02)
    raise AssertionError("the sweep did not get there")


def test_a_killed_process_and_a_killed_driver_lose_no_cell_and_run_none_twice(tmp_path, shop):
    grid, folder = tmp_path / "grid.toml", tmp_path / "out"
    grid.write_text(GRID)
    cells = read_grid(grid).cells
    killed = list(cells)[2]
    (shop / f"{killed}.kill").write_text("x")

    driver = start(grid, folder)
    wait_for_cells(folder, 6)
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()
    kept = set(read_outcomes(folder / JOURNAL))
    assert start(grid, folder).wait(LONG_S) == 0

    outcomes = read_outcomes(folder / JOURNAL)
    assert set(outcomes) == set(cells)
    assert all(one.ok for one in outcomes.values())
    (reason,) = outcomes[killed].attempts
    assert reason.startswith("crashed: The process of the cell died: ")
    assert len(reason) < 200
    log = (shop / "log").read_text().split("\n")
    begun = {key: log.count(f"begin {key}") for key in cells}
    assert begun.pop(killed) == 2
    assert all(begun[key] == 1 for key in kept - {killed})
    assert sum(count - 1 for count in begun.values()) <= 1  # what ran when the driver was killed
    assert Sweep.read(folder / "sweep.json").status == "complete"


def test_where_no_cluster_answers_that_is_said():
    from isograd.sweeping.cluster import RayCrew

    with pytest.raises(UsageError, match="No Ray cluster answers"):
        RayCrew("sweep_shop:Shop", address="127.0.0.1:1")
