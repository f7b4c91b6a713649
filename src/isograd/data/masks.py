"""Dropout masks that every framework can be handed."""

from __future__ import annotations

import numpy as np

from isograd.ir.graph import Graph
from isograd.ir.mapping import Arrays
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
