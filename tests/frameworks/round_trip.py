"""A graph as a PyTorch module with weights, and back."""

from __future__ import annotations

import numpy as np
import torch
from originals import assert_same
from random_forms import BOUND
from torch import nn
from twins import draw, load

from isograd.frameworks.torch.emitter import emit
from isograd.ir.graph import Graph
from isograd.ir.imported import Imported

_KINDS = {"float": "float32", "int": "int64", "bool": "bool"}


def module_of(graph: Graph, seed: int = 0) -> nn.Module:
    """The emitted network with random weights."""
    torch.set_default_dtype(torch.float32)
    emitted = emit(graph)
    module: nn.Module = load(emitted)()
    weights, *_ = draw(graph, 3, seed)
    native = emitted.parameters.forward(weights)
    module.load_state_dict({name: torch.from_numpy(np.array(a)) for name, a in native.items()})
    return module


def inputs_of(graph: Graph) -> list[str]:
    """Its inputs, as a user writes them."""
    return [
        f"{name}={_KINDS[kind.dtype]}[{','.join(map(str, kind.shape))}]"
        + (f"<{BOUND}" if kind.dtype == "int" else "")
        for name, kind in graph.inputs.items()
    ]


def assert_round_trip(graph: Graph, seed: int = 0) -> Imported:
    """The emitted module is imported as a graph that computes the same."""
    return assert_same(module_of(graph, seed), *inputs_of(graph))
