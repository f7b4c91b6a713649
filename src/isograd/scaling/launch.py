"""Starting the processes of a job, and what happens when one of them dies."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from isograd.errors import WorkerError
from isograd.scaling.engine import Command

POLL_S = 0.02

GRACE_S = 15.0
"""How long workers may take to end by themselves after one of them failed: its own message is
then the one that is found."""

NOISE = ("WARNING", "I0000", "E0000", "W0000", "I1", "[rank")
"""How lines of a log begin that explain nothing."""


@dataclass
class Launch:
    """The running processes of a job. ``prefix`` is put before the commands of a host, by its
    name."""

    commands: Sequence[Command]
    logs: Path
    prefix: Callable[[str], Sequence[str]] = lambda host: ()
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> Launch:
        """Starts them all, in process groups of their own."""
        self.logs.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        environment.pop("PYTHONPATH", None)  # the scripts need nothing of isograd
        for index, command in enumerate(self.commands):
            with self._log(index).open("ab") as log:
                self.processes.append(
                    subprocess.Popen(
                        [*self.prefix(command.host), *command.words],
                        env={**environment, **command.environment},
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        stdin=subprocess.DEVNULL,
                        start_new_session=True,
                    )
                )
        return self

    def _log(self, index: int) -> Path:
        return self.logs / f"process-{index}.log"

    def check(self) -> bool:
        """Whether all have ended, and well. Raises `WorkerError` when one has not."""
        codes = [process.poll() for process in self.processes]
        failed = next((i for i, code in enumerate(codes) if code), None)
        if failed is not None:
            raise WorkerError(self._failure(failed), where=str(self._log(failed)), status="crashed")
        return all(code == 0 for code in codes)

    def wait(self, timeout_s: float) -> None:
        """Until all have ended. Raises `WorkerError` when one fails, after which the others are
        ended too, or when it takes too long."""
        end = time.monotonic() + timeout_s
        try:
            while not self.check():
                if time.monotonic() > end:
                    raise WorkerError(
                        f"The workers took longer than {timeout_s:g} s.",
                        where=str(self.logs),
                        hint="Give them more time with --timeout.",
                        status="timed out",
                    )
                time.sleep(POLL_S)
        finally:
            self.stop()

    def stop(self) -> None:
        """Ends all that still run, with what they have started."""
        for process in self.processes:
            if process.poll() is None:
                _signal(process, signal.SIGTERM)
        end = time.monotonic() + GRACE_S
        for process in self.processes:
            try:
                process.wait(max(end - time.monotonic(), 0.01))
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait()

    def _failure(self, index: int) -> str:
        code = self.processes[index].returncode
        how = (
            f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended with code {code}"
        )
        who = f"Worker {index}" if len(self.processes) > 1 else "The job"
        reason = _last_words(self._log(index)) if code > 0 else ""
        return f"{who} {how}{': ' + reason if reason else '.'}"


def run(
    commands: Sequence[Command],
    logs: Path,
    *,
    timeout_s: float,
    restarts: int = 0,
    on_failure: Callable[[WorkerError], None] = lambda error: None,
    prefix: Callable[[str], Sequence[str]] = lambda host: (),
) -> None:
    """Starts the commands and waits until all have ended well; when a worker fails, starts all of
    them again, up to ``restarts`` times. Raises `WorkerError` when that is not enough."""
    for left in range(restarts, -1, -1):
        try:
            Launch(commands, logs, prefix).start().wait(timeout_s)
        except WorkerError as error:
            if not left or error.status == "timed out":
                raise
            on_failure(error)
        else:
            return


def free_port(count: int = 1) -> int:
    """The first of so many ports in a row that nobody listens on."""
    for _ in range(50):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            first = int(probe.getsockname()[1])
        if first + count < 65536 and all(_is_free(first + i) for i in range(count)):
            return first
    raise WorkerError("No free port was found on this machine.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _last_words(log: Path) -> str:
    """The last line that names an error."""
    lines = log.read_text(errors="replace").splitlines()
    named = [line.strip() for line in lines if "Error" in line and not line.startswith(NOISE)]
    return named[-1][:300] if named else ""
