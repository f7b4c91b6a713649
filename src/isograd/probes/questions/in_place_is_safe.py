"""Is a change in place of a value that the gradient needs safe?"""

from __future__ import annotations

from isograd.probes.question import Finding, Observed, Question
from isograd.probes.saying import close, failed, numbers, quoted


def judge(observed: Observed) -> Finding:
    gradient, right = observed["gradient"], observed["right"]
    if failed(gradient):
        return "partly", f"Refused: {quoted(gradient)}."
    value = numbers(gradient["value"])
    if close(gradient["value"], right):
        return "yes", f"The gradient is {value}, as it should be."
    return "no", f"The gradient is {value} in silence, where {numbers(right)} is right."


QUESTION = Question(
    "in-place-is-safe",
    "in-place change safe",
    "A value is changed in place after it was used, and before the gradient needs it. Yes: the "
    "gradient is right all the same; partly: refused with an error; no: silently wrong.",
    judge,
)
