"""A record as `isograd probe` writes it, with every answer and every way of having none."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

from isograd.frameworks import MODES
from isograd.probes.questions import questions
from isograd.probes.result import Answer, Asked, Probes

STATES = ("yes", "partly", "no", "yes", "unsupported", "failed", "no", "yes", "timed out", "partly")
"""A number of answers that modes do not divide: each mode gets each of them."""

EVIDENCE = "In 3 steps, print ran 3 times (1, 1, 1) and breakpoint() 3 times; print showed “hidden”"


def make_answer(question: str, framework: str, mode: str, state: str) -> Answer:
    answer = Answer(question, framework, mode, seconds=2.0, versions={"torch": "2.13.0"})
    if state in ("yes", "partly", "no"):
        answer.status, answer.answer = "ok", state
        answer.evidence = EVIDENCE
        answer.observed = {"prints": [1, 1, 1], "built": {"value": 1.0, "warnings": []}}
        answer.output = "a line that was printed\n" * 40
    else:
        answer.status, answer.reason = state, "it did not go on"
    return answer


def make_probes(names: Sequence[str] = ()) -> Probes:
    states = cycle(STATES)
    modes = [(framework, mode) for framework, modes in MODES.items() for mode in modes]
    return Probes(
        "isograd probe",
        "2026-11-25T12:00:00+00:00",
        {"python": "3.11.4", "packages": {"torch": "2.13.0", "tensorflow": "2.21.0"}},
        [
            Asked(
                question.name,
                question.title,
                question.about,
                dict.fromkeys(MODES, "import this\n" * 60),
            )
            for question in questions(names)
        ],
        [
            make_answer(question.name, framework, mode, next(states))
            for question in questions(names)
            for framework, mode in modes
        ],
        status="complete",
        duration_s=600.0,
    )
