"""Peak memory of a process, and the pages it takes."""

import mmap
import subprocess
import sys

import numpy
import psutil
import pytest

from isograd.measure.memory import page_faults, peak_memory_mb

MIB = 64

PROGRAM = f"""
import numpy
from isograd.measure.memory import peak_memory_mb
before = peak_memory_mb()
array = numpy.ones({MIB} * 2**20, numpy.uint8)
filled = peak_memory_mb()
del array
print(before, filled, peak_memory_mb())
"""


@pytest.fixture(scope="module")
def peaks() -> list[float]:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [float(word) for word in done.stdout.split()]


def test_the_peak_grows_by_an_array_that_was_filled(peaks: list[float]) -> None:
    before, filled, _ = peaks
    assert filled - before == pytest.approx(MIB, rel=0.1)


@pytest.mark.skipif(sys.platform != "linux", reason="only the Linux kernel keeps the peak")
def test_the_peak_stays_when_the_array_is_gone(peaks: list[float]) -> None:
    _, filled, after = peaks
    assert after > filled - MIB / 10


def test_another_process_can_be_asked_about() -> None:
    program = "import time; print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = peak_memory_mb(process.pid)
        process.kill()
    assert found is not None
    assert 1.0 < found < 1000.0


def test_a_process_that_does_not_exist_has_no_peak() -> None:
    free = next(pid for pid in range(2**22 - 1, 1, -1) if not psutil.pid_exists(pid))
    assert peak_memory_mb(free) is None


def test_a_process_that_ended_has_no_peak() -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.read()  # ends with the process, which is not waited for yet
    try:
        while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
            pass
        assert peak_memory_mb(process.pid) is None
    finally:
        process.wait()
        process.stdout.close()


@pytest.mark.skipif(sys.platform != "linux", reason="pages have 4 KiB or more there")
def test_memory_that_is_taken_anew_is_counted_in_pages() -> None:
    before = page_faults()
    array = numpy.ones(MIB * 2**20, numpy.uint8)  # above what any C library keeps
    taken = page_faults() - before
    array[:] = 2
    assert taken > MIB * 2**20 / mmap.PAGESIZE / 600  # huge pages hold 512
    assert page_faults() - before - taken < taken / 4
