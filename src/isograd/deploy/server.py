"""The parent's end of `isograd.deploy.serve`: a network that runs in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from isograd.deploy.artefact import single
from isograd.deploy.build import Built
from isograd.errors import WorkerError
from isograd.frameworks.side import native_inputs
from isograd.ir.graph import Graph
from isograd.ir.mapping import Array
from isograd.measure.memory import peak_memory_mb
from isograd.measure.process import death, kill_group

PROGRAM = Path(__file__).with_name("serve.py")

LONGEST = 300
"""Signs of an error's text that fit into a record; the rest is in the log."""


@dataclass(frozen=True)
class ColdStart:
    """Seconds from the start of a process to its first output (a batch of 1), and of parts of it;
    the process' peak memory until then, in MiB."""

    seconds: float
    import_s: float
    load_s: float
    first_call_s: float
    peak_memory_mb: float | None


class Server:
    """A shipped network in a fresh process. Inputs and outputs are in the graph's layout.

    ``environment`` makes the variables of the process for a folder that it may write to, which is
    empty, and gone at the end. ``log`` collects what it prints. Failures are `WorkerError`; after a
    death or a time-out the process is gone.
    """

    def __init__(
        self,
        built: Built,
        graph: Graph,
        *,
        environment: Callable[[Path], Mapping[str, str]],
        threads: int,
        log: Path,
        timeout_s: float,
    ) -> None:
        self._built, self._graph = built, graph
        self._log, self._timeout_s = log, timeout_s
        self._buffer = b""
        self._scratch = tempfile.TemporaryDirectory(prefix="isograd-")
        variables = {**os.environ, **environment(self._path("cache"))}
        self._begin = perf_counter()
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-I", PROGRAM, built.folder, "--threads", str(threads)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=variables,
                start_new_session=True,  # Ctrl-C is the parent's to handle
            )
        self._seconds: dict[str, float] | None = None

    def first_output(self, inputs: tuple[Array, ...]) -> ColdStart:
        """The first thing to ask for: the output of a batch of 1."""
        path = self._written([array[:1] for array in inputs])  # before the wait for the loading
        out = self._path("out.npy")
        loaded = self._loaded()
        found = self._call(do="run", inputs=str(path), out=str(out), batch=1)
        seconds = perf_counter() - self._begin
        memory = peak_memory_mb(self._process.pid)
        return ColdStart(
            seconds, loaded["import_s"], loaded["load_s"], found["first_call_s"], memory
        )

    def outputs(self, inputs: tuple[Array, ...], batch: int) -> Array:
        """Outputs of all examples, ``batch`` at a time, in the graph's layout, float64."""
        out = self._path("out.npy")
        self._loaded()
        self._call(do="run", inputs=str(self._written(inputs)), out=str(out), batch=batch)
        found = np.load(out, allow_pickle=False).astype(np.float64)
        output = self._built.artefact.emitted.values[self._graph.outputs[0]]
        return np.asarray(output.inverse(found))

    def take(self, inputs: tuple[Array, ...], batches: Sequence[int]) -> None:
        """Batches of these sizes that `time` calls it with."""
        self._loaded()
        path = self._written([array[: max(batches)] for array in inputs])
        for batch in batches:
            self._call(do="take", inputs=str(path), batch=batch)

    def time(self, batch: int, calls: int) -> list[float]:
        """Nanoseconds of each of ``calls`` calls."""
        return [float(n) for n in self._call(do="time", batch=batch, calls=calls)["nanoseconds"]]

    def modules(self) -> list[str]:
        """Top-level modules that the process has loaded."""
        self._loaded()
        return [str(name) for name in self._call(do="modules")["modules"]]

    def close(self) -> None:
        """Ends the process, politely first, and removes what went to and fro."""
        with contextlib.suppress(OSError):
            self._input.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            kill_group(self._process)
        self._output.close()
        self._scratch.cleanup()

    # The conversation -------------------------------------------------------------------------

    def _loaded(self) -> dict[str, float]:
        if self._seconds is None:
            self._seconds = self._answer()
        return self._seconds

    def _call(self, **command: Any) -> dict[str, Any]:
        try:
            self._input.write(json.dumps(command).encode() + b"\n")
            self._input.flush()
        except OSError:
            raise death(self._process, "It", self._log) from None
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._line())
        if "failed" in found:
            raise WorkerError(_short(found["what"]), where=str(self._log), status=found["failed"])
        return found

    def _line(self) -> bytes:
        """The next line; reads past no line's end and waits no longer than is allowed."""
        end = perf_counter() + self._timeout_s
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(max(end - perf_counter(), 0)):
                    kill_group(self._process)
                    raise WorkerError(
                        f"It gave no answer for {self._timeout_s:.0f} s and was stopped.",
                        where=str(self._log),
                        hint="Give it longer with --timeout.",
                        status="timed out",
                    )
                piece = os.read(self._output.fileno(), 1 << 16)
                if not piece:
                    raise death(self._process, "It", self._log)
                self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    @property
    def _input(self) -> Any:
        return self._process.stdin

    @property
    def _output(self) -> Any:
        return self._process.stdout

    # Arrays -----------------------------------------------------------------------------------

    def _written(self, inputs: Sequence[Array]) -> Path:
        """Inputs as the shipped network takes them, in a file."""
        native = native_inputs(self._graph, self._built.artefact.emitted, tuple(inputs))
        path = self._path("in.npz")
        with path.open("wb") as file:
            np.savez(file, *(single(array) for array in native))
        return path

    def _path(self, name: str) -> Path:
        return Path(self._scratch.name) / name


class CallArm:
    """Calls of one server with one batch size, for `isograd.measure.schedule`."""

    def __init__(self, label: str, server: Server, batch: int) -> None:
        self.label = label
        self._server, self._batch = server, batch

    def run(self, steps: int) -> Sequence[float]:
        """Nanoseconds of each of ``steps`` calls."""
        return self._server.time(self._batch, steps)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
