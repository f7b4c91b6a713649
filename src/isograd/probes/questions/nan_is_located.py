"""Does the framework's own search find the line where NaN comes from?"""

from __future__ import annotations

from isograd.probes.question import Finding, Observed, Question
from isograd.probes.questions.shape_errors_point import named
from isograd.probes.saying import failed, quoted

PLACES = ("value", "gradient")

WORDS = ("nan values", "infinity or nan")
"""What both frameworks call it, in the messages of their searches."""


def judge(observed: Observed) -> Finding:
    located = [_located(observed[name]) for name in PLACES]
    found = [_found(observed[name]) for name in PLACES]
    said = " ".join(_told(name, observed[name]) for name in PLACES)
    if all(located):
        return "yes", said
    return ("partly" if any(found) else "no"), said


def _found(search: Observed) -> bool:
    """Whether it was stopped for NaN; not by some other error of the search."""
    return failed(search) and any(words in search["message"].lower() for words in WORDS)


def _located(search: Observed) -> bool:
    line = search["line"]
    if not _found(search):
        return False
    texts = (search["message"], *search["warnings"])
    return line in search["frames"] or any(named(text, line) for text in texts)


def _told(name: str, search: Observed) -> str:
    if not failed(search):
        return f"NaN in a {name}: not found."
    if not _found(search):
        return f"NaN in a {name}: the search fails, {quoted(search)}."
    where = "names the line" if _located(search) else "does not name the line"
    return f"NaN in a {name}: {quoted(search)}; it {where}, {search['line']}."


QUESTION = Question(
    "nan-is-located",
    "NaN traced to its line",
    "detect_anomaly or enable_check_numerics; a logarithm that makes a value NaN, and a root that"
    " makes a gradient NaN. Yes: both are found, and their lines are named; partly: NaN is found,"
    " but not both times, or without the line; no: not found.",
    judge,
)
