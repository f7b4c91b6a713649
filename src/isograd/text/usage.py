"""What came of using a language model: what each mode chose, from which logits, and whether they
agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import cattrs
import numpy as np

from isograd.ir.mapping import Array
from isograd.result import Mode, to_json
from isograd.text.architectures import Task

ROUNDING = 1e-3
"""Of the largest logit. float32 errs by some 1e-6 in networks of a hundred layers; sides that are
further apart than this do not compute the same thing, whatever they choose."""


@dataclass
class Answer:
    """What one mode chose: a number for each row of logits (a token at each step or masked place, a
    label for each text). ``words`` say each to a person, ``text`` all as a whole. ``chances`` are
    what the softmax gives to each choice, ``seconds`` those of each call of the network, the first
    of which compiles where the mode does that.
    """

    mode: Mode
    choices: list[int] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    text: str = ""
    chances: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    logits: list[Array] = field(default_factory=list)

    @property
    def per_second(self) -> float | None:
        """Choices for each second of the calls behind the first."""
        later = self.seconds[1:]
        return len(later) / sum(later) if later else None


@dataclass(frozen=True)
class Agreement:
    """One mode held against the first. ``parted`` is the first row where they chose differently,
    ``gap`` by how much the first one's choice led there. Logits are compared as long as what went
    in was the same: ``largest_difference``, and the ``scale`` of the logits.
    """

    label: str
    parted: int | None
    largest_difference: float
    scale: float
    gap: float | None = None

    @property
    def same(self) -> bool:
        """Whether all choices are the same, and no more than rounding is between the logits."""
        return self.parted is None and self.largest_difference <= ROUNDING * self.scale


@dataclass
class Usage:
    """All of it. ``texts`` are what went in; ``labels`` what a classifier can answer."""

    model: str
    task: Task
    texts: list[str]
    answers: list[Answer]
    labels: list[str] = field(default_factory=list)

    @property
    def done(self) -> list[Answer]:
        """The modes that answered."""
        return [answer for answer in self.answers if answer.choices]

    @property
    def agreements(self) -> list[Agreement]:
        """Every further mode against the first that answered."""
        return [compared(self.done[0], other, self.task) for other in self.done[1:]]

    @property
    def agree(self) -> bool:
        """Whether all modes that answered did so alike."""
        return all(one.same for one in self.agreements)

    def to_json(self) -> str:
        """One JSON object, without the logits."""
        answers = [
            {key: value for key, value in cattrs.unstructure(one).items() if key != "logits"}
            | {"per_second": one.per_second}
            for one in self.answers
        ]
        agreements = [cattrs.unstructure(one) | {"same": one.same} for one in self.agreements]
        whole: dict[str, Any] = cattrs.unstructure(self)
        return to_json({**whole, "answers": answers, "agreements": agreements, "agree": self.agree})


def compared(first: Answer, other: Answer, task: Task) -> Agreement:
    """How ``other`` agrees with ``first``. In a generated text, what stands behind the first
    different token had another input, and is not compared.
    """
    rows = range(min(len(first.choices), len(other.choices)))
    differing = [row for row in rows if first.choices[row] != other.choices[row]]
    parted = differing[0] if differing else None
    if parted is None and len(first.choices) != len(other.choices):
        parted = len(rows)
    last = parted + 1 if task == "generation" and parted is not None else len(rows)
    ours, theirs = (np.asarray(one.logits[:last], np.float64) for one in (first, other))
    count = min(len(ours), len(theirs))
    difference = float(np.max(np.abs(ours[:count] - theirs[:count]), initial=0.0))
    scale = float(np.max(np.abs(ours), initial=0.0))
    gap = _lead(first.logits[parted]) if parted is not None and parted < len(rows) else None
    return Agreement(other.mode.label, parted, difference, scale, gap)


def _lead(logits: Sequence[float] | Array) -> float:
    """How far the largest logit is above the second."""
    second, largest = np.sort(np.asarray(logits, np.float64))[-2:]
    return float(largest - second)
