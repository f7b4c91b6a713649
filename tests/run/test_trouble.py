"""Whatever goes wrong in the middle of a run, what was found is kept and labelled."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from isograd import zoo
from isograd.bench.choosing import choose_modes
from isograd.data import load as load_data
from isograd.errors import MissingDependency, UsageError
from isograd.ir.graph import Graph
from isograd.ir.ops import ReLU, Tanh
from isograd.run.compare import Request, compare
from isograd.run.prove import prove
from isograd.training import SGD, Recipe

MODES = ("torch/eager", "torch/jit")


def request(**changes: object) -> Request:
    settings: dict[str, object] = {
        "recipe": Recipe("binary_cross_entropy", batch_size=32),
        "data": "breast-cancer",
        "modes": MODES,
        "epochs": 2,
        "seeds": 1,
        "measure_s": 0.0,
    }
    return Request(**{**settings, **changes})  # type: ignore[arg-type]


class KillsAWorker:
    """Progress that kills the worker of a mode when a phase begins."""

    def __init__(self, mode: str, phase: str) -> None:
        self.log, self.when = f"{mode.replace('/', '-')}.log", phase

    def phase(self, description: str, total: int) -> None:
        if description == self.when:
            for child in psutil.Process().children():
                if any(Path(file.path).name == self.log for file in child.open_files()):
                    os.kill(child.pid, signal.SIGKILL)

    def advance(self, detail: str = "") -> None:
        pass


def test_a_worker_that_dies_costs_its_own_mode_only(tmp_path: Path) -> None:
    dying = KillsAWorker("torch/jit", "training")  # while proving: see the tests of lost workers
    result, _ = compare("bce-mlp", request(), out=tmp_path / "run", progress=dying)
    assert result.exit_code == 4
    assert result.status == "complete"
    lost = result.mode("torch/jit")
    assert lost.status == "out of memory"
    assert "killed" in lost.reason
    kept = result.mode("torch/eager")
    assert kept.status == "ok"
    assert kept.verdict == "equivalent"
    assert kept.curves


def test_ctrl_c_leaves_a_partial_labelled_result_and_no_worker(tmp_path: Path) -> None:
    out = tmp_path / "run"
    code = "from isograd.cli import main; main()"
    settings = ["-m", "torch/eager", "--epochs", "100000", "--seeds", "1", "--measure", "0"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, "compare", "bce-mlp", *settings, "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found = out / "result.json"
        if found.exists() and json.loads(found.read_text())["comparisons"] == []:
            proven = json.loads(found.read_text())["modes"][0]["samples"]
            if proven:
                break
        time.sleep(0.2)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 4
    assert "Traceback" not in errors
    result = json.loads((out / "result.json").read_text())
    assert result["status"] == "partial"
    assert "interrupted while training" in result["reason"]
    assert result["verdict"] == "equivalent"
    assert "partial" in (out / "report.html").read_text().lower()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []


def test_a_mode_that_a_framework_cannot_do_is_said_to_be_unsupported() -> None:
    recipe = Recipe("binary_cross_entropy", batch_size=32)
    with pytest.raises(UsageError, match="No mode could run"):
        prove("bce-mlp", recipe=recipe, modes=["torch/eager"], device="cuda")


def test_without_any_framework_the_way_to_install_one_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("isograd.bench.workbench.installed", lambda framework: False)
    with pytest.raises(MissingDependency, match="No mode could run") as caught:
        prove("bce-mlp", recipe=Recipe("binary_cross_entropy", batch_size=32))
    assert "pip install 'isograd[torch]'" in (caught.value.hint or "")


def test_an_output_folder_that_cannot_be_written_is_refused_before_any_work(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="Cannot write there"):
        compare("bce-mlp", request(), out=tmp_path / "file" / "run")


def test_two_different_networks_are_different() -> None:
    graph: Graph = zoo.get("bce-mlp").build()
    nodes = tuple(
        replace(node, op=Tanh()) if isinstance(node.op, ReLU) else node for node in graph.nodes
    )
    assert nodes != graph.nodes
    report = prove(
        graph,
        twin=replace(graph, nodes=nodes),
        recipe=Recipe("binary_cross_entropy", SGD(), batch_size=8),
        modes=("torch/eager", "tensorflow/eager"),
        data=load_data("breast-cancer"),
    )
    assert report.verdict == "different"


def test_modes_are_chosen_by_framework_by_name_or_by_both() -> None:
    assert choose_modes(["torch"]) == [("torch", m) for m in ("eager", "jit", "compile")]
    assert choose_modes(["eager"]) == [("torch", "eager"), ("tensorflow", "eager")]
    assert choose_modes(["tensorflow/xla"]) == [("tensorflow", "xla")]
    assert len(choose_modes([])) == 7
