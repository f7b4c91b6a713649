"""Questions whose answers are certain, asked in all seven modes: what a framework documents of a
mode, it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from isograd.frameworks import MODES
from isograd.probes.result import Probes
from isograd.run.probe import probe

CONTROL_FLOW = {
    "torch/eager": "yes",
    "torch/jit": "no",
    "torch/compile": "yes",
    "tensorflow/eager": "yes",
    "tensorflow/session": "no",
    "tensorflow/function": "yes",
    "tensorflow/xla": "yes",
}
"""A branch and a loop are one matter: whether Python's own control flow may look at values."""

CERTAIN: dict[str, dict[str, str]] = {
    "python-at-each-step": {
        "torch/eager": "yes",
        "torch/jit": "no",
        "tensorflow/eager": "yes",
        "tensorflow/session": "no",
        "tensorflow/function": "no",
        "tensorflow/xla": "no",
    },
    "branches-on-data": CONTROL_FLOW,
    "loops-on-data": CONTROL_FLOW,
    "graph-before-run": {
        "torch/eager": "no",
        "torch/jit": "yes",
        "torch/compile": "yes",
        "tensorflow/eager": "no",
        "tensorflow/session": "yes",
        "tensorflow/function": "yes",
        "tensorflow/xla": "yes",
    },
    "runs-without-python": {
        "torch/eager": "no",
        "torch/jit": "yes",
        "torch/compile": "yes",
        "tensorflow/eager": "no",
        "tensorflow/session": "yes",
        "tensorflow/function": "yes",
        "tensorflow/xla": "yes",
    },
}
"""Question to the answer of each mode. Whether Python comes by in each step of a compiled function
is left open: a graph break lets it, and the compiler may come to do without."""


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Probes, Path]:
    return probe(tuple(CERTAIN), out=tmp_path_factory.mktemp("probes") / "run")


def test_every_mode_answers(asked: tuple[Probes, Path]) -> None:
    found, _ = asked
    assert found.status == "complete"
    assert len(found.answers) == len(CERTAIN) * sum(map(len, MODES.values()))
    assert [(a.question, a.label, a.reason) for a in found.answers if a.status != "ok"] == []


@pytest.mark.parametrize("question", CERTAIN)
def test_what_is_certain_is_answered_so(asked: tuple[Probes, Path], question: str) -> None:
    answers = {answer.label: answer.answer for answer in asked[0].of(question)}
    assert answers | CERTAIN[question] == answers


def test_the_program_without_python_has_the_frameworks_library_in_it(
    asked: tuple[Probes, Path],
) -> None:
    """And nothing else would have been seen if it had been Python's: the list is not empty."""
    runtimes = {"torch": "libtorch_cpu.so", "tensorflow": "libtensorflow_cc.so.2"}
    for answer in asked[0].of("runs-without-python"):
        if answer.answer == "yes":
            assert runtimes[answer.framework] in answer.observed["libraries"]
