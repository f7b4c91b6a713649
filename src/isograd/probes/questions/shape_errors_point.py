"""Does the error for a wrong shape point at the user's line?"""

from __future__ import annotations

import re

from isograd.probes.question import Finding, Observed, Question
from isograd.probes.saying import failed, quoted


def judge(observed: Observed) -> Finding:
    call, line = observed["call"], observed["line"]
    if not failed(call):
        return "no", "There is no error at all."
    last = call["frames"][-1]
    said = f"{quoted(call)}. The last place named is {last}"
    if line == last:
        return "yes", f"{said}, the line at fault."
    if named(call["message"], line):
        return "yes", f"{said}; the message itself names {line}, the line at fault."
    if line in call["frames"]:
        after = len(call["frames"]) - call["frames"].index(line) - 1
        return "partly", f"{said}; the line at fault, {line}, is named {after} places before it."
    return "no", f"{said}; the line at fault, {line}, is not named."


def named(text: str, line: str) -> bool:
    """Whether a text names ``folder/file.py:12`` in one of the ways in which tracebacks do."""
    path, number = line.rsplit(":", 1)
    return bool(re.search(rf'{re.escape(path)}(:|", line |, line ){number}\b', text))


QUESTION = Question(
    "shape-errors-point",
    "shape error: your line",
    "The second of three matrices has a wrong shape. Yes: the traceback ends in that line, or the"
    " message names it; partly: the line is in the traceback, with lines of the framework after "
    "it; no: it is not named.",
    judge,
)
