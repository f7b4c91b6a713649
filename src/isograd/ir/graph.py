"""The graph IR: one network as a typed DAG, in topological order, free of any framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isograd.ir.ops.base import Op, ParameterSpec, TensorType
from isograd.ir.sizes import symbols

Weights = dict[str, NDArray[Any]]
"""Parameter name to array, in the IR's logical layout; buffers may hold integers or flags."""


@dataclass(frozen=True)
class Node:
    """One op applied to named values; it makes the value that bears its name.

    ``scope`` is the module path that owns its parameters (``"conv1"``), ``source`` the user's
    ``file:line``. ``parameters`` maps a role to a parameter's name.
    """

    name: str
    op: Op
    inputs: tuple[str, ...]
    parameters: Mapping[str, str]
    scope: str
    source: str | None
    type: TensorType


@dataclass(frozen=True)
class Graph:
    """A network: inputs, nodes in topological order, outputs, parameters.

    Sizes may be symbolic (``"N"``). Values are logical: images are [N, C, H, W] here, whatever a
    framework prefers physically. ``modules`` maps the paths of the user's modules, as they stand in
    the nodes' scopes, to their classes.
    """

    name: str
    inputs: Mapping[str, TensorType]
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]
    parameters: Mapping[str, ParameterSpec]
    modules: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known: dict[str, Op | None] = dict.fromkeys(self.inputs)
        for node in self.nodes:
            missing = [name for name in node.inputs if name not in known]
            if missing:
                raise ValueError(f"node {node.name!r} uses {missing[0]!r} before it is made")
            if node.name in known:
                raise ValueError(f"two values are named {node.name!r}")
            unknown = [name for name in node.parameters.values() if name not in self.parameters]
            if unknown:
                raise ValueError(f"node {node.name!r} uses an unknown parameter {unknown[0]!r}")
            node.op.check_behind(known[node.inputs[0]] if node.inputs else None)
            known[node.name] = node.op
        lost = [name for name in self.outputs if name not in known]
        if lost:
            raise ValueError(f"output {lost[0]!r} is made by no node")

    def type_of(self, value: str) -> TensorType:
        """The type of an input or of a node's value. Raises `KeyError` if there is none."""
        if value in self.inputs:
            return self.inputs[value]
        return next(node.type for node in self.nodes if node.name == value)

    def consumers(self) -> dict[str, list[Node]]:
        """Value name to the nodes that read it, in order."""
        readers: dict[str, list[Node]] = {name: [] for name in self.inputs}
        for node in self.nodes:
            readers[node.name] = []
            for name in dict.fromkeys(node.inputs):
                readers[name].append(node)
        return readers

    @property
    def needed(self) -> tuple[Node, ...]:
        """The nodes that the outputs depend on, in order."""
        wanted, found = set(self.outputs), []
        for node in reversed(self.nodes):
            if node.name in wanted:
                found.append(node)
                wanted.update(node.inputs)
        return tuple(reversed(found))

    def sizes(self, batch: int) -> dict[str, int]:
        """A number for each symbolic size: ``batch`` for the first axis of the first input, and 5,
        6, ... for the others, which are told apart that way.
        """
        names = symbols(*(size for kind in self.inputs.values() for size in kind.shape))
        first = symbols(*(kind.shape[0] for kind in self.inputs.values() if kind.shape))[:1]
        others = (name for name in names if name not in first)
        return dict.fromkeys(first, batch) | {name: 5 + i for i, name in enumerate(others)}

    @property
    def trainable(self) -> tuple[str, ...]:
        """Names of the trainable parameters, in order of creation."""
        return tuple(name for name, spec in self.parameters.items() if spec.trainable)

    def count_parameters(self) -> int:
        """Number of trainable elements."""
        shapes = (self.parameters[name].shape for name in self.trainable)
        return sum(int(np.prod(shape)) for shape in shapes)

    def initialize(self, seed: int) -> Weights:
        """One initial state for every framework: float64 arrays drawn with NumPy's PCG64, already
        rounded to float32 so that both precisions start from the same point.
        """
        generator = np.random.default_rng(seed)
        return {name: _draw(spec, generator) for name, spec in self.parameters.items()}


_NUMPY = {"int": np.int64, "bool": np.bool_}


def _draw(spec: ParameterSpec, generator: np.random.Generator) -> NDArray[Any]:
    init = spec.init
    if spec.dtype != "float":
        return np.full(spec.shape, init.value, _NUMPY[spec.dtype])
    if init.kind == "constant":
        values = np.full(spec.shape, init.value)
    elif init.kind == "uniform":
        values = generator.uniform(-init.value, init.value, spec.shape)
    else:
        values = generator.normal(0.0, init.value, spec.shape)
    return np.asarray(values).astype(np.float32).astype(np.float64)
