"""Every probe's rule, fed with what a snippet would see that does the opposite: none passes
vacuously."""

from __future__ import annotations

from typing import Any

import pytest

from isograd.probes.question import Observed
from isograd.probes.questions import questions
from isograd.probes.saying import close

ERROR = {"error": "RuntimeError", "message": "no such thing", "frames": [], "warnings": []}


def value(number: Any, **more: Any) -> Observed:
    return {"value": number, "warnings": [], **more}


def ways(right: Any, **found: Observed) -> Observed:
    return {"right": right, "ways": found}


def calls(*values: Any) -> Observed:
    """Both sides of a branch; the second call should give -1."""
    found = [one if isinstance(one, dict) else value(one) for one in values]
    return {"calls": found, "right": [[1.0], [-1.0]], "warnings": []}


def course(builds: list[int], *, right: bool = True) -> list[Observed]:
    return [{"right": right, "builds": count} for count in builds]


def search(message: str, *frames: str) -> Observed:
    return {"error": "X", "message": message, "frames": list(frames), "line": L, "warnings": []}


def located(*frames: str) -> Observed:
    call = {"error": "ValueError", "message": "shapes", "frames": list(frames)}
    return {"line": L, "call": call}


def child(ended: str, number: float | None = 2.0) -> Observed:
    return {"ended": ended, "value": number, "code": 1}


def loaded(*found: float, error: str = "") -> Observed:
    how = {"how": "save", "loaded by": "load"}
    return {**how, "error": error, "value and gradient": list(found), "right": [1.0, 2.0]}


def run(*found: float, error: str = "", python: tuple[str, ...] = ()) -> Observed:
    how = {"how": "save", "through": "load", "libraries": ["libc.so.6", *python]}
    what = {"error": error, "values": list(found), "python": list(python)}
    return {**how, **what, "right": [1.0, 2.0]}


def loop(a_step: float) -> Observed:
    return {"value": a_step}


L = "mine/net.py:12"
NAN = "Function returned nan values"
OF_A_GRAPH = 'File "mine/net.py", line 12, in net: Detected Infinity or NaN in output 0'
UNSEEN = {"right": True, "each step": [1, 0, 0]}
SEEN = {"right": True, "each step": [1, 1, 1]}

VALUES = ("custom-gradients", "second-derivatives", "per-sample-gradients", "jacobians")

PROVOKED: dict[str, dict[str, list[Observed]]] = {
    "python-at-each-step": {
        "yes": [{"prints": [1, 1], "breakpoints": [1, 1], "last print": "x"}],
        "partly": [{"prints": [1, 1], "breakpoints": [1, 0], "last print": "x"}],
        "no": [{"prints": [0, 0], "breakpoints": [0, 0], "last print": ""}],
    },
    "branches-on-data": {
        "yes": [calls([1.0], [-1.0])],
        "no": [calls([1.0], [1.0]), calls([1.0], ERROR), {"built": ERROR, **calls()}],
    },
    "loops-on-data": {
        "yes": [calls([1.0], [-1.0])],
        "no": [calls([1.0], [1.0]), {"built": ERROR, **calls()}],
    },
    "lengths-vary": {
        "yes": [{"as it is": course([1, 1, 1]), "declared": course([1, 1, 1])}],
        "partly": [{"as it is": course([1, 2, 3]), "declared": course([1, 1, 1])}],
        "no": [
            {"as it is": course([1, 2, 3]), "declared": course([1, 2, 3])},
            {"as it is": course([1, 1], right=False), "declared": course([1, 1], right=False)},
        ],
    },
    "shape-errors-point": {
        "yes": [located("a.py:1", L)],
        "partly": [located(L, "framework/core.py:900")],
        "no": [located("framework/core.py:900"), {"line": L, "call": value([1.0])}],
    },
    "broadcasting-is-caught": {
        "yes": [{"meant": 3.0, "by hand": ERROR, "the framework's own": value(3.0)}],
        "partly": [{"meant": 3.0, "by hand": value(6.3), "the framework's own": ERROR}],
        "no": [{"meant": 3.0, "by hand": value(6.3), "the framework's own": value(6.3)}],
    },
    "nan-is-located": {
        "yes": [
            {"value": search(NAN, L), "gradient": search(NAN, L)},
            {"value": search(OF_A_GRAPH), "gradient": search(OF_A_GRAPH)},
        ],
        "partly": [{"value": search(NAN, "f.py:3"), "gradient": {**value(1.0), "line": L}}],
        "no": [
            {"value": {**value(1.0), "line": L}, "gradient": {**value(1.0), "line": L}},
            {"value": search("out of memory", L), "gradient": search("out of memory", L)},
        ],
    },
    "in-place-is-safe": {
        "yes": [{"gradient": value([2.0]), "right": [2.0]}],
        "partly": [{"gradient": ERROR, "right": [2.0]}],
        "no": [{"gradient": value([3.0]), "right": [2.0]}],
    },
    "inner-values-seen": {
        "yes": [{"how": "hooks", "seen": {"before": value(SEEN), "after": value(SEEN)}}],
        "partly": [{"how": "hooks", "seen": {"before": value(SEEN), "after": value(UNSEEN)}}],
        "no": [
            {"how": "hooks", "seen": {"before": ERROR, "after": value(UNSEEN)}},
            {"how": "hooks", "seen": {"before": value({"right": False, "each step": [1, 1]})}},
        ],
    },
    "runs-repeat": {
        "yes": [{"runs": [{"weights": "a", "loss": 1.0}, {"weights": "a", "loss": 1.0}]}],
        "partly": [{"runs": [{"weights": "a", "loss": 1.0}, {"weights": "b", "loss": 1.0}]}],
        "no": [{"runs": [{"weights": "a", "loss": 1.0}, {"weights": "b", "loss": 1.1}]}],
    },
    "forks-and-spawns": {
        "yes": [{"here": 2.0, "children": {"fork": child("well"), "spawn": child("well")}}],
        "partly": [{"here": 2.0, "children": {"fork": child("hung"), "spawn": child("well")}}],
        "no": [
            {"here": 2.0, "children": {"fork": child("died"), "spawn": child("hung")}},
            {"here": 2.0, "children": {"fork": child("well", 7.0), "spawn": child("well", 7.0)}},
        ],
    },
    "memory-stays-flat": {
        "yes": [{"tensors": loop(0.0), "numbers": loop(100.0), "steps": 500}],
        "partly": [{"tensors": loop(0.0), "numbers": loop(1e6), "steps": 500}],
        "no": [{"tensors": loop(1e6), "numbers": loop(1e6), "steps": 500}],
    },
    "graph-before-run": {
        "yes": [{"how": "the trace", "operations": value(["matmul", "relu"])}],
        "no": [
            {"how": "the trace", "operations": value([])},
            {"how": "the trace", "operations": ERROR},
        ],
    },
    "loads-without-code": {
        "yes": [loaded(1.0, 2.0)],
        "partly": [loaded(1.0, 5.0)],
        "no": [loaded(9.0, 2.0), loaded(error="ModuleNotFoundError: net")],
    },
    "runs-without-python": {
        "yes": [run(1.0, 2.0)],
        "partly": [run(1.0, 2.0, python=("libtorch_python.so",))],
        "no": [
            run(1.0, 5.0),
            run(1.0, 5.0, python=("libpython3.11.so.1.0",)),
            run(error="constants.pkl is not there"),
        ],
    },
    **{
        name: {
            "yes": [ways([4.0], one=value([4.0]), two=ERROR)],
            "partly": [ways([4.0], one=value([4.0]), two=value([5.0]))],
            "no": [ways([4.0], one=value([5.0])), ways([4.0], one=ERROR)],
        }
        for name in VALUES
    },
}
"""Question to answer to what would be seen then."""

CASES = [
    (name, answer, observed)
    for name, answers in PROVOKED.items()
    for answer, every in answers.items()
    for observed in every
]


@pytest.mark.parametrize(("name", "answer", "observed"), CASES)
def test_what_is_seen_decides(name: str, answer: str, observed: Observed) -> None:
    (question,) = questions([name])
    found, evidence = question.judge(observed)
    assert found == answer, evidence
    assert evidence.strip()


def test_every_question_is_provoked_to_both_answers() -> None:
    for question in questions(()):
        assert {"yes", "no"} <= set(PROVOKED[question.name]), question.name
        assert question.about.count("es:") >= 1


def test_numbers_that_are_wrong_by_a_thousandth_are_wrong() -> None:
    assert close([1.0, 2.0], [1.0, 2.0 + 1e-5])
    assert not close([1.0, 2.0], [1.0, 2.002])
    assert not close([1.0], [1.0, 1.0])
    assert not close([None], [1.0])
