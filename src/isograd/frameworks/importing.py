"""From a user's network to a graph, whichever framework it is written in."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from isograd.errors import UsageError
from isograd.frameworks import part
from isograd.frameworks.protocol import Original
from isograd.ir.imported import Imported
from isograd.ir.inputs import InputSpec
from isograd.references import Kind, Reference, load_object

HOMES: dict[Kind, str] = {
    "pt2": "torch",
    "onnx": "torch",
    "keras": "tensorflow",
    "savedmodel": "tensorflow",
}
"""Kinds of file that belong to one framework."""

_BASES = {"torch.nn.modules.module": "torch", "keras.src.models.model": "tensorflow"}
"""Module that defines the base class of networks to framework."""


def framework_of(network: object) -> str | None:
    """The framework that an object is a network of; nothing is imported to find out."""
    bases = (base.__module__ for base in type(network).__mro__)
    return next((_BASES[name] for name in bases if name in _BASES), None)


def import_network(
    network: Reference | object, inputs: Sequence[InputSpec] = (), *, trust: bool = False
) -> tuple[Original | None, Imported]:
    """The network as it is, and as a graph. A stored program (``.pt2``) is a graph only: it has one
    mode, so that it cannot be trained and evaluated as it is.

    Raises `UsageError` when it is none of a known framework, and whatever its importer cannot do.
    """
    reference = network if isinstance(network, Reference) else None
    made = made_by(reference) if reference and reference.kind == "python" else network
    framework = HOMES[reference.kind] if reference and reference.kind in HOMES else None
    framework = framework or framework_of(made)
    if framework is None:
        raise UsageError(
            f"This is of type {type(made).__name__}, neither an nn.Module nor a keras.Model.",
            where=reference.text if reference else None,
            hint="Name a network, or a class or function that makes one.",
        )
    if made is reference:
        made = part(framework, "original").resolve(reference, trust=trust)
    named = {spec.name: spec for spec in inputs}
    imported: Imported = part(framework, "importer").import_live(made, named)
    if reference and reference.kind == "pt2":
        return None, imported
    return Original(framework, network, imported.inputs, trust), imported


def made_by(reference: Reference) -> Any:
    """The object that a Python reference names. Keras networks keep no line of their owner's, so
    that lines are noted while one is made.
    """
    path = Path(reference.path)
    text = path.read_text(errors="ignore") if path.is_file() else ""
    noted = "keras" in sys.modules or "keras" in text
    with part("tensorflow", "origins").noted() if noted else nullcontext():
        return load_object(reference)
