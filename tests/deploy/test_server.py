"""A shipped network runs alone, whatever it does; the parent says what happened."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from isograd.deploy.artefact import Artefact
from isograd.deploy.build import Built
from isograd.deploy.server import CallArm, Server
from isograd.errors import WorkerError
from isograd.frameworks.protocol import Emitted
from isograd.ir.builder import Builder
from isograd.ir.mapping import TensorMap, Transform
from isograd.ir.ops import ReLU

LOADER = """
import os, signal, sys, time
import numpy as np

def load(folder, options, threads):
    print("a library that talks")
    {loading}
    def call(x):
        {calling}
        return np.maximum(x, 0) + threads - 1
    return call
"""


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start(loading: str = "pass", calling: str = "pass", timeout_s: float = 20.0) -> Server:
        text = LOADER.format(loading=loading, calling=calling)
        (tmp_path / "load.py").write_text(text)
        about = {"imports": ["json"], "options": {}}
        (tmp_path / "artefact.json").write_text(json.dumps(about))
        b = Builder("relu")
        graph = b.finish(b(ReLU(), b.input("x", ("N", 3))))
        values = {"x": Transform(), graph.outputs[0]: Transform()}
        emitted = Emitted("", "", TensorMap({}), (), values)
        built = Built(tmp_path, Artefact(("load.py",), "relu", emitted), 0.0)
        started.append(
            Server(
                built,
                graph,
                environment=lambda _: {},
                threads=1,
                log=tmp_path / "log",
                timeout_s=timeout_s,
            )
        )
        return started[-1]

    yield start
    for server in started:
        server.close()


X = np.arange(-6.0, 9.0).reshape(5, 3)


def test_it_answers_in_batches_of_any_size_and_is_timed(serve: Callable[..., Server]) -> None:
    server = serve()
    start = server.first_output((X,))
    assert 0 < start.import_s + start.load_s + start.first_call_s < start.seconds
    np.testing.assert_array_equal(server.outputs((X,), batch=2), np.maximum(X, 0))
    server.take((X,), (1, 4))
    times = CallArm("relu", server, 4).run(10)
    assert len(times) == 10
    assert min(times) > 0


def test_nothing_of_isograd_is_there(serve: Callable[..., Server]) -> None:
    modules = serve().modules()
    assert "numpy" in modules
    assert "isograd" not in modules


def test_a_loader_that_imports_isograd_fails(serve: Callable[..., Server]) -> None:
    with pytest.raises(WorkerError, match="ModuleNotFoundError") as caught:
        serve("import isograd").modules()
    assert caught.value.status == "failed"
    assert "Traceback" in Path(caught.value.where or "").read_text()


@pytest.mark.parametrize(
    ("what", "status", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "crashed", "SIGSEGV"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "out of memory", "killed"),
        ("os._exit(3)", "crashed", "code 3"),
        ("raise MemoryError", "out of memory", "MemoryError"),
        ("1 / 0", "failed", "ZeroDivisionError"),
        ("time.sleep(60)", "timed out", "no answer"),
    ],
)
def test_a_failure_has_a_status_and_a_reason(
    serve: Callable[..., Server], what: str, status: str, words: str
) -> None:
    server = serve(calling=what, timeout_s=1.0 if status == "timed out" else 20.0)
    with pytest.raises(WorkerError, match=words) as caught:
        server.first_output((X,))
    assert caught.value.status == status


def test_an_error_in_a_call_does_not_end_it(serve: Callable[..., Server]) -> None:
    server = serve(calling="assert len(x) < 5, 'too many'")
    with pytest.raises(WorkerError, match="too many"):
        server.outputs((X,), batch=5)
    assert server.outputs((X,), batch=4).shape == X.shape
