"""Does a program without Python run the network?"""

from __future__ import annotations

from isograd.notation.names import enumeration
from isograd.probes.question import Finding, Observed, Question
from isograd.probes.saying import close, in_line, numbers


def judge(observed: Observed) -> Finding:
    start = f"Saved by {observed['how']}, run by a C++ program through {observed['through']}"
    if observed["error"]:
        return "no", f"{start}: {in_line(observed['error'])}."
    values, right = observed["values"], observed["right"]
    if not close(values, right):
        return "no", f"{start}: {numbers(values)}, where {numbers(right)} is right."
    said = f"{start}: {numbers(values)}, the same as in Python"
    if observed["python"]:
        return "partly", f"{said}; but it has loaded {enumeration(observed['python'])}."
    return "yes", f"{said}; of the {len(observed['libraries'])} libraries in it none is Python's."


QUESTION = Question(
    "runs-without-python",
    "runs without Python",
    "A network is saved as this mode runs it; a C++ program, compiled here against the libraries "
    "that come with the framework, loads and runs it in an empty environment. Yes: the values are "
    "the same, and nothing of Python is loaded; partly: the same, with Python loaded; no: it "
    "cannot be loaded, or is wrong.",
    judge,
)
