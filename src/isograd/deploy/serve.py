"""Runs a shipped network alone: ``python -I serve.py FOLDER --threads N``.

Nothing of isograd is used here, and none can be imported: what is measured is what ships. The
folder holds ``load.py``, ``artefact.json`` and the files of the network. Commands come as lines of
JSON on standard input; each is answered by one line on what was standard output:

- ``{"do": "run", "inputs": NPZ, "out": NPY, "batch": 1000}``: the outputs of all examples
- ``{"do": "take", "inputs": NPZ, "batch": 8}``: a batch of this size is timed from now on
- ``{"do": "time", "batch": 8, "calls": 100}``: nanoseconds of each call
- ``{"do": "modules"}``: the names of the top-level modules that are loaded

The first answer comes by itself, when the network is loaded.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import runpy
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, perf_counter_ns
from typing import Any, TextIO

import numpy as np


class Served:
    """A loaded network and the batches that it is timed with."""

    def __init__(self, folder: Path, threads: int) -> None:
        self._batches: dict[int, list[np.ndarray]] = {}
        about = json.loads((folder / "artefact.json").read_text(encoding="utf-8"))
        begin = perf_counter()
        for name in about["imports"]:
            importlib.import_module(name)
        imported = perf_counter()
        load = runpy.run_path(str(folder / "load.py"))["load"]
        self._call = load(str(folder), about["options"], threads)
        self.seconds = {"import_s": imported - begin, "load_s": perf_counter() - imported}

    def run(self, inputs: str, out: str, batch: int) -> dict[str, Any]:
        """Outputs of all examples, ``batch`` at a time; ``first_call_s`` is the first batch's."""
        arrays = _read(inputs)
        begin = perf_counter()
        outputs = [np.asarray(self._call(*(array[:batch] for array in arrays)))]
        first = perf_counter() - begin
        for row in range(batch, len(arrays[0]), batch):
            outputs.append(np.asarray(self._call(*(array[row : row + batch] for array in arrays))))
        np.save(out, np.concatenate(outputs))
        return {"first_call_s": first}

    def take(self, inputs: str, batch: int) -> dict[str, Any]:
        """Keeps the first ``batch`` examples."""
        self._batches[batch] = [np.ascontiguousarray(array[:batch]) for array in _read(inputs)]
        return {}

    def time(self, batch: int, calls: int) -> dict[str, Any]:
        """Calls with the batch of this size, one after the other."""
        inputs, taken = self._batches[batch], []
        for _ in range(calls):
            begin = perf_counter_ns()
            self._call(*inputs)
            taken.append(perf_counter_ns() - begin)
        return {"nanoseconds": taken}

    def modules(self) -> dict[str, Any]:
        """What is loaded."""
        loaded = {name.partition(".")[0] for name, module in [*sys.modules.items()] if module}
        return {"modules": sorted(loaded)}


def _read(path: str) -> list[np.ndarray]:
    with np.load(path, allow_pickle=False) as file:
        return [file[name] for name in file.files]


def main() -> None:
    """Loads, then answers until the input ends."""
    parser = argparse.ArgumentParser(description="Serve a network in FOLDER.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    sys.modules["isograd"] = None  # type: ignore[assignment]  # importing it is an error from now on
    answers = _own_output()
    served: list[Served] = []

    def start() -> dict[str, Any]:
        served.append(Served(given.folder, given.threads))
        return served[0].seconds

    if not _answer(answers, start):
        return
    for line in sys.stdin:
        command = json.loads(line)
        method = getattr(served[0], command.pop("do"))
        _answer(answers, method, **command)


def _own_output() -> TextIO:
    """Standard output for answers alone; what libraries print there goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _answer(answers: TextIO, method: Callable[..., dict[str, Any]], **arguments: Any) -> bool:
    """One line: what the method returned, or how it failed."""
    found: dict[str, Any]
    try:
        found = method(**arguments)
    except MemoryError:
        found = {"failed": "out of memory", "what": "MemoryError"}
    except Exception as error:
        traceback.print_exc()
        found = {"failed": "failed", "what": f"{type(error).__name__}: {error}"}
    print(json.dumps(found), file=answers, flush=True)
    return "failed" not in found


if __name__ == "__main__":
    main()
