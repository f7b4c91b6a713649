"""The graph of a function before any number has been computed: what is there to see?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from isograd.probes.watching import attempt

META = torch.empty(2, 3, device="meta")
"""A tensor that has a shape, and no numbers."""


def function(x: Tensor) -> Tensor:
    return torch.relu(x * 2).sum()


def of_python(mode: Any) -> list[str]:
    run = mode.run(function, META)
    return [] if run is function else [str(run)]


def of_trace(mode: Any) -> list[str]:
    return [node.kind() for node in mode.run(function, META).graph.nodes()]


def of_compiler(mode: Any) -> list[str]:
    graphs: list[Any] = []

    def backend(graph: Any, examples: Any) -> Callable[..., Any]:
        graphs.append(graph)
        return graph.forward

    torch.compile(function, backend=backend)(META)
    nodes = [node for graph in graphs for node in graph.graph.nodes]
    return [getattr(node.target, "__name__", str(node.target)) for node in nodes]


LOOKS = {
    "eager": ("the function itself", of_python),
    "jit": ("a trace made with a tensor on the meta device", of_trace),
    "compile": ("a backend that keeps the graph, called with a meta tensor", of_compiler),
}


def observe(mode: Any) -> dict[str, Any]:
    how, look = LOOKS[mode.name]
    return {"how": how, "operations": attempt(look, mode)}
