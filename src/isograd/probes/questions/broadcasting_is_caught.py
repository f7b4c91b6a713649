"""Is a loss of [N, 1] against [N] caught?"""

from __future__ import annotations

from isograd.probes.question import Finding, Observed, Question
from isograd.probes.saying import close, failed, numbers, quoted

LOSSES = ("by hand", "the framework's own")


def judge(observed: Observed) -> Finding:
    meant = observed["meant"]
    caught = [_caught(observed[name], meant) for name in LOSSES]
    said = " ".join(_loss(name, observed[name], meant) for name in LOSSES)
    return ("yes" if all(caught) else "partly" if any(caught) else "no"), said


def _caught(loss: Observed, meant: float) -> bool:
    return failed(loss) or bool(loss["warnings"]) or close(loss["value"], meant)


def _loss(name: str, loss: Observed, meant: float) -> str:
    start = f"{name[0].upper()}{name[1:]}"
    if failed(loss):
        return f"{start}: {quoted(loss)}."
    value = numbers(loss["value"])
    if close(loss["value"], meant):
        return f"{start}: {value}, as it was meant."
    if loss["warnings"]:
        return f"{start}: {value} instead of {numbers(meant)}, with a {loss['warnings'][0]}"
    return f"{start}: {value} in silence, where {numbers(meant)} was meant."


QUESTION = Question(
    "broadcasting-is-caught",
    "broadcasting caught",
    "Mean squared error of predictions [3, 1] and targets [3], by hand and with the framework's "
    "own loss. Caught is an error, a warning, or the value that was meant. Yes: both are caught; "
    "partly: one; no: neither.",
    judge,
)
