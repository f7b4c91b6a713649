"""Whatever is installed, a command does what can be done and says how to get the rest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

NOT_INSTALLED = 3

HIDE = """
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: None if name in {hidden} else find(name, *rest)
"""


@pytest.fixture
def isograd_without(tmp_path: Path):
    """Runs the command line, and its workers, where some modules cannot be imported."""

    def call(hidden: tuple[str, ...], *arguments: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "sitecustomize.py").write_text(HIDE.format(hidden=hidden))
        return subprocess.run(
            [sys.executable, "-c", "from isograd.cli import main; main()", *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
        )

    return call


QUICK = ["bce-mlp", "-m", "eager", "--epochs", "1", "--seeds", "1", "--measure", "0", "--json"]


def test_without_tensorflow_torch_is_compared_alone(isograd_without) -> None:
    done = isograd_without(("tensorflow", "keras"), "compare", *QUICK)
    assert done.returncode == 0, done.stderr
    torch, tensorflow = json.loads(done.stdout)["modes"]
    assert (torch["status"], torch["verdict"]) == ("ok", "equivalent")
    assert tensorflow["status"] == "not installed"
    assert "pip install 'isograd[tensorflow]'" in tensorflow["reason"]


def test_keras_alone_missing_counts_as_tensorflow_missing(isograd_without) -> None:
    done = isograd_without(("keras",), "prove", "bce-mlp", "-m", "eager")
    assert done.returncode == 0, done.stderr
    assert "pip install 'isograd[tensorflow]'" in " ".join(done.stdout.split())


def test_without_any_framework_the_run_ends_with_3_and_says_how_to_install(
    isograd_without,
) -> None:
    everything = ("torch", "tensorflow", "keras")
    done = isograd_without(everything, "prove", "bce-mlp")
    assert done.returncode == NOT_INSTALLED
    assert "pip install 'isograd[torch]'" in done.stderr
    assert "Traceback" not in done.stderr
    assert isograd_without(everything, "compare", *QUICK).returncode == NOT_INSTALLED


def test_emit_needs_no_framework(isograd_without) -> None:
    for framework in ("torch", "tensorflow"):
        done = isograd_without(("torch", "tensorflow", "keras"), "emit", "lenet", "--to", framework)
        assert done.returncode == 0, done.stderr
        assert "class Lenet" in done.stdout
