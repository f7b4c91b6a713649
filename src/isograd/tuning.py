"""What `isograd pretrain` and `isograd finetune` found: one typed record, as versioned JSON.

Times are seconds (``_s``); a field is None when it was not measured.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from isograd.result import EXIT_CODES, Comparison, Mode, NoiseFloor, Saved, Verdict, absent

SCHEMA = "isograd/tuning/1"

Kind = Literal["pretraining", "fine-tuning"]


@dataclass
class Training:
    """One training of one mode: the loss of each step, and the quality after each epoch (accuracy,
    or minus the mean loss on held-out text, so that more is better). ``disturbed`` numbers the
    trainings of the reference whose start was moved by one unit in the last place."""

    mode: str
    seed: int
    disturbed: int | None = None
    loss: list[float] = field(default_factory=list)
    quality: list[float] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class Course:
    """How one mode's trainings went beside the reference's, step by step.

    Of the seed that came closest to its limit: ``deviation`` is the distance of the losses,
    ``envelope`` how far rounding alone has moved them up to there. ``ratio`` is one over the other,
    ``at`` the step (from 1) where that is largest. ``apart`` is the difference in quality at the
    end, and ``spread`` what it is held against: what seeds differ by, or what rounding does.
    """

    mode: str
    deviation: list[float]
    envelope: list[float]
    ratio: float
    at: int
    verdict: Verdict
    apart: float
    spread: float
    quality_verdict: Verdict


@dataclass
class Method:
    """One way to train, in all modes. ``parameters`` are all there are, ``trained`` those that
    move; ``state`` are the numbers that the optimizer keeps. ``merged`` is how far outputs move, of
    the largest, when adapters are merged into the weights: by mode, in float64."""

    name: str
    about: str
    parameters: int
    trained: int
    state: int
    modes: list[Mode] = field(default_factory=list)
    trainings: list[Training] = field(default_factory=list)
    courses: list[Course] = field(default_factory=list)
    merged: dict[str, float] = field(default_factory=dict)
    declared: list[str] = field(default_factory=list)

    def of(self, mode: str, disturbed: int | None = None) -> list[Training]:
        """A mode's trainings, one for each seed; or those from a disturbed start."""
        return [t for t in self.trainings if t.mode == mode and t.disturbed == disturbed]

    @property
    def disturbed(self) -> list[Training]:
        """The reference's trainings from disturbed starts."""
        return [one for one in self.trainings if one.disturbed is not None]


@dataclass
class Sample:
    """Text that the trained network wrote, or filled in, in one mode."""

    mode: str
    prompt: str
    text: str


@dataclass
class Tuning(Saved):
    """Everything, in the order in which it is found. ``comparisons`` are of step times, measured in
    turns; an arm is called ``method mode``. ``chance`` is the quality of who has learned nothing.
    """

    kind: Kind
    command: str
    created: str
    model: dict[str, Any]
    data: dict[str, Any]
    training: dict[str, Any]
    environment: dict[str, Any]
    schema: str = SCHEMA
    status: Literal["complete", "partial"] = "partial"
    reason: str = ""
    verdict: Verdict | None = None
    reference: str = ""
    methods: list[Method] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    noise_floor: NoiseFloor | None = None
    chance: float | None = None
    step_us: dict[str, float] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    duration_s: float = 0.0

    def method(self, name: str) -> Method:
        """The method of this name. Raises `KeyError` if there is none."""
        for method in self.methods:
            if method.name == name:
                return method
        raise KeyError(name)

    @property
    def exit_code(self) -> int:
        """What the process ends with: the verdict's, 3 nothing installed, 4 a worker failed."""
        states = {mode.status for method in self.methods for mode in method.modes}
        if absent(states):
            return 3
        failed = states - {"ok", "not installed", "not reached", "unsupported"}
        if failed or self.status == "partial":
            return 4
        return EXIT_CODES[self.verdict] if self.verdict else 0
