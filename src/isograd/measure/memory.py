"""Peak memory of a process."""

from __future__ import annotations

import re
from pathlib import Path

import psutil


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
