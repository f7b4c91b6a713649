"""What `isograd probe` found: one typed record, written as versioned JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from isograd.records import kind_of
from isograd.result import Saved, absent

SCHEMA = "isograd/probes/1"


@dataclass
class Answer:
    """What one mode of one framework answers to a question.

    ``status`` is ``ok``, ``not reached``, ``not installed``, ``unsupported``, ``failed``,
    ``crashed``, ``timed out`` or ``out of memory``; unless it is ``ok`` there is no ``answer``
    (``yes``, ``partly`` or ``no``), and ``reason`` says why. ``observed`` is what the snippet saw,
    ``evidence`` what the question's rule makes of it in words, ``output`` what was printed.
    ``versions`` are those of the packages that were there, ``seconds`` those of all processes.
    """

    question: str
    framework: str
    mode: str
    status: str = "not reached"
    answer: Literal["yes", "partly", "no"] | None = None
    observed: dict[str, Any] = field(default_factory=dict)
    evidence: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    output: str = ""
    seconds: float = 0.0

    @property
    def label(self) -> str:
        """``torch/jit``."""
        return f"{self.framework}/{self.mode}"


@dataclass
class Asked:
    """A question as it was asked, with the snippet of each framework: what was really run."""

    name: str
    title: str
    about: str
    snippets: dict[str, str] = field(default_factory=dict)


@dataclass
class Probes(Saved):
    """Everything; answers stand in the order of questions, then of modes."""

    command: str
    created: str
    environment: dict[str, Any]
    questions: list[Asked]
    answers: list[Answer]
    schema: str = SCHEMA
    status: Literal["complete", "partial"] = "partial"
    reason: str = ""
    duration_s: float = 0.0

    def of(self, question: str) -> list[Answer]:
        """The answers to one question, by mode."""
        return [answer for answer in self.answers if answer.question == question]

    @property
    def labels(self) -> list[str]:
        """``torch/eager`` and so on, in the order in which they were asked."""
        return list(dict.fromkeys(answer.label for answer in self.answers))

    @property
    def exit_code(self) -> int:
        """0; 3 if nothing that was asked for is installed; 4 if the run was cut off, or a probe
        broke. An answer is no failure, whatever it is."""
        states = {answer.status for answer in self.answers}
        if absent(states):
            return 3
        return 0 if states <= {"ok", "not installed", "unsupported"} else 4


def load(folder: Path) -> list[Answer]:
    """The answers of a run, from its folder or from the record itself. Raises `UsageError` where
    there is none."""
    return Probes.read(folder / kind_of(Probes).file if folder.is_dir() else folder).answers
