"""Does it run in child processes?"""

from __future__ import annotations

from isograd.probes.question import Finding, Observed, Question
from isograd.probes.saying import close

ENDS = {"hung": "hangs (it was stopped)", "died": "dies"}


def judge(observed: Observed) -> Finding:
    children, here = observed["children"], observed["here"]
    good = [how for how, child in children.items() if _right(child, here)]
    said = " ".join(_told(how, child, here) for how, child in children.items())
    return ("yes" if len(good) == len(children) else "partly" if good else "no"), said


def _right(child: Observed, here: float) -> bool:
    return child["ended"] == "well" and close(child["value"], here)


def _told(how: str, child: Observed, here: float) -> str:
    if _right(child, here):
        return f"By {how}: right."
    if child["ended"] == "well":
        return f"By {how}: {child['value']}, where {here} is right."
    code = f", exit code {child['code']}" if child["ended"] == "died" else ""
    return f"By {how}: the child {ENDS[child['ended']]}{code}."


QUESTION = Question(
    "forks-and-spawns",
    "fork and spawn",
    "A step with its gradient has run in this process; then it runs in a child that is forked, "
    "and in one that is spawned. Yes: right in both; partly: in one; no: in neither (wrong, dead, "
    "or hanging).",
    judge,
)
