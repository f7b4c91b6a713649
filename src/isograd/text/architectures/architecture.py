"""What is known of an architecture: how it is written, and how its checkpoints are laid out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from isograd.ir.graph import Graph
from isograd.text.config import Config

Task = Literal["generation", "masked", "classification", "features"]
"""What the output is: logits of the next token at each place, of the token that stands at each
place, of one class for the whole text; or hidden states."""


@dataclass(frozen=True)
class Architecture:
    """One class of a published model library.

    Attributes:
        name: the class, as ``architectures`` in ``config.json`` has it.
        model_type: its family, as ``model_type`` has it.
        task: what its output is.
        write: makes the graph. Its parameters bear the names of the checkpoint's tensors.
        longest: how many tokens a text may have.
        prefix: the module that holds the network without its head. Checkpoints of that part
            alone leave this off their names.
        transposed: a pattern for tensors that are stored as [in, out].
        unused: a pattern for tensors that a checkpoint may hold and this network does not use.
        copies: further names under which a checkpoint may hold a tied tensor again, to the name
            of the parameter. Such a copy must be equal.

    """

    name: str
    model_type: str
    task: Task
    write: Callable[[Config, str], Graph]
    longest: Callable[[Config], int]
    prefix: str
    transposed: re.Pattern[str] | None = None
    unused: re.Pattern[str] | None = None
    copies: tuple[tuple[str, str], ...] = ()

    def is_transposed(self, name: str) -> bool:
        """Whether a checkpoint stores this tensor the other way round."""
        return self.transposed is not None and bool(self.transposed.search(name))

    def is_unused(self, name: str) -> bool:
        """Whether this network has no use for a tensor that its checkpoints may hold."""
        return self.unused is not None and bool(self.unused.search(name))
