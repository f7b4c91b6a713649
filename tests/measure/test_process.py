"""However a worker dies, the parent says what happened and lives on."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from isograd.errors import UsageError, WorkerError
from isograd.measure.process import WorkerProcess


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[WorkerProcess]:
    here = str(Path(__file__).parent)
    process = WorkerProcess(
        tmp_path / "worker.log", {"PYTHONPATH": here}, timeout_s=20.0, module="faulty_worker"
    )
    yield process
    process.close()


def test_arrays_come_back_as_they_went(worker: WorkerProcess) -> None:
    array = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(worker.call("echo", array), array)


@pytest.mark.parametrize(
    ("method", "status", "words"),
    [
        ("crash", "crashed", "SIGSEGV"),
        ("be_killed", "out of memory", "killed"),
        ("leave", "crashed", "code 3"),
        ("exhaust_memory", "out of memory", "MemoryError"),
        ("stumble", "failed", "ZeroDivisionError"),
    ],
)
def test_a_failure_has_a_status_and_a_reason(
    worker: WorkerProcess, method: str, status: str, words: str
) -> None:
    with pytest.raises(WorkerError, match=words) as caught:
        worker.call(method)
    assert caught.value.status == status
    assert caught.value.exit_code == 4


def test_a_worker_that_hangs_is_stopped(worker: WorkerProcess) -> None:
    worker.timeout_s = 0.5
    with pytest.raises(WorkerError, match="no answer") as caught:
        worker.call("hang")
    assert caught.value.status == "timed out"
    assert "--timeout" in (caught.value.hint or "")


def test_an_expected_error_comes_through_whole(worker: WorkerProcess) -> None:
    with pytest.raises(UsageError, match="No such device") as caught:
        worker.call("misuse")
    assert caught.value.hint == "Use --device cpu."


def test_the_traceback_of_a_failure_is_in_the_log(worker: WorkerProcess) -> None:
    with pytest.raises(WorkerError):
        worker.call("stumble")
    assert "return 1 / 0" in worker.log.read_text()


def test_a_worker_survives_its_own_errors(worker: WorkerProcess) -> None:
    with pytest.raises(WorkerError):
        worker.call("stumble")
    assert worker.call("echo", 7) == 7
