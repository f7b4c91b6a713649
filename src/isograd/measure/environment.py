"""What a measurement was made on, and how fast that machine multiplies matrices."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath
from time import perf_counter
from typing import Any

import numpy as np
import psutil
from threadpoolctl import threadpool_info, threadpool_limits

PACKAGES = ("isograd", "numpy", "torch", "tensorflow", "tensorflow-cpu", "keras")

VARIABLES = (
    "OMP_NUM_THREADS",
    "OMP_PROC_BIND",
    "GOMP_CPU_AFFINITY",
    "KMP_AFFINITY",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_XLA_FLAGS",
    "XLA_FLAGS",
    "ONEDNN_MAX_CPU_ISA",
    "CUDA_VISIBLE_DEVICES",
    "KERAS_BACKEND",
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_TRIM_THRESHOLD_",
    "LD_PRELOAD",
)

INSTRUCTIONS = (
    "avx2",
    "fma",
    "avx_vnni",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "amx_bf16",
    "amx_int8",
)
"""Instruction sets that decide how fast networks run on an x86 processor."""

CONTROL_GROUPS = Path("/sys/fs/cgroup")

MATRIX = 1024
"""Size of the square matrices of `sgemm_rate`."""


def environment() -> dict[str, Any]:
    """Versions, processor, memory, load and settings; imports no framework."""
    memory = psutil.virtual_memory()
    model, flags = _processor()
    return {
        "python": platform.python_version(),
        "packages": versions(),
        "system": platform.platform(),
        "processor": model,
        "instructions": [name for name in INSTRUCTIONS if name in flags],
        "cores": {
            "physical": psutil.cpu_count(logical=False),
            "logical": psutil.cpu_count(),
            "usable": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
            "quota": _quota(),
        },
        "memory_gb": round(memory.total / 2**30, 1),
        "governor": _read(Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")),
        "load": [round(value, 2) for value in psutil.getloadavg()],
        "blas": sorted(
            {pool["internal_api"] for pool in threadpool_info() if pool["user_api"] == "blas"}
        ),
        "variables": _variables(),
    }


def sgemm_rate(threads: int, *, seconds: float = 0.5) -> float:
    """Floating-point operations per second of a float32 matrix product, 1024 x 1024, in NumPy's
    BLAS with ``threads`` threads; the best of the runs that fit into ``seconds``.
    """
    generator = np.random.default_rng(0)
    a, b = (generator.random((MATRIX, MATRIX), dtype=np.float32) for _ in range(2))
    best = float("inf")
    with threadpool_limits(threads, user_api="blas"):
        end = perf_counter() + seconds
        while perf_counter() < end:
            start = perf_counter()
            a @ b
            best = min(best, perf_counter() - start)
    return 2 * MATRIX**3 / best


def _variables() -> dict[str, str]:
    """Settings that are there; the home directory (`XLA_FLAGS` holds paths) becomes ``~``, because
    results are published.
    """
    home = str(Path.home())
    return {
        name: os.environ[name].replace(home, "~") if len(home) > 1 else os.environ[name]
        for name in VARIABLES
        if name in os.environ
    }


def versions() -> dict[str, str]:
    """Of those `PACKAGES` that are installed."""
    return {name: found for name in PACKAGES if (found := version_of(name))}


def version_of(package: str) -> str:
    """What is installed; empty where it is not."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _processor() -> tuple[str, set[str]]:
    """Model name and instruction flags; /proc is read where there is one, because asking the
    processor itself takes a second.
    """
    text = _read(Path("/proc/cpuinfo")) or ""
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    flags = re.search(r"^flags\s*:\s*(.+)$", text, re.MULTILINE)
    if model and flags:
        return model.group(1).strip(), set(flags.group(1).split())
    import cpuinfo

    found = cpuinfo.get_cpu_info()
    return found.get("brand_raw", platform.processor()), set(found.get("flags", ()))


def _quota() -> float | None:
    """Cores that the control groups of this process allow, those above its own included; None
    without a limit.

    Source: the Linux kernel's documentation, cgroup-v2.rst (``cpu.max``) and, for version 1,
    sched-bwc.rst (``cpu.cfs_quota_us``, -1 without a limit).
    """
    limits = [
        int(quota) / int(period)
        for folder in _cpu_groups()
        for quota, period in [_bandwidth(folder)]
        if quota not in ("max", "-1")
    ]
    return min(limits, default=None)


def _cpu_groups() -> list[Path]:
    """Folders of the control groups that this process is in, up to the root of what it can see."""
    found = []
    for line in (_read(Path("/proc/self/cgroup")) or "").splitlines():
        _, controllers, name = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        mount = CONTROL_GROUPS / "cpu" if controllers else CONTROL_GROUPS
        group = PurePosixPath(name)
        found += [mount / above.relative_to("/") for above in (group, *group.parents)]
    return found


def _bandwidth(folder: Path) -> tuple[str, str]:
    """Microseconds of processor time, and the period they are for."""
    text = _read(folder / "cpu.max")
    if text:
        quota, period = text.split()
        return quota, period
    older = (_read(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
    quota, period = (value or "-1" for value in older)
    return quota, period


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None
