"""Can sequences be of any length without being traced or compiled anew?"""

from __future__ import annotations

from isograd.probes.question import Finding, Observed, Question
from isograd.probes.saying import failed, numbers, quoted


def judge(observed: Observed) -> Finding:
    first, declared = observed["as it is"], observed["declared"]
    said = f"As it is: {_course(first)} Declared to vary: {_course(declared)}"
    if _flat(first):
        return "yes", said
    return ("partly" if _flat(declared) else "no"), said


def _flat(course: list[Observed]) -> bool:
    """Right for all lengths, with nothing built after the first."""
    right = all(call.get("right") for call in course)
    return right and course[-1]["builds"] == course[0]["builds"]


def _course(course: list[Observed]) -> str:
    for call in course:
        if failed(call):
            return f"{quoted(call)}."
    wrong = sum(not call["right"] for call in course)
    builds = ", ".join(numbers(call["builds"]) for call in course)
    verdict = f"{wrong} of {len(course)} wrong" if wrong else "all right"
    return f"{verdict}; graphs after each length: {builds}."


QUESTION = Question(
    "lengths-vary",
    "any length, one build",
    "Five lengths, one after the other; what is traced or compiled by then is counted. Yes: all "
    "are right, and nothing is built after the first; partly: so it is once the length is "
    "declared to vary; no: built again even then, or wrong.",
    judge,
)
