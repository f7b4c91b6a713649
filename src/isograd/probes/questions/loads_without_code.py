"""Can what was saved be loaded without the class?"""

from __future__ import annotations

from isograd.probes.question import Finding, Observed, Question
from isograd.probes.saying import close, in_line, numbers


def judge(observed: Observed) -> Finding:
    start = f"Saved by {observed['how']}, loaded by {observed['loaded by']} in a process without it"
    if observed["error"]:
        return "no", f"{start}: {in_line(observed['error'])}."
    found, right = observed["value and gradient"], observed["right"]
    if close(found, right):
        return "yes", f"{start}: value and gradient are the same, {numbers(found)}."
    if close(found[:1], right[:1]):
        return "partly", f"{start}: the value is the same, the gradient is not: {numbers(found)}."
    return "no", f"{start}: {numbers(found)}, where {numbers(right)} is right."


QUESTION = Question(
    "loads-without-code",
    "loads without its code",
    "A network of a class of its own is saved as this mode runs it, and loaded in a process that "
    "cannot import the class. Yes: value and gradient of its parameters are the same; partly: the "
    "value is; no: it cannot be loaded.",
    judge,
)
