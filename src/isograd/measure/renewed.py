"""A worker that is replaced when it dies, so that what else is asked of it still has an answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isograd.errors import WorkerError
from isograd.measure.process import WorkerProcess
from isograd.measure.worker_environment import worker_environment


class RenewedWorker:
    """A process in which a framework has been set up, started when it is first needed; after it has
    died, another one. ``folder`` gets its log and its compilers' cache."""

    def __init__(
        self, framework: str, folder: Path, *, device: str, threads: int, timeout_s: float
    ) -> None:
        self._framework, self._folder = framework, folder
        self._device, self._threads, self._timeout_s = device, threads, timeout_s
        self._process: WorkerProcess | None = None

    def call(self, name: str, *arguments: Any) -> Any:
        """As `WorkerProcess.call`, with what it raises."""
        try:
            return self._started().call(name, *arguments)
        except WorkerError as error:
            if error.status != "failed":
                self.close()
            raise

    def close(self) -> None:
        """Ends the process, if there is one."""
        if self._process is not None:
            self._process.close()
            self._process = None

    def _started(self) -> WorkerProcess:
        if self._process is None:
            cache = self._folder / "compiler-cache"
            environment = worker_environment(self._device, self._threads, cache)
            log = self._folder / f"{self._framework}.log"
            self._process = WorkerProcess(log, environment, timeout_s=self._timeout_s)
            self._process.call("start", self._framework, self._device, self._threads)
        return self._process
