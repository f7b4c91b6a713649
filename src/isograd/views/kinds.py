"""Kinds of operations that compute nothing, by what they are there for.

Names are the frameworks' own, without the overload (``aten.view``).
"""

from __future__ import annotations

import re

COPIES = {
    "aten._to_copy", "aten.clone", "aten.contiguous", "aten.copy_", "Transpose", "copy",
    "transpose",
}  # fmt: skip
"""They move values to other places, or into another order."""

DESCRIPTIONS = {
    "aten._reshape_alias", "aten._unsafe_view", "aten.as_strided", "aten.expand", "aten.flatten",
    "aten.permute", "aten.reshape", "aten.select", "aten.slice", "aten.split",
    "aten.split_with_sizes", "aten.squeeze", "aten.t", "aten.transpose", "aten.unbind",
    "aten.unflatten", "aten.unsqueeze", "aten.view", "ExpandDims", "Reshape", "Squeeze", "bitcast",
    "get-tuple-element", "reshape",
}  # fmt: skip
"""They describe the same memory otherwise."""

IDENTITIES = {
    "aten.alias", "aten.detach", "aten.lift_fresh_copy", "Identity", "IdentityN", "NoOp",
    "PreventGradient", "Snapshot", "StopGradient",
}  # fmt: skip
"""They hand on what they get."""

CONVERSIONS = {"Cast", "convert", "prims.convert_element_type"}
"""They change the type of numbers."""

GENERATORS = {
    "aten.arange", "aten.full", "aten.ones", "aten.scalar_tensor", "aten.zeros", "iota",
}  # fmt: skip
"""They make a value from nothing but their settings."""

SIZES = {"BroadcastGradientArgs", "Rank", "Shape", "ShapeN", "Size"}
"""They say how large a value is, which is known before it is there."""

HOLDERS = {"_Retval", "get-tuple-element", "output", "tuple"}
"""They hold a graph's results, or one of several."""

CONSTANTS = {"const", "constant"}
"""They hold one."""

RANDOM = re.compile("random|rng|dropout|bernoulli|uniform|normal_", re.IGNORECASE)
"""Those that draw: equal ones make different values."""


def short(kind: str) -> str:
    """Without its overload: ``aten.view.default`` is ``aten.view``."""
    return ".".join(kind.split(".")[:2])
