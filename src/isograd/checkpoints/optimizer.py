"""How a checkpoint names an optimizer's state: ``optimizer/step``, and ``optimizer/SLOT/PARAMETER``
with the slots of `isograd.training.optimizers` (``optimizer/moment_1/fc1.weight``).

The values are the definition's, so that they mean the same in every framework.
"""

from __future__ import annotations

from collections.abc import Iterable

from isograd.ir.mapping_document import OPTIMIZER

STEP = f"{OPTIMIZER}step"
"""How many steps the optimizer has made: a scalar."""


def join(slot: str, parameter: str) -> str:
    """The name of one parameter's slot."""
    return f"{OPTIMIZER}{slot}/{parameter}"


def split(name: str) -> tuple[str, str]:
    """Slot and parameter of a name that `join` made."""
    slot, _, parameter = name.removeprefix(OPTIMIZER).partition("/")
    return slot, parameter


def slots_in(names: Iterable[str]) -> list[str]:
    """Those of ``names`` that are a parameter's slot."""
    return [name for name in names if name.startswith(OPTIMIZER) and split(name)[1]]


def belongs_to(name: str) -> str:
    """The parameter that a slot is for; of any other tensor, its own name."""
    return split(name)[1] if name.startswith(OPTIMIZER) and split(name)[1] else name
