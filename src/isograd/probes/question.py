"""What a probe asks, and what an answer to it is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["yes", "partly", "no"]

Observed = dict[str, Any]
"""What a snippet saw when it ran: plain values, as JSON has them."""

Finding = tuple[Verdict, str]
"""An answer, and the evidence for it in one or two sentences, with the observed values."""


LIMIT_S = 600.0
"""How long a process may take: one that hangs is meant, not one on a machine that is busy."""


@dataclass(frozen=True)
class Question:
    """``name`` is also the name of the snippets (with underscores); ``title`` is what is asked in a
    few words, ``about`` what is run, and what counts as yes, partly and no. ``judge`` is the rule.

    With ``processes`` above one, a snippet runs in so many processes, one after the other, and the
    rule is given ``{"runs": [...]}``."""

    name: str
    title: str
    about: str
    judge: Callable[[Observed], Finding]
    processes: int = 1

    @property
    def module(self) -> str:
        """The name of the snippets' modules."""
        return self.name.replace("-", "_")
