"""Peak memory of a process, and how often it takes memory from the system."""

from __future__ import annotations

import re
from pathlib import Path

import psutil

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

KEEPING = "MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=1073741824"
"""What makes glibc keep memory that was freed: blocks of up to 32 MiB, the most it takes, come from
the heap, and the heap's end is not given back (mallopt(3))."""


def peak_memory_mb(pid: int | None = None) -> float | None:
    """Peak resident memory in MiB of a process (by default this one).

    On Linux the kernel's own high-water mark (``VmHWM``); elsewhere ``psutil``'s peak where it has
    one, or the present size, which is a lower bound. None when the process cannot be read or has
    ended.
    """
    status = Path(f"/proc/{pid or 'self'}/status")
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE)
        if found:
            return int(found.group(1)) / 1024
    except OSError:
        pass
    try:
        memory = psutil.Process(pid).memory_info()
    except psutil.Error:
        return None
    # a process that ended and was not waited for has a size of 0
    return float(getattr(memory, "peak_wset", memory.rss)) / 2**20 or None


def page_faults() -> int | None:
    """Pages that this process took from the system so far, without reading from disk (minor page
    faults, getrusage(2)); None where the system does not count them.

    A step that frees its buffers and allocates them again costs none where the C library keeps the
    memory, and one for each page where it gives the memory back, which glibc does or does not by
    what else lies at the end of the heap: two processes of the same code differ in that.
    """
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt if resource else None
