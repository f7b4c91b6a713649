"""A grid file becomes cells, or a message with the line that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from isograd.errors import UsageError
from isograd.sweeping.cell import Task
from isograd.sweeping.grid import Grid, read_grid

GRID = """\
models = ["mnist-mlp", "lenet"]
modes = ["torch/eager", "torch/compile", "session"]
batch_sizes = [1, 8, 64]
seeds = [0, 1]

[measuring]
steps = 5  # of training

[[exclude]]
model = "lenet"
mode = "compile"

[[include]]
model = "lenet"
batch_size = 512
precision = "bfloat16"
"""


@pytest.fixture
def read(tmp_path: Path):
    def of(text: str) -> Grid:
        path = tmp_path / "grid.toml"
        path.write_text(text)
        return read_grid(path)

    return of


def test_a_grid_is_the_product_of_its_lists_without_what_is_excluded_with_what_is_included(read):
    cells = list(read(GRID).cells.values())
    assert len(cells) == 2 * 3 * 3 * 2 - 3 * 2 + 2 * 3
    lenet = {cell.contender for cell in cells if cell.model == "lenet"}
    assert lenet == {
        "torch/eager",
        "tensorflow/session",
        "torch/eager/bfloat16",
        "torch/compile/bfloat16",
        "tensorflow/session/bfloat16",
    }


def test_everything_that_is_left_out_has_a_usual_value(read):
    grid = read('models = ["mnist-mlp"]')
    assert {cell.mode for cell in grid.cells.values()} >= {"eager", "compile", "xla"}
    assert {c.batch_size for c in grid.cells.values()} == {64}


def test_a_cell_keeps_its_key_when_the_grid_grows_and_loses_it_with_other_conditions(read):
    small = read('models = ["mnist-mlp"]\nbatch_sizes = [8]')
    large = read('models = ["lenet", "mnist-mlp"]\nbatch_sizes = [8, 64]\n')
    other = read('models = ["mnist-mlp"]\nbatch_sizes = [8]\n[measuring]\nsteps = 7')
    assert set(small.cells) < set(large.cells)
    assert not set(small.cells) & set(other.cells)


def test_another_network_in_the_same_file_is_another_cell(read, tmp_path):
    (tmp_path / "net.py").write_text("Net = 1")
    before = read('models = ["net.py:Net"]')
    (tmp_path / "net.py").write_text("Net = 2")
    after = read('models = ["net.py:Net"]')
    assert not set(before.cells) & set(after.cells)
    network = after.networks["net.py:Net"]
    assert after.located(network) == f"{tmp_path / 'net.py'}:Net"


def test_a_network_of_the_users_has_a_table(read, tmp_path):
    (tmp_path / "net.py").write_text("Net = 1")
    grid = read(
        '[network.mine]\nreference = "net.py:Net"\ninputs = ["x=float32[N,3]"]\n'
        'loss = "mean_squared_error"\n'
    )
    assert {cell.model for cell in grid.cells.values()} == {"mine"}
    assert grid.networks["mine"].inputs == ("x=float32[N,3]",)


def test_the_first_seed_comes_first_so_that_half_a_sweep_has_seen_everything_once(read):
    seeds = [cell.seed for cell in read(GRID).cells.values()]
    assert seeds == sorted(seeds)


def test_a_task_survives_its_way_to_another_machine(read):
    grid = read(GRID)
    key, cell = next(iter(grid.cells.items()))
    task = Task(key, cell, cell, grid.networks[cell.model], grid.conditions)
    assert Task.from_dict(task.to_dict()) == task


@pytest.mark.parametrize(
    ("line", "text", "what", "hint"),
    [
        ("1:10", "models = mnist", "no TOML", ""),
        ("2", 'models = ["mnist-mlp"]\nbatches = [1]', "Unknown key 'batches'", "batch_sizes"),
        ("1", 'models = ["mnist-mpl"]', "Unknown model 'mnist-mpl'", "'mnist-mlp'"),
        ("2", 'models = ["lenet"]\nmodes = ["sesion"]', "Unknown mode 'sesion'", "'session'"),
        ("2", 'models = ["lenet"]\nframeworks = ["jax"]', "Unknown framework 'jax'", "torch"),
        ("2", 'models = ["lenet"]\nprecisions = ["int8"]', "Unknown precision 'int8'", "float32"),
        ("2", 'models = ["lenet"]\nbatch_sizes = [0]', "whole number from 1 on, not 0", ""),
        ("2", 'models = ["lenet"]\nseeds = ["a"]', "whole number from 0 on, not 'a'", ""),
        ("3", 'models = ["lenet"]\n[measuring]\nstep = 1', "Unknown key 'step'", "steps"),
        ("3", 'models = ["lenet"]\n[measuring]\nsteps = 0', "from 1 on, not 0", ""),
        ("3", 'models = ["lenet"]\n[measuring]\nthreads = "a"', "threads is a whole number", ""),
        ("3", 'models = ["lenet"]\n[training]\noptimizer = "adm"', "optimizer 'adm'", "adam"),
        ("3", 'models = ["lenet"]\n[training]\nrate = 1.0', "hyper-parameter of adam", "learning"),
        ("4", 'models = ["lenet"]\n\n[[exclude]]\nmodel = "lenit"', "model 'lenit'", "lenet"),
        ("4", 'models = ["lenet"]\n\n[[exclude]]\nbatch_size = 8', "excludes no cell", ""),
        ("3", 'models = ["lenet"]\n[[include]]\nbatch = 8', "Unknown key 'batch'", "batch_size"),
        ("2", '[network.mine]\nreference = "gone.py:Net"', "no such file", ""),
        ("", "seeds = [1]", "names no network", "models ="),
    ],
)
def test_what_is_wrong_is_shown_with_its_line_and_a_suggestion(read, line, text, what, hint):
    with pytest.raises(UsageError) as found:
        read(text)
    assert what in found.value.what
    assert found.value.where.endswith(f"grid.toml{':' * bool(line)}{line}")
    assert hint in (found.value.hint or "")


def test_a_word_in_a_comment_is_not_the_place(read):
    with pytest.raises(UsageError) as found:
        read('# lenit is no network\nmodels = ["lenit"] # "lenit"')
    assert found.value.where.endswith(":2")
