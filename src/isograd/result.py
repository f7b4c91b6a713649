"""What a run of `compare` found: one typed record, written as versioned JSON.

Times are microseconds (``_us``), seconds (``_s``), memory is MiB (``_mb``). A field is None when
it could not be measured; the reason is then in ``reason`` of the mode it belongs to.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import cattrs

from isograd.errors import UsageError
from isograd.waiting import Fed, Feed

SCHEMA = "isograd/result/1"

Record = TypeVar("Record")

Verdict = Literal["equivalent", "different", "inconclusive", "unsupported"]
"""Of a proof: see the glossary in the documentation."""

EXIT_CODES: dict[Verdict, int] = {
    "equivalent": 0,
    "different": 1,
    "unsupported": 2,
    "inconclusive": 5,
}
"""What a process ends with that was asked for a verdict."""

SpeedVerdict = Literal[
    "faster", "slower", "no measurable difference", "inconclusive", "could not run"
]


SAME = 64.0
"""Up to this multiple of the envelope, two float64 results are the same function. The disturbance
stands for one rounding of each input and parameter; an implementation also rounds inside, where a
sum over a batch of images adds some ten thousand terms in an order of its own."""

WITHIN = 4.0
"""A curve agrees when it stays within this multiple of the envelope: the disturbance happens once,
at the start, while two implementations round differently in every step."""


class Saved:
    """A record that is kept as versioned JSON; ``schema`` names its kind and version."""

    schema: str

    def to_json(self) -> str:
        """Indented JSON; numbers that are not finite become null."""
        return to_json(cattrs.unstructure(self))

    @classmethod
    def from_json(cls, text: str, where: str = "result") -> Self:
        """The inverse of `to_json`. Raises `UsageError` when the text is none of this schema."""
        return from_json(cls, text, cls.schema, where)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads a file. Raises `UsageError` when it is missing or none of this schema."""
        return cls.from_json(read_text(path), str(path))


@dataclass
class Stage:
    """One stage of a proof. ``max_abs`` and ``max_rel`` are the largest float64 deviation, absolute
    and relative to the tensor's scale; ``envelope`` is the measured rounding envelope of the tensor
    named in ``worst``; ``ratio`` is deviation over envelope there. ``detail`` is one sentence."""

    name: str
    verdict: Verdict
    max_abs: float
    max_rel: float
    envelope: float
    ratio: float
    worst: str
    detail: str = ""


@dataclass
class Proof:
    """All stages for one mode, the worst verdict first in ``verdict``."""

    verdict: Verdict
    stages: list[Stage]
    parameters: int


@dataclass
class Place:
    """Where two networks part, on one side: the user's ``file:line``, the name of the value in that
    side's graph, and the first few numbers from the worst coordinate ``index`` on."""

    source: str | None
    node: str
    index: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)


@dataclass
class FirstDivergence:
    """A value that differs though all that it is made from agrees.

    ``node`` is the reference's node at fault (or ``loss``), ``tensor`` what differs there: the
    node's value, a running statistic, a gradient, a parameter after a step. ``along`` holds the
    error in multiples of the envelope along the depth: depth, the reference's node, ratio.
    """

    stage: str
    node: str
    tensor: str
    reference: Place
    twin: Place
    ratio: float
    max_abs: float
    envelope: float
    along: list[tuple[int, str, float]] = field(default_factory=list)
    detail: str = ""


@dataclass
class Location:
    """Where two networks first part. ``stage`` is the first in which they do not agree; of several
    parallel places each is listed, in the order of the computation. Without any, ``verdict`` is
    ``equivalent``, or ``inconclusive`` for the reason in ``detail``."""

    verdict: Verdict
    stage: str = ""
    divergences: list[FirstDivergence] = field(default_factory=list)
    detail: str = ""


@dataclass
class Interval:
    """A typical value with its 95 % confidence interval; see `isograd.measure.stats`."""

    median: float
    low: float
    high: float


@dataclass
class Curve:
    """One training: values after each epoch; ``seconds`` is training time so far, evaluation and
    first call left out."""

    seed: int
    loss: list[float]
    quality: list[float]
    seconds: list[float]


@dataclass
class Mode:
    """One framework in one execution mode.

    ``status`` is ``ok``, ``not installed``, ``unsupported``, ``failed``, ``crashed``,
    ``out of memory``, ``timed out`` or ``not reached`` (interrupted before). ``samples`` are step
    times in microseconds, one list per round. ``break_even_steps`` is after how many training steps
    the first call has paid for itself against the same framework's eager mode; None if never.
    ``page_faults`` are the pages that a step takes from the system.
    """

    framework: str
    mode: str
    status: str = "not reached"
    reason: str = ""
    verdict: Verdict | None = None
    speed: SpeedVerdict | None = None
    proof: Proof | None = None
    step_us: Interval | None = None
    first_call_s: float | None = None
    import_s: float | None = None
    build_s: float | None = None
    peak_memory_mb: float | None = None
    page_faults: float | None = None
    accuracy: float | None = None
    time_to_target_s: float | None = None
    break_even_steps: int | None = None
    compilations: int | None = None
    samples: list[list[float]] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)

    @property
    def label(self) -> str:
        """``torch/compile``."""
        return f"{self.framework}/{self.mode}"


@dataclass
class Comparison:
    """``ratio`` is the step time of ``a`` over that of ``b``, with its interval; ``verdict`` is of
    ``a``: faster, slower, ..."""

    a: str
    b: str
    ratio: float
    low: float
    high: float
    verdict: SpeedVerdict


@dataclass
class NoiseFloor:
    """What two identical workers differ by: the largest deviation from 1 of the A/A ratio's
    interval, as a fraction (0.02 is two per cent), and each pair."""

    fraction: float
    pairs: list[Comparison]


@dataclass
class Check:
    """One condition of the fairness gate."""

    name: str
    passed: bool
    detail: str


@dataclass
class Agreement:
    """How far a mode's training curve is from the reference's, against the measured envelope
    (reference trained from disturbed starts) and against the spread over seeds."""

    mode: str
    deviation: float
    envelope: float
    seed_spread: float
    verdict: Verdict


@dataclass
class DerivativeRow:
    """One coordinate of the gradient of the loss: the analytic value, each framework's automatic
    differentiation, and a central finite difference, all in float64."""

    tensor: str
    index: list[int]
    analytic: float | None
    automatic: dict[str, float]
    finite_difference: float


@dataclass
class Effect:
    """What a cause does: the first stage that differs, the largest deviation there in multiples of
    the rounding envelope (``ratio``) and relative to scale (``max_rel``); ``reason`` says why the
    network could not be run at all."""

    verdict: Verdict
    stage: str = ""
    ratio: float = 0.0
    max_rel: float = 0.0
    reason: str = ""


@dataclass
class Spot:
    """An op of one side as its owner knows it: what it does, the name of the value that it makes,
    the module path (``scope``) and the user's ``file:line``."""

    op: str
    node: str
    scope: str = ""
    source: str | None = None


@dataclass
class Cause:
    """Why two implementations differ. ``node`` is the first place, in words; ``places`` are all of
    them, each the reference's and the twin's, None where one side has nothing there. ``reference``
    and ``twin`` say what is found there. ``before`` is the effect with this one difference in the
    twin and all others mended, ``after`` with this one mended, too. ``id`` is ``unknown`` where the
    catalogue does not know it."""

    id: str
    summary: str
    node: str
    places: list[tuple[Spot | None, Spot | None]]
    reference: str
    twin: str
    before: Effect
    after: Effect
    fix: dict[str, str]
    source: str = ""
    accepted: bool = False


@dataclass
class Result(Saved):
    """Everything, in the order in which it is found. ``feeds`` are pipelines of the user's own, and
    ``fed`` is what each mode shows in a loop that its framework's pipeline feeds."""

    command: str
    created: str
    model: dict[str, Any]
    data: dict[str, Any]
    training: dict[str, Any]
    policy: dict[str, Any]
    environment: dict[str, Any]
    reference: str
    schema: str = SCHEMA
    status: Literal["complete", "partial"] = "partial"
    reason: str = ""
    verdict: Verdict | None = None
    modes: list[Mode] = field(default_factory=list)
    noise_floor: NoiseFloor | None = None
    comparisons: list[Comparison] = field(default_factory=list)
    fairness: list[Check] = field(default_factory=list)
    agreement: list[Agreement] = field(default_factory=list)
    derivatives: list[DerivativeRow] = field(default_factory=list)
    feeds: list[Feed] = field(default_factory=list)
    fed: list[Fed] = field(default_factory=list)
    declared: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    duration_s: float = 0.0

    def mode(self, label: str) -> Mode:
        """The mode with this label. Raises `KeyError` if there is none."""
        for mode in self.modes:
            if mode.label == label:
                return mode
        raise KeyError(label)

    @property
    def exit_code(self) -> int:
        """What the process ends with: the verdict's, 3 nothing installed, 4 a worker failed."""
        states = {mode.status for mode in self.modes}
        if absent(states):
            return 3
        if (
            states - {"ok", "not installed", "not reached", "unsupported"}
            or self.status == "partial"
        ):
            return 4
        return EXIT_CODES[self.verdict] if self.verdict else 0


def absent(states: Collection[str]) -> bool:
    """Whether nothing of what was wanted is installed, by the status of each."""
    return bool(states) and set(states) <= {"not installed"}


def read_text(path: Path) -> str:
    """A file that isograd wrote. Raises `UsageError` when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Cannot read the result: {error}.", where=str(path)) from None


def schema_of(text: str, where: str) -> str:
    """Which record some JSON holds. Raises `UsageError` when it is none of isograd's."""
    try:
        return str(json.loads(text)["schema"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise UsageError("This is not an isograd result.", where=where) from None


def from_json(kind: type[Record], text: str, schema: str, where: str) -> Record:
    """A record that `to_json` wrote. Raises `UsageError` when the text is none of this schema."""
    found = schema_of(text, where)
    if found != schema:
        raise UsageError(
            f"This result has the schema {found!r}; this version reads {schema!r}.", where=where
        )
    try:
        return _converter().structure(json.loads(text), kind)
    except Exception as error:
        raise UsageError("This result is damaged.", where=where, hint=str(error)) from None


def to_json(value: Any) -> str:
    """Indented JSON of plain values; numbers that are not finite become null."""
    return json.dumps(_finite(value), indent=1)


def _converter() -> cattrs.Converter:
    """Reads null as not-a-number where a number must be: what `to_json` made of it."""
    converter = cattrs.Converter()
    converter.register_structure_hook(float, lambda raw, _: math.nan if raw is None else float(raw))
    return converter


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float) and value - value != 0.0:
        return None
    return value
