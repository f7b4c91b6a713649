"""A crew of Ray actors: on this machine alone, or on every machine of a cluster."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from isograd.errors import MissingDependency, UsageError, WorkerError
from isograd.sweeping.crew import Answer
from isograd.sweeping.station import Station

SILENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""Nothing is reported to anybody, and what a process may see of devices stays as it is."""

SCRATCH = "isograd-ray-"
"""How the folder of Ray's own files begins; its path must be short, for there are sockets in it."""

KNOCK_S = 5.0
"""How long a cluster may take to open its door."""


class RayCrew:
    """``parallel`` places on each machine, every one an actor with ``threads`` processors of its
    own (and a GPU, if ``device`` is ``cuda``). One that dies is replaced, on another machine where
    its own is gone.

    ``workshop`` names who measures, see `isograd.sweeping.station`. Without an ``address``, a
    cluster of this machine alone is started, and ended by `close`.

    Raises `MissingDependency` without Ray and `UsageError` where there is no such cluster.
    """

    def __init__(
        self,
        workshop: str,
        *,
        address: str | None = None,
        parallel: int = 1,
        threads: int = 1,
        device: str = "cpu",
    ) -> None:
        os.environ.update({name: os.environ.get(name, value) for name, value in SILENT.items()})
        self._ray = import_ray()
        self._workshop, self._address = workshop, address
        self._needs = {"num_cpus": threads, "num_gpus": int(device == "cuda")}
        if address:
            _check_address(address)
        self._scratch = "" if address else _new_scratch()
        self._connect(parallel * threads)
        self._actor = self._ray.remote(Station)
        self._homes = {
            f"{node['NodeManagerHostname']}#{number}": str(node["NodeID"])
            for number in range(parallel)
            for node in self._machines()
        }
        self._actors: dict[str, Any] = {}
        self._pending: dict[Any, str] = {}

    @property
    def places(self) -> Sequence[str]:
        """``host#0`` and so on."""
        return tuple(self._homes)

    def begin(self, place: str, task: dict[str, Any]) -> None:
        """Hands a cell to the actor of a place, which is started if there is none."""
        if place not in self._actors:
            self._actors[place] = self._start(place)
        self._pending[self._actors[place].measure.remote(task)] = place

    def wait(self, timeout_s: float) -> list[Answer]:
        """Answers of actors; of those that died, the reason."""
        ready, _ = self._ray.wait(list(self._pending), num_returns=1, timeout=timeout_s)
        return [self._answer(reference) for reference in ready]

    def close(self) -> None:
        """Ends the actors, and the cluster if it was started here."""
        for actor in self._actors.values():
            with contextlib.suppress(Exception):
                if not self._pending:
                    self._ray.get(actor.close.remote(), timeout=5)
                self._ray.kill(actor)
        self._ray.shutdown()
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _connect(self, processors: int) -> None:
        common = {"log_to_driver": False, "logging_level": "ERROR"}
        try:
            if self._address:
                self._ray.init(address=self._address, **common)
            else:
                self._ray.init(
                    address="local",
                    num_cpus=processors,
                    include_dashboard=False,
                    _temp_dir=self._scratch,
                    **common,
                )
        except Exception as error:
            raise _no_cluster(self._address or "this machine", error) from None

    def _machines(self) -> list[dict[str, Any]]:
        """Those that are alive and large enough."""
        wanted = {"CPU": self._needs["num_cpus"], "GPU": self._needs["num_gpus"]}
        return [
            node
            for node in self._ray.nodes()
            if node["Alive"] and all(node["Resources"].get(k, 0) >= n for k, n in wanted.items())
        ]

    def _start(self, place: str) -> Any:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        alive = [str(node["NodeID"]) for node in self._machines()]
        if not alive:
            raise WorkerError("No machine of the cluster can take a cell.")
        if self._homes[place] not in alive:
            self._homes[place] = alive[0]
        where = NodeAffinitySchedulingStrategy(self._homes[place], soft=False)
        options = {**self._needs, "max_restarts": 0, "scheduling_strategy": where}
        return self._actor.options(**options).remote(self._workshop)

    def _answer(self, reference: Any) -> Answer:
        place = self._pending.pop(reference)
        try:
            return Answer(place, self._ray.get(reference))
        except self._ray.exceptions.RayActorError as error:
            del self._actors[place]
            return Answer(place, None, _why(error))
        except self._ray.exceptions.RayError as error:
            return Answer(place, None, str(error).splitlines()[0])


def _check_address(address: str) -> None:
    """Raises `UsageError` where nobody listens; Ray itself would wait for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if address == "auto" or not colon:
        return
    try:
        socket.create_connection((host, int(port)), timeout=KNOCK_S).close()
    except (OSError, ValueError) as error:
        raise _no_cluster(address, error) from None


def _no_cluster(address: str, error: Exception) -> UsageError:
    return UsageError(
        f"No Ray cluster answers there: {str(error).splitlines()[0]}.",
        where=address,
        hint="Start one with `ray start --head`, or leave --address out. To one that wants a "
        "token, RAY_AUTH_MODE=token gives it.",
    )


def _new_scratch() -> str:
    """A folder for Ray's own files, named after this process; those of processes that are gone,
    which were killed, are removed."""
    for old in Path(tempfile.gettempdir()).glob(f"{SCRATCH}*-*"):
        owner = old.name.removeprefix(SCRATCH).partition("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(old, ignore_errors=True)
    return tempfile.mkdtemp(prefix=f"{SCRATCH}{os.getpid()}-")


def _why(error: Exception) -> str:
    """What Ray says of a death, without its guesses at the cause."""
    text = " ".join(str(error).split())
    detail = re.search(r"Worker exit detail: (.+?)\.", text)
    return f"The process of the cell died: {detail[1] if detail else text.partition('.')[0]}."


def import_ray() -> Any:
    """The module. Raises `MissingDependency` where it is not installed."""
    try:
        import ray
    except ModuleNotFoundError:
        raise MissingDependency(
            "Sweeps need Ray, which is not installed.",
            hint="Install it: pip install 'isograd[ray]'",
        ) from None
    return ray
