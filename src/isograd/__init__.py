"""isograd: one network in PyTorch and in TensorFlow, proven to be the same, measured fairly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from isograd.models import load
    from isograd.run.compare import compare
    from isograd.run.convert import convert
    from isograd.run.emit import emit
    from isograd.run.explain import explain
    from isograd.run.graph import graph
    from isograd.run.optimize import optimize
    from isograd.run.prove import prove
    from isograd.run.scale import scale
    from isograd.run.transfer import transfer
    from isograd.training import TrainSpec

_HOMES = {
    "load": "isograd.models",
    "prove": "isograd.run.prove",
    "compare": "isograd.run.compare",
    "convert": "isograd.run.convert",
    "emit": "isograd.run.emit",
    "explain": "isograd.run.explain",
    "graph": "isograd.run.graph",
    "optimize": "isograd.run.optimize",
    "scale": "isograd.run.scale",
    "transfer": "isograd.run.transfer",
    "TrainSpec": "isograd.training",
}

__all__ = [
    "TrainSpec",
    "compare",
    "convert",
    "emit",
    "explain",
    "graph",
    "load",
    "optimize",
    "prove",
    "scale",
    "transfer",
]


def __getattr__(name: str) -> Any:
    """Public names are imported when first used, so that ``import isograd`` is quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'isograd' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
