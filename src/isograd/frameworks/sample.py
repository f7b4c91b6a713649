"""Shapes and kinds of the random examples in an emitted training script."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isograd.frameworks.protocol import Emitted
from isograd.frameworks.side import concrete
from isograd.ir.graph import Graph
from isograd.ir.ops import Embedding
from isograd.ir.ops.base import DType, TensorType
from isograd.training import Recipe

ROWS = 64
"""Examples in the script."""


@dataclass(frozen=True)
class Sample:
    """One input or target: its native shape without the batch axis; whole numbers are below
    ``below``."""

    shape: tuple[int, ...]
    dtype: DType
    below: int = 2


def samples(graph: Graph, emitted: Emitted) -> list[Sample]:
    """The inputs."""
    tables = {
        node.inputs[0]: node.op.num_embeddings
        for node in graph.nodes
        if isinstance(node.op, Embedding)
    }
    return [
        Sample(_shape(graph, emitted, name, kind), kind.dtype, tables.get(name, 2))
        for name, kind in graph.inputs.items()
    ]


def targets(graph: Graph, emitted: Emitted, recipe: Recipe) -> list[Sample]:
    """What each output is held against."""
    found = []
    for name in graph.outputs:
        kind = graph.type_of(name)
        shape = _shape(graph, emitted, name, kind)
        if recipe.loss.integer_targets:
            found.append(Sample(shape[:-1], "int", shape[-1]))
        else:
            found.append(Sample(shape, "float"))
    return found


def _shape(graph: Graph, emitted: Emitted, name: str, kind: TensorType) -> tuple[int, ...]:
    logical = np.empty(concrete(kind, graph.sizes(1)), np.int8)
    return emitted.values[name](logical).shape[1:]
