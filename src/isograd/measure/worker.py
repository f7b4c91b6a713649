"""The process in which one mode of one framework runs: ``python -m isograd.measure.worker FD``.

It answers requests ``(method, arguments)`` on a connection that it inherits: ``("ok", value)``,
``("error", an isograd error)``, ``("out of memory", text)`` or ``("failed", text)``.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from time import perf_counter
from types import ModuleType
from typing import Any

from isograd.errors import IsogradError
from isograd.frameworks import DISTRIBUTIONS, part
from isograd.frameworks.importing import import_network
from isograd.frameworks.protocol import Executor, Original, Plan
from isograd.ir.imported import Imported
from isograd.ir.inputs import InputSpec
from isograd.measure.memory import page_faults, peak_memory_mb
from isograd.references import Reference


class Worker:
    """One framework, set up once; any number of executors by name."""

    def __init__(self) -> None:
        self._modes: ModuleType | None = None
        self._executors: dict[str, Executor] = {}
        self._loop: Any = None
        self._restore: Callable[[], object] = lambda: None

    def start(self, framework: str, device: str, threads: int) -> float:
        """Imports and configures the framework; returns the seconds its import took."""
        begin = perf_counter()
        for name in DISTRIBUTIONS[framework]:
            __import__(name)
        seconds = perf_counter() - begin
        part(framework, "runtime").configure(device, threads)
        self._modes = part(framework, "modes")
        return seconds

    def start_here(self, framework: str) -> float:
        """Like `start`, in a process that is not the worker's own: settings are left as they are,
        and what executors change is put back by `close_here`."""
        self._modes = part(framework, "modes")
        self._restore = part(framework, "runtime").settings()
        return 0.0

    def close_here(self) -> None:
        """Forgets all executors and puts the framework's settings back."""
        for name in list(self._executors):
            self.close(name)
        self._restore()

    def open(self, name: str, plan: Plan) -> float:
        """Builds an executor; returns the seconds it took."""
        assert self._modes is not None, "start comes first"
        begin = perf_counter()
        self._executors[name] = self._modes.open_executor(plan)
        return perf_counter() - begin

    def import_network(
        self, reference: Reference, inputs: tuple[InputSpec, ...], trust: bool
    ) -> tuple[Original | None, Imported]:
        """A user's network as it is and as a graph; runs its code, here and nowhere else."""
        return import_network(reference, inputs, trust=trust)

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Calls a function of a module, here and nowhere else."""
        return function(*arguments)

    def call(self, name: str, method: str, *arguments: Any) -> Any:
        """Calls an executor's method."""
        return getattr(self._executors[name], method)(*arguments)

    def timed_call(self, name: str, method: str, *arguments: Any) -> tuple[float, Any]:
        """Calls an executor's method; returns the seconds it took and its result."""
        begin = perf_counter()
        value = self.call(name, method, *arguments)
        return perf_counter() - begin, value

    def open_loop(self, name: str, opener: Callable[..., Any], *arguments: Any) -> None:
        """A training loop around an executor; see `isograd.pipelines.fed`."""
        self._loop = opener(self._executors[name], *arguments)

    def run_loop(self, steps: int) -> tuple[int, int]:
        """Nanoseconds of waiting and of steps, in so many turns."""
        waited: tuple[int, int] = self._loop.run(steps)
        return waited

    def close_loop(self) -> None:
        """Forgets the loop, and ends what feeds it."""
        self._loop.close()
        self._loop = None

    def close(self, name: str) -> None:
        """Forgets an executor."""
        self._executors.pop(name).release()

    def peak_memory(self) -> float | None:
        """The process' peak resident memory so far, in MiB."""
        return peak_memory_mb()

    def page_faults(self) -> int | None:
        """Pages that the process took from the system so far."""
        return page_faults()


def serve(connection: Connection, target: Any) -> None:
    """Answers requests until the other end closes."""
    while True:
        try:
            method, arguments = connection.recv()
        except (EOFError, KeyboardInterrupt):
            return
        connection.send(_answer(getattr(target, method), arguments))


def _answer(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[str, Any]:
    try:
        return "ok", function(*arguments)
    except IsogradError as error:
        return "error", error
    except MemoryError:
        return "out of memory", traceback.format_exc()
    except Exception:
        return "failed", traceback.format_exc()


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), Worker())
