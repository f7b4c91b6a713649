"""Published architectures, written in the graph's builder: one file for each family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isograd.errors import UsageError
from isograd.ir.graph import Graph
from isograd.ir.ops import ShapeError
from isograd.text.architectures import bert, distilbert, gpt2, llama, roberta
from isograd.text.architectures.architecture import Architecture, Task
from isograd.text.config import Config

FAMILIES = (gpt2, bert, roberta, distilbert, llama)

KNOWN: Mapping[str, Architecture] = {
    one.name: one for family in FAMILIES for one in family.ARCHITECTURES
}
"""Class, as ``config.json`` names it, to architecture; of each family, the usual one first."""


def architecture_of(config: Config) -> Architecture:
    """The architecture that a ``config.json`` names; the usual one of its family where it names
    none. Raises `UsageError`, with all that are known, for another.
    """
    family = config.text("model_type")
    known = {name: one for name, one in KNOWN.items() if one.model_type == family}
    if not known:
        raise config.unknown("model_type", family, {one.model_type: one for one in KNOWN.values()})
    named = config.values.get("architectures") or [next(iter(known))]
    if not isinstance(named, list) or not isinstance(named[0], str):
        raise config.refused("architectures", "a list of names")
    if named[0] not in known:
        raise config.unknown(f"architecture of {family}", named[0], known)
    return known[named[0]]


def build(config: Mapping[str, Any], where: str = "config.json") -> Graph:
    """The network that a ``config.json`` describes.

    Its inputs are whole numbers [N, T], both sizes open: ``input_ids``, and for an encoder
    ``attention_mask`` (0 for padding) and ``token_type_ids``. Its parameters bear the names that
    checkpoints have, and start as the family's own do. ``where`` names the file in errors.

    Raises `UsageError` for an architecture that is not known, and for values that it cannot have.
    """
    read = Config(config, where)
    architecture = architecture_of(read)
    try:
        return architecture.write(read, architecture.name)
    except (ShapeError, ValueError) as error:
        raise UsageError(f"These sizes do not fit together: {error}.", where=where) from None


__all__ = ["KNOWN", "Architecture", "Task", "architecture_of", "build"]
