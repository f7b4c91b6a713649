"""What can be done to a network itself, by name: ``structured-50`` takes half of its channels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from isograd.errors import UsageError, unknown

Kind = Literal["dense", "folded", "unstructured", "gradual", "structured"]

ABOUT: dict[Kind, str] = {
    "dense": "as it is",
    "folded": "for inference: normalisations and constants folded into the layers, no dropout",
    "unstructured": "the smallest {percent}% of the weights are zero, then fine-tuned",
    "gradual": "the smallest {percent}% of the weights become zero little by little in training",
    "structured": "the weakest {percent}% of the channels are taken out, then fine-tuned",
}

USUAL = (
    "dense",
    "folded",
    "structured-25",
    "structured-50",
    "structured-75",
    "unstructured-80",
    "gradual-80",
)
"""What is looked at where nothing else is asked for; any other percentage has a name as well."""

_NAME = re.compile(r"(?P<kind>[a-z]+)(?:-(?P<percent>[0-9]+))?")


@dataclass(frozen=True)
class Treatment:
    """What is done to a network. ``amount`` is the fraction of weights or channels that go, 0 where
    none do."""

    name: str
    kind: Kind
    amount: float = 0.0

    @property
    def tuned(self) -> bool:
        """Whether the network is trained on afterwards."""
        return self.amount > 0

    @property
    def about(self) -> str:
        """One line about it."""
        return ABOUT[self.kind].format(percent=round(100 * self.amount))


def treatment(name: str) -> Treatment:
    """What ``name`` stands for. Raises `UsageError`, with the nearest name, where it is none."""
    match = _NAME.fullmatch(name)
    kind = next((kind for kind in ABOUT if match and match["kind"] == kind), None)
    if kind is None or match is None:
        raise unknown("variant", name, USUAL)
    takes = kind not in ("dense", "folded")
    percent = int(match["percent"] or 0)
    if takes != (match["percent"] is not None) or (takes and not 0 < percent < 100):
        raise UsageError(
            f"The variant {name!r} says no percentage between 1 and 99."
            if takes
            else f"The variant {kind!r} takes no percentage.",
            hint=f"Write for example {', '.join(USUAL)}.",
        )
    return Treatment(name, kind, percent / 100)
