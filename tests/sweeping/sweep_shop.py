"""Who measures in tests: no framework, times by a known law, and deaths where they are ordered.

``SWEEP_SHOP`` names a folder. What begins and ends there is written to ``log``; a file
``KEY.kill`` kills the process that measures the cell, ``KEY.fail`` fails it; each works once for
every line in it.
"""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

from isograd.errors import UsageError, WorkerError

LAW = {
    "torch/eager": lambda batch: 100 + 1.0 * batch,
    "torch/jit": lambda batch: 100 + 1.0 * batch,
    "tensorflow/function": lambda batch: 200 + 0.5 * batch,
}
"""Microseconds of a step: TensorFlow's function overtakes PyTorch with a batch of 200."""


def step_us(contender: str, batch: int) -> float:
    framework_mode = "/".join(contender.split("/")[:2])
    return LAW.get(framework_mode, lambda b: 150.0 + b)(batch)


def rounds(contender: str, batch: int, drift: list[float], seed: str) -> list[float]:
    generator = random.Random(seed)
    return [step_us(contender, batch) * d * generator.lognormvariate(0, 0.01) for d in drift]


class Shop:
    def measure(self, task: dict[str, Any]) -> dict[str, Any]:
        folder, key = os.environ.get("SWEEP_SHOP"), task["key"]
        if folder:
            _note(Path(folder), f"begin {key}")
            time.sleep(float(os.environ.get("SWEEP_SHOP_SECONDS", "0")))
            if _ordered(Path(folder) / f"{key}.kill"):
                os.kill(os.getpid(), signal.SIGKILL)
            if _ordered(Path(folder) / f"{key}.fail"):
                raise WorkerError("The worker was told to fail.", status="crashed")
            if _ordered(Path(folder) / f"{key}.refuse"):
                raise UsageError("There is no such thing.")
        found = simulated(task["cell"], task["baseline"], key)
        if folder:
            _note(Path(folder), f"end {key}")
        return found

    def close(self) -> None:
        pass


def simulated(cell: dict[str, Any], baseline: dict[str, Any], key: str) -> dict[str, Any]:
    drifts = random.Random(key)
    drift = [drifts.lognormvariate(0, 0.2) for _ in range(20)]
    batch = cell["batch_size"]
    own = rounds(contender(cell), batch, drift, f"{key} own")
    other = rounds(contender(baseline), batch, drift, f"{key} baseline")
    middle = sorted(own)[10]
    timing = {
        "us": {"median": middle, "low": middle * 0.9, "high": middle * 1.1},
        "rounds": own,
        "baseline": other,
    }
    return {
        "processor": "simulated",
        "step": timing,
        "inference": timing,
        "first_call_s": 0.1,
        "build_s": 0.01,
        "peak_memory_mb": 300.0,
        "losses": [1.0, 0.5],
        "outputs": 0.8,
        "training": 1.2,
        "agreement": "agrees",
    }


def contender(cell: dict[str, Any]) -> str:
    return f"{cell['framework']}/{cell['mode']}"


def _note(folder: Path, text: str) -> None:
    """One write that is not torn, however many processes write."""
    descriptor = os.open(folder / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{text}\n".encode())
    os.close(descriptor)


def _ordered(path: Path) -> bool:
    """Whether that is left to be done; takes one line off."""
    if not path.exists():
        return False
    _, *rest = path.read_text().splitlines() or [""]
    path.unlink() if not rest else path.write_text("\n".join(rest))
    return True
