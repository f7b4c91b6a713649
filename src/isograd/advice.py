"""What `isograd advise` says: one typed record, written as versioned JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from isograd.result import Saved

SCHEMA = "isograd/advice/1"

Kind = Literal["measured", "looked up", "yours"]
"""Where a reason comes from: this machine, the dated table of facts, or the user's own answers."""


@dataclass
class Reason:
    """``points`` are what it adds to an option, 0 for the best in this respect; ``source`` is the
    result's path or the fact's address. Of a measurement, ``figure`` tells which one it is,
    ``weight`` is what a factor of two in it is worth, and ``spread`` the standard deviation of the
    points that its interval stands for."""

    respect: str
    kind: Kind
    points: float
    words: str
    source: str = ""
    figure: str = ""
    weight: float = 0.0
    spread: float = 0.0


@dataclass
class Ranked:
    """One way to do it: the framework and mode to train in, and the form to ship with its
    framework, empty where nothing is shipped or no form was measured."""

    framework: str
    mode: str
    form: str
    points: float
    reasons: list[Reason] = field(default_factory=list)

    @property
    def id(self) -> str:
        """``torch/compile, dense/torch/onnx``."""
        return ", ".join(filter(None, (f"{self.framework}/{self.mode}", self.form)))

    @property
    def form_framework(self) -> str:
        """Who builds the form."""
        return self.form.split("/")[1] if self.form else self.framework


@dataclass
class Out:
    """What is not an option, and why."""

    what: str
    why: str
    source: str = ""


@dataclass
class Change:
    """What would put another option first, whose id is ``leader``: another answer of the user's
    (``kind`` is ``yours``; without a leader, no option would be left), or another measurement of
    that option, so many times as good."""

    kind: Kind
    what: str
    leader: str


@dataclass
class Advice(Saved):
    """The ranked list, the best first. ``sure`` is how often the first one stays the first when
    every figure moves within its interval. ``frameworks_apart`` is how many points lie between the
    best options of two frameworks, None where there is one framework; ``same`` says that this does
    not matter here, ``open`` that it is small for want of measurements."""

    command: str
    created: str
    model: str
    profile: dict[str, Any]
    weights: dict[str, float]
    versions: dict[str, str]
    schema: str = SCHEMA
    ranked: list[Ranked] = field(default_factory=list)
    out: list[Out] = field(default_factory=list)
    sure: float | None = None
    frameworks_apart: float | None = None
    same: bool = False
    open: bool = False
    changes: list[Change] = field(default_factory=list)
    cautions: list[str] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """What the process ends with: 0, 5 where nothing can be recommended or told apart."""
        return 5 if self.open or not self.ranked else 0
