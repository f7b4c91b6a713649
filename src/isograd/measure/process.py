"""The parent's end of a worker process: start, call, and tell how it died."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Pipe
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isograd.errors import IsogradError, WorkerError
from isograd.frameworks.protocol import Gradients, Plan, Steps
from isograd.ir.mapping import Array, Arrays

DEFAULT_TIMEOUT_S = 600.0


class WorkerProcess:
    """A fresh Python process that serves `isograd.measure.worker.Worker`.

    ``log`` collects what it prints. Every failure is a `WorkerError` whose ``status`` is one of
    ``crashed``, ``out of memory``, ``timed out``, ``failed``; an expected error (`IsogradError`)
    comes through as it is. After a crash or a time-out the process is gone.
    """

    def __init__(
        self,
        log: Path,
        environment: dict[str, str],
        *,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        module: str = "isograd.measure.worker",
    ) -> None:
        self.log = log
        self.timeout_s = timeout_s
        self._connection, theirs = Pipe()
        with log.open("ab") as output, theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **environment},
                start_new_session=True,  # Ctrl-C is the parent's to handle
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def request(self, method: str, *arguments: Any) -> None:
        """Sends a request without waiting for the answer."""
        try:
            self._connection.send((method, arguments))
        except OSError:
            raise self._death() from None

    def answer(self) -> Any:
        """Waits for the answer to the last request."""
        try:
            if not self._connection.poll(self.timeout_s):
                self.kill()
                raise WorkerError(
                    f"The worker gave no answer for {self.timeout_s:.0f} s and was stopped.",
                    where=str(self.log),
                    hint="Give it longer with --timeout.",
                    status="timed out",
                )
            kind, value = self._connection.recv()
        except (EOFError, ConnectionResetError):
            raise self._death() from None
        if kind == "ok":
            return value
        raise self._failure(kind, value)

    def call(self, method: str, *arguments: Any) -> Any:
        """A request and its answer."""
        self.request(method, *arguments)
        return self.answer()

    def kill(self) -> None:
        """Ends the process and what it started."""
        kill_group(self._process)
        self._connection.close()

    def close(self) -> None:
        """Ends the process, politely first."""
        self._connection.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.kill()

    def _failure(self, kind: str, value: Any) -> IsogradError:
        if isinstance(value, IsogradError):
            return value
        with self.log.open("a", encoding="utf-8") as log:
            log.write(value)
        last = value.strip().splitlines()[-1]
        return WorkerError(last, where=str(self.log), status=kind)

    def _death(self) -> WorkerError:
        error = death(self._process, "The worker", self.log)
        self._connection.close()
        return error


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Ends a process that leads a session of its own, and what it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def death(process: subprocess.Popen[bytes], who: str, log: Path) -> WorkerError:
    """How a process ended that should not have; ``who`` begins the sentence."""
    code = process.wait()
    if code == -signal.SIGKILL:
        what, status = f"{who} was killed, most likely for want of memory.", "out of memory"
    elif code < 0:
        what, status = f"{who} died of {signal.Signals(-code).name}.", "crashed"
    else:
        what, status = f"{who} ended by itself with code {code}.", "crashed"
    return WorkerError(what, where=str(log), status=status)


class LocalWorker:
    """`isograd.measure.worker.Worker` in this process, for a network that lives here. The process
    belongs to the user: neither threads nor devices are set, and nothing can be stopped.
    """

    def __init__(self) -> None:
        from isograd.measure.worker import Worker

        self._worker = Worker()

    def call(self, method: str, *arguments: Any) -> Any:
        """A method of the worker. Unexpected errors become a `WorkerError`, as in a process of its
        own."""
        if method == "start":
            return self._worker.start_here(arguments[0])
        try:
            return getattr(self._worker, method)(*arguments)
        except IsogradError:
            raise
        except Exception as error:
            raise WorkerError(f"{type(error).__name__}: {error}") from error

    def kill(self) -> None:
        """Nothing: it ends with this process."""

    def close(self) -> None:
        """Forgets the executors, and puts the framework's settings back."""
        self._worker.close_here()


class RemoteExecutor:
    """An executor in a worker; see `isograd.frameworks.protocol.Executor`."""

    def __init__(self, worker: WorkerProcess | LocalWorker, name: str, plan: Plan) -> None:
        self._worker = worker
        self._name = name
        self.build_s: float = worker.call("open", name, plan)

    def _call(self, method: str, *arguments: Any) -> Any:
        return self._worker.call("call", self._name, method, *arguments)

    def set_state(self, state: Arrays) -> None:
        self._call("set_state", state)

    def get_state(self) -> Arrays:
        return self._call("get_state")

    def get_optimizer_state(self) -> dict[str, Arrays]:
        return self._call("get_optimizer_state")

    def set_optimizer_state(self, step: int, slots: dict[str, Arrays]) -> None:
        self._call("set_optimizer_state", step, slots)

    def set_masks(self, masks: Arrays) -> None:
        self._call("set_masks", masks)

    def hold(self, kept: Arrays) -> None:
        self._call("hold", kept)

    def forward(self, *inputs: Array) -> NDArray[np.floating]:
        return self._call("forward", *inputs)

    def gradients(self, inputs: tuple[Array, ...], targets: Array) -> Gradients:
        return self._call("gradients", inputs, targets)

    def load_data(self, inputs: tuple[Array, ...], targets: Array) -> None:
        self._call("load_data", inputs, targets)

    def train(self, batches: NDArray[np.int64]) -> Steps:
        return self._call("train", batches)

    def timed_train(self, batches: NDArray[np.int64]) -> tuple[float, Steps]:
        """`train`, with the seconds of the whole call."""
        return self._worker.call("timed_call", self._name, "train", batches)

    def timed_forward(self, *inputs: Array) -> tuple[float, NDArray[np.floating]]:
        """`forward`, with the seconds of the call: from arrays to arrays, without their way
        here."""
        return self._worker.call("timed_call", self._name, "forward", *inputs)

    def open_loop(self, opener: Callable[..., Any], *arguments: Any) -> None:
        """A loop around it that a pipeline feeds; see `isograd.pipelines.fed`."""
        self._worker.call("open_loop", self._name, opener, *arguments)

    def run_loop(self, steps: int) -> tuple[int, int]:
        """Nanoseconds of waiting for data and of steps, in so many turns of the loop."""
        return self._worker.call("run_loop", steps)

    def close_loop(self) -> None:
        """Ends the loop; the executor's data is what it was fed last."""
        self._worker.call("close_loop")

    def release(self) -> None:
        self._call("release")

    def compilations(self) -> int:
        return self._call("compilations")

    def page_faults(self) -> int | None:
        """Pages that the worker took from the system so far; see `isograd.measure.memory`."""
        return self._worker.call("page_faults")

    def close(self) -> None:
        """Forgets the executor in the worker."""
        self._worker.call("close", self._name)
