"""The operation at which a step, its tracing or its compilation ended."""

from __future__ import annotations

import re
import traceback
from collections.abc import Sequence

from isograd.frameworks.tensorflow.views.locating import Locator
from isograd.views import Event, Operation, View

_KINDS = (
    re.compile(r"__wrapped__([A-Za-z0-9]+)_device"),
    re.compile(r"\}\} = (\w+)\["),
    re.compile(r"\[Op:(?!__)(\w+)\]"),
)
_NODE = re.compile(r"\{\{(?:function_)?node ([^{}]*)\}\}")
_FRAME = re.compile(r'^\s*File "')
_HEADING = re.compile(
    r"^(in user code|Graph execution error|Exception encountered)|^Detected at|^<"
)


def end_at_failure(
    view: View, operations: Sequence[Operation], error: Exception, locator: Locator
) -> View:
    """Makes a view partial: it has the operations up to the one that failed, which is marked."""
    names = [operation.name for operation in operations]
    culprit = named_in(error)
    if culprit in names:
        view.operations = list(operations[: names.index(culprit) + 1])
        view.operations[-1].mark = said(error)
    else:
        view.operations = [*operations, _failed(error, culprit or "failed", locator)]
    view.status, view.reason = "partial", said(error)
    failed = view.operations[-1]
    view.events.append(Event("refused", said(error), failed.source))
    return view


def said(error: Exception) -> str:
    """What went wrong, in one line, without the frames that TensorFlow and Keras write into it."""
    text = _NODE.sub(lambda found: "" if _wrapped(found[1]) else found[1], str(error))
    lines = [line for line in _without_frames(text.splitlines()) if not _HEADING.match(line)]
    line = lines[0] if lines else text.strip()
    name = type(error).__name__
    line = line.removesuffix(" name:").partition(" You can attempt the following")[0].strip()
    return (line if line.startswith(name) else f"{name}: {line}")[:300]


def _without_frames(lines: Sequence[str]) -> list[str]:
    """The lines that are neither a frame nor the code of one."""
    kept = []
    for before, line in zip(["", *lines], lines, strict=False):
        code = _FRAME.match(before) and line.startswith("  ") and not _FRAME.match(line)
        if line.strip() and not code and not _FRAME.match(line):
            kept.append(line.strip())
    return kept


def named_in(error: Exception) -> str | None:
    """The operation of a graph that the error names, if it names one."""
    names = [name.strip() for name in _NODE.findall(str(error)) if not _wrapped(name)]
    return names[-1] if names else None


def _wrapped(name: str) -> bool:
    """Whether it is the name that TensorFlow gives to a kernel which it runs eagerly."""
    return not name.strip() or "__wrapped__" in name


def _failed(error: Exception, name: str, locator: Locator) -> Operation:
    """An operation that came to nothing, as far as the error says which it was."""
    frames = [
        (frame.filename, frame.lineno or 0, frame.name)
        for frame in reversed(traceback.extract_tb(error.__traceback__))
    ]
    kinds = [found[1] for kind in _KINDS if (found := kind.search(str(error)))]
    return Operation(
        name,
        kinds[0] if kinds else "failed",
        phase=locator.phase(frames),
        node=locator.node(frames),
        source=locator.line(frames),
        mark=said(error),
    )
