"""Where a pipeline's time goes: a thread that looks, many times a second, at what Python is doing.

It sees `Dataset.__getitem__`, collating and mapping functions, and what `tf.data` calls in Python,
in whatever thread that runs; operations inside a framework show as the user's line that called
them, and have none where no Python is running.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from types import FrameType

from isograd.references import is_user_file
from isograd.waiting import Spot

PERIOD_S = 0.002
"""Between two looks."""

MOST = 3
"""How many lines are told."""

SMALL = 0.05
"""Lines below this share of the time are not told."""


class Sampler:
    """Counts the innermost line of the user's own code, thread by thread."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._looks = 0

    def look(self) -> None:
        """Once, at all threads but its own."""
        self._looks += 1
        own = threading.get_ident()
        found = {_line(f) for t, f in sys._current_frames().items() if t != own}
        self._counts.update(line for line in found if line)

    def spots(self) -> list[Spot]:
        """The lines with most of the time, the longest first."""
        return [
            Spot(where, function, count / self._looks)
            for (where, function), count in self._counts.most_common(MOST)
            if count >= SMALL * self._looks
        ]


def _line(frame: FrameType | None) -> tuple[str, str] | None:
    for one, number in traceback.walk_stack(frame):
        if is_user_file(one.f_code.co_filename):
            return f"{_shown(one.f_code.co_filename)}:{number}", one.f_code.co_name
    return None


def _shown(filename: str) -> str:
    """From the working directory on, where it lies in that: results are published."""
    path, here = Path(filename), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else filename


@contextmanager
def sampling() -> Iterator[Sampler]:
    """Looks for as long as the context is open."""
    sampler, over = Sampler(), threading.Event()

    def watch() -> None:
        while not over.is_set():
            sampler.look()
            sleep(PERIOD_S)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield sampler
    finally:
        over.set()
        thread.join()
