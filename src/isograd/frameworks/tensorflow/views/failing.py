"""The operation at which a step, its tracing or its compilation ended."""

from __future__ import annotations

import re
import traceback

from isograd.frameworks.tensorflow.views.locating import Locator
from isograd.views import Operation, View

_KERNEL = re.compile(r"__wrapped__([A-Za-z0-9]+)_device")
_NODE = re.compile(r"\{\{(?:function_)?node ([^{}]+)\}\}")


def failed_operation(error: Exception, locator: Locator) -> Operation:
    """The operation that raised, as far as the error says which it was."""
    frames = [
        (frame.filename, frame.lineno or 0, frame.name)
        for frame in reversed(traceback.extract_tb(error.__traceback__))
    ]
    kernel = _KERNEL.search(str(error))
    return Operation(
        "failed",
        kernel[1] if kernel else "failed",
        phase=locator.phase(frames),
        node=locator.node(frames),
        mark=said(error),
    )


def named_in(error: Exception) -> str | None:
    """The operation of a graph that the error names, if it names one."""
    names: list[str] = _NODE.findall(str(error))
    return names[-1].strip() if names else None


def said(error: Exception) -> str:
    """The error's first words."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = _NODE.sub("", lines[0]).strip() if lines else ""
    return f"{type(error).__name__}: {text}"[:300]


def end_at_failure(view: View, error: Exception) -> View:
    """Makes a view partial."""
    view.status, view.reason = "partial", said(error)
    return view
