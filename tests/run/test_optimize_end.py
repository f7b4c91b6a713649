"""From a network to files that run by themselves, with nothing replaced."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from isograd.data import load as load_data
from isograd.deploy.request import Request
from isograd.deploy.server import PROGRAM
from isograd.frontier import Frontier
from isograd.measure.schedule import measure
from isograd.run import points
from isograd.run.optimize import optimize
from isograd.training import Recipe


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Frontier, Path]:
    request = Request(
        Recipe("binary_cross_entropy"),
        "breast-cancer",
        epochs=20,
        only=("torch/eager", "torch/inference-mode"),
        batches=(1, 8),
        measure_s=0.0,
        trainings=False,
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(points, "COLD_STARTS", 1)
        patched.setattr(points, "measure", partial(measure, round_ns=1e6))
        return optimize("bce-mlp", request, out=tmp_path_factory.mktemp("run"))


def test_both_forms_are_the_network_and_have_all_figures(run: tuple[Frontier, Path]) -> None:
    found, _ = run
    assert (found.status, found.reason, found.exit_code) == ("complete", "", 0)
    assert [point.id for point in found.points] == [
        "dense/torch/eager",
        "dense/torch/inference-mode",
    ]
    for point in found.points:
        assert (point.status, point.reason, point.verdict) == ("ok", "", "equivalent")
        assert point.quality is not None
        assert point.quality > 0.9
        assert (point.lost, point.agreement) == (0.0, 1.0)
        assert point.size is not None
        assert point.size > 4 * 513
        assert point.cold_start_s is not None
        assert point.import_s is not None
        assert 0 < point.import_s < point.cold_start_s
        assert point.peak_memory_mb is not None
        assert [latency.batch for latency in point.latencies] == [1, 8]
    assert found.variants[0].quality == found.points[0].quality
    assert set(found.noise) == {1, 8}


def test_what_is_written_is_what_was_found(run: tuple[Frontier, Path]) -> None:
    found, folder = run
    assert Frontier.read(folder / "frontier.json").to_json() == found.to_json()
    assert (folder / "samples" / "dense" / "torch" / "eager.npz").exists()
    assert not list((folder / "logs").glob("*cache*"))


def test_a_form_runs_from_its_folder_with_a_python_that_sees_nothing_else(
    run: tuple[Frontier, Path], tmp_path: Path
) -> None:
    found, folder = run
    form = folder / "forms" / "dense" / "torch" / "inference-mode"
    data = load_data("breast-cancer")
    np.savez(tmp_path / "in.npz", data.test_inputs)
    commands = [
        {"do": "run", "inputs": str(tmp_path / "in.npz"), "out": "out.npy", "batch": 7},
        {"do": "modules"},
    ]
    done = subprocess.run(
        [sys.executable, "-I", PROGRAM, form],
        input="\n".join(map(json.dumps, commands)),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    modules = json.loads(done.stdout.splitlines()[-1])["modules"]
    assert "torch" in modules
    assert "isograd" not in modules
    quality = Recipe("binary_cross_entropy").loss.quality(
        np.load(tmp_path / "out.npy"), data.test_targets
    )
    assert quality == found.points[1].quality
