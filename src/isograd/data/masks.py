"""Dropout masks that every framework can be handed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from isograd.ir.graph import Graph
from isograd.ir.mapping import Array, Arrays
from isograd.ir.ops import Dropout
from isograd.ir.sizes import evaluate


def dropout_masks(graph: Graph, batch_size: int, seed: int) -> Arrays:
    """A mask for each `Dropout` node, in logical layout: 0, or 1 / (1 - p) where a value is kept.
    Its size is 1 along the axes that share a draw.

    Symbolic sizes are those of `isograd.ir.graph.Graph.sizes`.
    """
    generator = np.random.default_rng(seed)
    sizes = graph.sizes(batch_size)
    masks: Arrays = {}
    for node in graph.nodes:
        if isinstance(node.op, Dropout):
            shape = tuple(evaluate(size, sizes) for size in node.op.mask_shape(node.type.shape))
            kept = np.asarray(generator.random(shape) >= node.op.p)
            masks[node.name] = np.asarray(kept / (1.0 - node.op.p))
    return masks


def masks_like(graph: Graph, batch_size: int, given: Mapping[str, Array]) -> Arrays:
    """Masks that leave out what the ``given`` ones do, at the graph's own rates; of other shapes,
    and where none is given, the graph's own draws."""
    masks = dropout_masks(graph, batch_size, 0)
    for node in graph.nodes:
        if not isinstance(node.op, Dropout) or node.name not in given:
            continue
        mask = given[node.name]
        if mask.shape == masks[node.name].shape:
            masks[node.name] = np.asarray((mask != 0) / (1.0 - node.op.p))
    return masks
