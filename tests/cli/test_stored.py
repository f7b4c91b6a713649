"""A network of the user's own: a stored graph's folder instead of a name."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from isograd.cli import app
from isograd.ir import store
from isograd.ir.builder import Builder
from isograd.ir.ops import Linear, Tanh

INTERRUPTED = 130


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    b = Builder("own-net")
    x = b(Tanh(), b(Linear(4), b.input("x", ("N", 30)), scope="hidden"))
    graph = b.finish(b(Linear(1), x, scope="out"))
    store.save(graph, graph.initialize(3), tmp_path / "own")
    return tmp_path / "own"


BINARY = ["--data", "breast-cancer", "--loss", "binary_cross_entropy", "-m", "torch/eager"]


def test_it_is_compared_and_the_result_printed_as_json(folder: Path, tmp_path: Path) -> None:
    quick = ["--epochs", "1", "--seeds", "1", "--measure", "0", "--out", str(tmp_path / "run")]
    done = CliRunner().invoke(app, ["compare", str(folder), *BINARY, *quick, "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found == json.loads((tmp_path / "run" / "result.json").read_text())
    assert found["status"] == "complete"
    assert found["model"]["name"] == "own-net"
    assert found["model"]["parameters"] == 30 * 4 + 4 + 4 + 1


def test_it_is_emitted_with_its_own_weights(folder: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    out = tmp_path / "emitted"
    arguments = ["emit", str(folder), "--to", "tensorflow", "--out", str(out)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    written = load_file(out / "weights.safetensors")
    kept = load_file(folder / "weights.safetensors")
    assert (kept["hidden.weight"] == written["hidden.kernel"].T).all()


def test_a_damaged_graph_is_refused_with_its_file(folder: Path) -> None:
    text = (folder / "graph.json").read_text()
    (folder / "graph.json").write_text(text[: len(text) // 2])
    code = "from isograd.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "prove", str(folder)], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "graph.json" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_ends_a_proof_and_its_workers(folder: Path) -> None:
    code = "from isograd.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "prove", str(folder), *BINARY],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (children := psutil.Process(process.pid).children()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert "Traceback" not in errors
    assert psutil.wait_procs(children, timeout=10)[1] == []
