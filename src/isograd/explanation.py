"""What `isograd prove REFERENCE TWIN` found: one typed record, written as versioned JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import cattrs

from isograd.result import (
    Cause,
    Curve,
    Location,
    Saved,
    Spot,
    Stage,
    Verdict,
    to_json,
)

SCHEMA = "isograd/explanation/1"

NOT_MEASURED = "not measured at a fixed batch"
"""Why a cause has no effect to show: it says how a training goes on."""

NOT_SEEN = "no effect where it was looked at"
"""Why another one has none: it may have one elsewhere."""

Kind = Literal["same", "folded", "differs", "rewritten", "reference only", "twin only"]


@dataclass
class AlignedRow:
    """One line of both graphs side by side.

    ``kind`` is ``same``; ``differs``: the op corresponds, but something about it differs;
    ``rewritten``: an op in a region that each side makes in its own way; ``reference only`` or
    ``twin only``; or ``folded``: an op that changes nothing by itself, as it only moves elements or
    is read as part of another one. ``detail`` says what differs, and ``attributes`` which
    attributes do, with the reference's value and the twin's. ``module`` holds the paths of both
    sides' modules around it. ``ambiguous`` marks ops whose parameters structure cannot tell apart.
    ``ratio`` is the deviation of the value in multiples of the rounding envelope, where it is
    known.
    """

    kind: Kind
    reference: Spot | None
    twin: Spot | None
    module: tuple[str, str] = ("", "")
    detail: str = ""
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    ambiguous: bool = False
    ratio: float | None = None

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing to see here."""
        return self.kind in ("same", "folded") and not self.ambiguous


@dataclass
class Training:
    """Trainings of one network, one curve for each seed. ``name`` is what it is called beside the
    others: ``reference``, ``twin``, ``twin, mended``; ``framework`` is that of the side that it
    stands for."""

    name: str
    framework: str
    curves: list[Curve]


@dataclass
class Explanation(Saved):
    """What was found about two implementations.

    ``frameworks`` are the reference's and the twin's. ``stages`` are those of the two networks as
    their owners wrote them. ``location`` is where they first part; None where nobody looked.
    ``causes`` come in the order of their effect; ``harmless`` differences change nothing; what
    ``unclear`` ones change cannot be told from rounding. ``ambiguous`` are groups of parameters,
    the reference's and the twin's, that structure cannot tell apart. ``rest`` says what could not
    be explained; it is empty where all is. ``rows`` are both graphs side by side. ``training`` is
    there where both were trained.
    """

    reference: str
    twin: str
    verdict: Verdict
    parameters: int
    stages: list[Stage]
    frameworks: tuple[str, str] = ("", "")
    location: Location | None = None
    causes: list[Cause] = field(default_factory=list)
    harmless: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    ambiguous: list[tuple[list[str], list[str]]] = field(default_factory=list)
    rest: str = ""
    rows: list[AlignedRow] = field(default_factory=list)
    training: list[Training] = field(default_factory=list)
    schema: str = SCHEMA

    @property
    def accepted(self) -> list[str]:
        """The causes that the user accepted."""
        return [cause.id for cause in self.causes if cause.accepted]

    def to_json(self) -> str:
        """One JSON object; numbers that are not finite become null. ``first_divergence`` is the
        first of ``location``, or null."""
        whole = cattrs.unstructure(self)
        places = whole["location"]["divergences"] if self.location else []
        return to_json({**whole, "first_divergence": places[0] if places else None})
