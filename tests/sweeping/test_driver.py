"""Which cell is run next, against which baseline, and what becomes of those that fail."""

from __future__ import annotations

from typing import Any

import pytest
from sweep_shop import Shop

from isograd.sweeping.crew import Answer
from isograd.sweeping.driver import Driver
from isograd.sweeping.grid import read_grid
from isograd.sweeping.journal import Journal
from isograd.sweeping.station import Station

GRID = """
models = ["mnist-mlp"]
modes = ["torch/eager", "torch/jit", "function"]
batch_sizes = [1, 8]
"""


class Here:
    """A crew in this process. ``dies`` are numbers of tasks at which the process dies."""

    def __init__(self, places: int = 1, dies: tuple[int, ...] = ()) -> None:
        self.places = tuple(f"here#{number}" for number in range(places))
        self.tasks: list[tuple[str, dict[str, Any]]] = []
        self._waiting: list[Answer] = []
        self._dies = dies
        self._station = Station("sweep_shop:Shop")

    def begin(self, place: str, task: dict[str, Any]) -> None:
        self.tasks.append((place, task))
        dead = len(self.tasks) in self._dies
        found = None if dead else self._station.measure(task)
        self._waiting.append(Answer(place, found, "killed" if dead else ""))

    def wait(self, timeout_s: float) -> list[Answer]:
        return [self._waiting.pop(0)]

    def close(self) -> None:
        self._station.close()

    @property
    def keys(self) -> list[str]:
        return [task["key"] for _, task in self.tasks]


@pytest.fixture
def shop(tmp_path, monkeypatch):
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.setenv("SWEEP_SHOP", str(folder))
    return folder


@pytest.fixture
def grid(tmp_path):
    path = tmp_path / "grid.toml"
    path.write_text(GRID)
    return read_grid(path)


def drive(grid, folder, crew):
    with Journal(folder) as journal:
        Driver(grid, journal, crew).run()
        return journal.outcomes


def test_each_cell_is_run_once_in_turns_with_the_first_of_its_group(grid, tmp_path):
    crew = Here()
    outcomes = drive(grid, tmp_path, crew)
    assert crew.keys == list(grid.cells) == list(outcomes)
    for _, task in crew.tasks:
        assert task["baseline"]["mode"] == "eager"
        assert task["baseline"]["batch_size"] == task["cell"]["batch_size"]


def test_a_place_stays_with_its_group_so_that_ratios_are_taken_on_one_machine(grid, tmp_path):
    crew = Here(places=2)
    drive(grid, tmp_path, crew)
    sizes: dict[str, set[int]] = {}
    for place, task in crew.tasks:
        sizes.setdefault(place, set()).add(task["cell"]["batch_size"])
    assert sizes == {"here#0": {1}, "here#1": {8}}


def test_a_sweep_goes_on_where_it_stopped_and_a_larger_grid_adds_its_cells(grid, tmp_path):
    drive(grid, tmp_path, Here())
    again = Here()
    drive(grid, tmp_path, again)
    assert again.tasks == []
    larger = tmp_path / "larger.toml"
    larger.write_text(GRID.replace('modes = ["torch/eager"', 'modes = ["session", "torch/eager"'))
    more = Here()
    outcomes = drive(read_grid(larger), tmp_path, more)
    assert [task["cell"]["mode"] for _, task in more.tasks] == ["session"] * 2
    assert {task["baseline"]["mode"] for _, task in more.tasks} == {"eager"}
    assert len(outcomes) == 8


def test_a_cell_whose_process_dies_is_tried_again_and_the_reason_is_kept(grid, tmp_path):
    crew = Here(dies=(2,))
    outcomes = drive(grid, tmp_path, crew)
    second = list(grid.cells)[1]
    assert crew.keys.count(second) == 2
    assert outcomes[second].ok
    assert outcomes[second].attempts == ["crashed: killed"]


def test_a_cell_that_always_fails_is_given_up_after_its_retries_and_the_others_go_on(
    grid, tmp_path, shop
):
    key = list(grid.cells)[1]
    (shop / f"{key}.fail").write_text("x\n" * 9)
    crew = Here()
    outcomes = drive(grid, tmp_path, crew)
    assert crew.keys.count(key) == 1 + grid.retries
    assert outcomes[key].status == "crashed"
    assert len(outcomes[key].attempts) == grid.retries
    assert sum(one.ok for one in outcomes.values()) == len(grid.cells) - 1


def test_what_cannot_be_had_is_not_tried_again(grid, tmp_path, shop):
    key = list(grid.cells)[1]
    (shop / f"{key}.refuse").write_text("x")
    crew = Here()
    outcomes = drive(grid, tmp_path, crew)
    assert crew.keys.count(key) == 1
    assert outcomes[key].status == "unsupported"
    assert outcomes[key].reason == "There is no such thing."


def test_where_the_baseline_fails_the_next_cell_takes_its_place(grid, tmp_path, shop):
    key = next(iter(grid.cells))
    (shop / f"{key}.refuse").write_text("x")
    crew = Here()
    drive(grid, tmp_path, crew)
    of_one = [task["baseline"]["mode"] for _, task in crew.tasks if task["cell"]["batch_size"] == 1]
    assert of_one == ["eager", "jit", "jit"]


def test_a_mistake_in_who_measures_is_a_failure_with_its_reason(grid, tmp_path, monkeypatch):
    monkeypatch.setattr(Shop, "measure", lambda self, task: 1 / 0)
    outcomes = drive(grid, tmp_path, Here())
    assert {one.reason for one in outcomes.values()} == {"ZeroDivisionError: division by zero"}
