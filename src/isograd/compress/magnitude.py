"""Unstructured pruning: masks that leave out the smallest weights."""

from __future__ import annotations

from math import floor
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from isograd.ir import ops
from isograd.ir.graph import Graph, Weights

Masks = dict[str, NDArray[np.bool_]]
"""Parameter name to what stays of it; parameters that are not named stay as they are."""

Scope = Literal["global", "layer"]

_SPARED = (ops.BatchNorm, ops.LayerNorm, ops.GroupNorm, ops.RMSNorm, ops.PReLU, ops.Parameter)
"""Ops whose parameters are no weights of connections."""


def prunable(graph: Graph) -> tuple[str, ...]:
    """The weights of connections: trained, of two axes or more; no biases, norms, or tensors by
    themselves such as positions."""
    spared = {
        name
        for node in graph.nodes
        if isinstance(node.op, _SPARED)
        for name in node.parameters.values()
    }
    return tuple(
        name
        for name in graph.trainable
        if len(graph.parameters[name].shape) > 1 and name not in spared
    )


def masks(graph: Graph, weights: Weights, amount: float, scope: Scope = "global") -> Masks:
    """What stays where the fraction ``amount`` (at least 0, at most 1) of the weights with the
    smallest magnitudes goes, rounded down: of all of them together, or of each ``layer``.

    Source: Han et al., NeurIPS 2015 (arXiv 1506.02626). Of weights that are equal, the first go.
    """
    if not 0 <= amount <= 1:
        raise ValueError(f"the amount must be between 0 and 1, got {amount}")
    names = prunable(graph)
    sets = [names] if scope == "global" else [(name,) for name in names]
    found: Masks = {}
    for together in sets:
        found |= _smallest_out({name: np.abs(weights[name]) for name in together}, amount)
    return found


def _smallest_out(magnitudes: Weights, amount: float) -> Masks:
    if not magnitudes:
        return {}
    flat = np.concatenate([array.ravel() for array in magnitudes.values()])
    stays = np.ones(len(flat), np.bool_)
    stays[np.argsort(flat, kind="stable")[: floor(amount * len(flat) + 1e-9)]] = False
    ends = np.cumsum([array.size for array in magnitudes.values()])[:-1]
    return {
        name: part.reshape(array.shape)
        for (name, array), part in zip(magnitudes.items(), np.split(stays, ends), strict=True)
    }


def apply(weights: Weights, masks: Masks) -> Weights:
    """Weights with zeros where the masks leave something out."""
    return {
        name: array * masks[name].astype(array.dtype) if name in masks else array
        for name, array in weights.items()
    }


def left(graph: Graph, masks: Masks) -> int:
    """How many trained numbers stay."""
    gone = sum(int((~mask).sum()) for mask in masks.values())
    return graph.count_parameters() - gone
