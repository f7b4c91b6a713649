"""Can the graph be seen before anything has been computed?"""

from __future__ import annotations

from isograd.probes.question import Finding, Observed, Question
from isograd.probes.saying import failed, quoted

FEW = 8
"""How many operations evidence names."""


def judge(observed: Observed) -> Finding:
    how, operations = observed["how"], observed["operations"]
    if failed(operations):
        return "no", f"Asked {how}: {quoted(operations)}."
    found = operations["value"]
    if not found:
        return "no", f"Looked at {how}: it has no graph."
    rest = f" and {len(found) - FEW} more" if len(found) > FEW else ""
    return "yes", f"Seen by {how}: {', '.join(found[:FEW])}{rest}."


QUESTION = Question(
    "graph-before-run",
    "graph before the run",
    "The graph of a function that was given shapes, and no numbers. Yes: its operations are "
    "there; no: they are not.",
    judge,
)
