"""What snippets watch with: errors and warnings as plain values. Knows no framework."""

from __future__ import annotations

import builtins
import gc
import multiprocessing
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic
from typing import Any

import psutil

from isograd.probes.question import Observed

LONGEST = 12_000
"""Characters of a message that are kept: some bring the whole traceback with them."""


def attempt(call: Callable[..., Any], *arguments: Any) -> Observed:
    """``{"value": ...}``, or what `failure` tells of the error that came instead."""
    try:
        return {"value": call(*arguments)}
    except Exception as error:
        return failure(error)


def failure(error: BaseException) -> Observed:
    """An error's type, its message, and the places of its traceback, outermost first."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": type(error).__name__,
        "message": shortened(str(error)),
        "frames": [f"{place(frame.filename)}:{frame.lineno}" for frame in frames],
    }


def shortened(text: str) -> str:
    """A message of a bearable length: its beginning and its end."""
    if len(text) <= LONGEST:
        return text
    half = LONGEST // 2
    return f"{text[:half]} […] {text[-half:]}"


def place(filename: str) -> str:
    """A file without the folders that differ from machine to machine."""
    parts = Path(filename).parts
    return "/".join(parts[-3:]) if "site-packages" in parts or "isograd" in parts else parts[-1]


def line_of(file: str, mark: str) -> str:
    """``file.py:12``: where ``# mark`` ends a line of a snippet."""
    for number, line in enumerate(Path(file).read_text(encoding="utf-8").splitlines(), start=1):
        if line.rstrip().endswith(f"# {mark}"):
            return f"{place(file)}:{number}"
    raise ValueError(f"No line of {file} ends with # {mark}.")


@contextmanager
def warned() -> Iterator[list[str]]:
    """Collects the warnings given inside, ``Category: text``, those about deprecation left out."""
    found: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield found
    for one in caught:
        if not issubclass(one.category, DeprecationWarning | FutureWarning):
            found.append(f"{one.category.__name__}: {shortened(str(one.message))}")


def growth(step: Callable[[int], Any], warm: int, steps: int) -> float:
    """Bytes by which this process grows for each call of ``step``, which is given its number; the
    first ``warm`` calls are not counted."""
    process = psutil.Process()
    for number in range(warm):
        step(number)
    gc.collect()
    before = process.memory_info().rss
    for number in range(warm, warm + steps):
        step(number)
    gc.collect()
    return (process.memory_info().rss - before) / steps


@contextmanager
def python_seen() -> Iterator[tuple[list[str], list[str]]]:
    """What is printed inside, and the calls of ``breakpoint()``, instead of printing and stopping.
    Plain functions take their place: `torch.compile` does not see through a mock."""
    printed: list[str] = []
    stopped: list[str] = []
    before = builtins.print, sys.breakpointhook

    def show(*words: object) -> None:
        printed.append(" ".join(map(str, words)))

    def stop() -> None:
        stopped.append("stopped")

    builtins.print, sys.breakpointhook = show, stop  # type: ignore[assignment]
    try:
        yield printed, stopped
    finally:
        builtins.print, sys.breakpointhook = before


QUIET_S, CHILD_S = 30.0, 300.0
"""A child that does not use the processor for so many seconds hangs; and so does one that has not
come to an end after so many. On a busy machine the start of a framework alone takes a minute."""


def in_child(how: str, work: Callable[[str], float], name: str) -> Observed:
    """What becomes of ``work(name)`` in a child process that is started by ``fork`` or ``spawn``:
    ``ended`` is ``well``, ``hung`` or ``died``; with the ``value`` that it returned."""
    context = multiprocessing.get_context(how)
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_send, args=(sender, work, name))  # type: ignore[attr-defined]
    child.start()
    sender.close()
    try:
        value = receiver.recv() if _ends(receiver, psutil.Process(child.pid)) else None
        ended = "hung" if value is None else "well"
    except EOFError:
        value, ended = None, "died"
    if ended == "hung":
        child.kill()
    child.join()
    return {"ended": ended, "value": value, "code": child.exitcode}


def _ends(receiver: Connection, child: psutil.Process) -> bool:
    """Waits for what a child sends, or for its death; not for one that hangs."""
    begin = moved = monotonic()
    used = 0.0
    while monotonic() - begin < CHILD_S and monotonic() - moved < QUIET_S:
        if receiver.poll(1.0):
            return True
        now = sum(child.cpu_times()[:2])
        if now > used:
            used, moved = now, monotonic()
    return False


def _send(sender: Connection, work: Callable[[str], float], name: str) -> None:
    sender.send(work(name))
