"""The small runs themselves: each writes its result into a folder, as its command does."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import isograd
from isograd.claims.rules.debugging import DEBUGGING, EARLY
from isograd.claims.rules.tutorials import ARTICLE, DEFAULTS
from isograd.deploy.request import Request as OptimizeRequest
from isograd.effort.record import Effort
from isograd.effort.scripts import emitted, examples
from isograd.errors import UsageError, WorkerError
from isograd.explanation import Explanation
from isograd.frameworks import MODES, installed
from isograd.measure.environment import environment
from isograd.models import load
from isograd.observation import Observation
from isograd.progress import Progress
from isograd.report.explanation import write_explanation
from isograd.report.files import save_record
from isograd.report.graph import write_graphs
from isograd.report.probes import write_probes
from isograd.run.compare import Request, compare
from isograd.run.explain import explain
from isograd.run.graph import graph
from isograd.run.optimize import optimize
from isograd.run.probe import probe
from isograd.run.scale import scale
from isograd.scaling.request import Request as ScaleRequest
from isograd.started import command_line, now
from isograd.training import OPTIMIZERS, Recipe
from isograd.zoo import ZOO

NETWORK = "mnist-mlp"
"""The network of all small runs: that of most tutorials, on the digits that come with isograd."""

SMALL, LARGE = 16, 512
"""Examples in a step, for two amounts of work."""

CONTRASTED = ("torch/eager", "torch/compile", "tensorflow/eager", "tensorflow/function")
"""Modes that are measured with the larger one."""

WORKERS = (1, 2)

SCALING = f"isograd scale {NETWORK} --workers 1,2"

PROBING = shlex.join(["isograd", "probe", *DEBUGGING, *EARLY])

FORMS = (
    "dense/torch/eager",
    "dense/torch/grad",
    "dense/torch/inference-mode",
    "dense/torch/torchscript",
    "dense/torch/exported-program",
    "dense/torch/aot-inductor",
    "dense/torch/bfloat16",
    "dense/torch/int8-dynamic-fbgemm",
    "dense/torch/onnx",
    "dense/torch/onnx-int8-dynamic",
    "dense/tensorflow/eager",
    "dense/tensorflow/function",
    "dense/tensorflow/saved-model",
    "dense/tensorflow/bfloat16",
    "dense/tensorflow/litert",
    "dense/tensorflow/litert-int8-dynamic",
    "dense/tensorflow/onnx",
    "structured-50/torch/eager",
    "structured-50/tensorflow/function",
    "unstructured-80/torch/eager",
    "unstructured-80/tensorflow/function",
)
"""Of each technique, what is quickest to build."""


def count_effort(folder: Path, progress: Progress) -> None:
    """Counts the scripts of the built-in networks, and those of the examples that are there."""
    scripts = [one for name in ZOO for one in emitted(load(name))]
    scripts += examples(examples_folder())
    record = Effort(command_line(), now(), environment(), scripts)
    save_record(record, folder)


def observe_defaults(folder: Path, progress: Progress) -> None:
    """Starts each framework in a fresh process in which nothing is set."""
    there = [framework for framework in MODES if installed(framework)]
    _observed(folder, DEFAULTS, {framework: _default(framework) for framework in there})


def compare_little(folder: Path, progress: Progress) -> None:
    """All modes, with little work in a step."""
    _compare(folder, progress, SMALL, ())


def compare_much(folder: Path, progress: Progress) -> None:
    """Eager and compiled modes, with much work in a step."""
    _compare(folder, progress, LARGE, CONTRASTED)


def show_graphs(folder: Path, progress: Progress) -> None:
    """The graphs of a step, with the time of each layer."""
    write_graphs(graph(NETWORK, with_overlays=True, progress=progress), folder)


def show_loop(folder: Path, progress: Progress) -> None:
    """The graphs of a network with a loop that depends on data."""
    model = f"{_example('control_flow/keras_halving.py')}:Halving"
    write_graphs(graph(model, inputs=["x=float32[N,8]"], progress=progress), folder)


def ship(folder: Path, progress: Progress) -> None:
    """The network in the forms that statements are about."""
    model = load(NETWORK)
    request = OptimizeRequest(
        Recipe(model.loss),
        model.data or "digits",
        epochs=3,
        only=FORMS,
        batches=(1, 64),
        measure_s=0.5,
        trainings=False,
    )
    found, _ = optimize(model, request, out=folder, progress=progress, command=_shipping())
    if found.reason.startswith("interrupted"):
        raise KeyboardInterrupt


def add_workers(folder: Path, progress: Progress) -> None:
    """The network on one worker and on two, in both frameworks."""
    model = load(NETWORK)
    request = ScaleRequest(
        Recipe(model.loss, OPTIMIZERS["sgd"]()), model.data or "digits", workers=WORKERS
    )
    found, _ = scale(model, request, out=folder, progress=progress, command=SCALING)
    if found.reason:
        raise KeyboardInterrupt if found.reason == "interrupted" else WorkerError(found.reason)


def ask_programs(folder: Path, progress: Progress) -> None:
    """The questions about debugging, and about graphs, in every mode."""
    found, _ = probe((*DEBUGGING, *EARLY), out=folder, progress=progress, command=PROBING)
    write_probes(found, folder, replace=True)
    if found.status == "partial":
        raise KeyboardInterrupt


def prove_tutorials(folder: Path, progress: Progress) -> None:
    """Proves the two scripts of the article against each other."""
    ours, theirs = (_example(f"article/{name}_mnist.py") for name in ("torch", "keras"))
    found = explain(f"{ours}:training", f"{theirs}:training")
    write_explanation(found, folder)
    _observed(folder, ARTICLE, _explained(found))


# Parts ----------------------------------------------------------------------------------------


def examples_folder() -> Path | None:
    """The examples of a checkout; None where the package was installed without them."""
    folder = Path(isograd.__file__).parents[2] / "examples"
    return folder if folder.is_dir() else None


def _example(name: str) -> Path:
    folder = examples_folder()
    if folder is None:
        raise UsageError(
            "The examples do not come with the package.", hint="Run it in a checkout of isograd."
        )
    return folder / name


def _compare(folder: Path, progress: Progress, batch: int, modes: tuple[str, ...]) -> None:
    model = load(NETWORK)
    request = Request(
        Recipe(model.loss, batch_size=batch),
        model.data or "digits",
        modes=modes,
        seeds=1,
        measure_s=2.0,
    )
    words = ["isograd", "compare", NETWORK, "--batch-size", str(batch), "--seeds", "1"]
    words += ["--measure", "2", *(word for mode in modes for word in ("--mode", mode))]
    result, _ = compare(model, request, out=folder, progress=progress, command=shlex.join(words))
    if result.reason.startswith("interrupted"):
        raise KeyboardInterrupt
    if result.status == "partial":
        raise WorkerError(result.reason)


def _shipping() -> str:
    only = (word for form in FORMS for word in ("--only", form))
    words = ["isograd", "optimize", NETWORK, "--epochs", "3", "--batch", "1,64", "--measure", "0.5"]
    return shlex.join([*words, "--no-trainings", *only])


def _default(framework: str) -> dict[str, Any]:
    """What the framework's own process says."""
    module = f"isograd.frameworks.{framework}.defaults"
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(
        [sys.executable, "-m", module],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **quiet},
        check=False,
    )
    if done.returncode:
        raise WorkerError(f"{framework} did not start: {done.stderr.strip().splitlines()[-1]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _explained(found: Explanation) -> dict[str, Any]:
    causes = [{"id": one.id, "summary": one.summary} for one in found.causes]
    return {"verdict": found.verdict, "causes": causes}


def _observed(folder: Path, name: str, what: dict[str, Any]) -> None:
    record = Observation(name, command_line(), now(), environment(), what)
    save_record(record, folder)
