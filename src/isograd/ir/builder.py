"""Writing a network by hand: `Builder` infers shapes and names as it goes."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping

from isograd.ir.graph import Graph, Node
from isograd.ir.ops.base import Op, ParameterSpec, Shape, ShapeError, TensorType


class Builder:
    """Builds a `Graph` node by node.

    >>> b = Builder("mlp")
    >>> x = b.input("x", ("N", 4))
    >>> graph = b.finish(b(Linear(2), x, scope="fc"))
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._inputs: dict[str, TensorType] = {}
        self._nodes: list[Node] = []
        self._types: dict[str, TensorType] = {}
        self._parameters: dict[str, ParameterSpec] = {}

    def input(self, name: str, shape: Shape, dtype: str = "float") -> str:
        """Declares an input and returns its name."""
        value = TensorType(tuple(shape), "int" if dtype == "int" else "float")
        self._inputs[name] = self._types[name] = value
        return name

    def __call__(self, op: Op, *inputs: str, scope: str = "") -> str:
        """Adds one node and returns the name of its value.

        ``scope`` names the module that owns the op's parameters; by default it is made from the
        op's class. Raises `ShapeError` with the caller's line when the shapes do not fit.
        """
        frame = sys._getframe(1)
        source = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        types = [self._types[name] for name in inputs]
        name = self._fresh(scope.replace(".", "_") or snake_case(type(op).__name__))
        scope = scope or name
        try:
            result = op.infer(*types)
            specs = op.parameters(*types)
        except ShapeError as error:
            raise ShapeError(f"{error} ({type(op).__name__} {scope!r}, {source})") from None
        parameters = {role: f"{scope}.{role}" for role in specs}
        self._parameters |= {parameters[role]: spec for role, spec in specs.items()}
        self._nodes.append(Node(name, op, inputs, parameters, scope, source, result))
        self._types[name] = result
        return name

    def finish(self, *outputs: str) -> Graph:
        """The finished graph."""
        parameters: Mapping[str, ParameterSpec] = self._parameters
        return Graph(self._name, self._inputs, tuple(self._nodes), outputs, parameters)

    def _fresh(self, base: str) -> str:
        name, count = base, 1
        while name in self._types:
            count += 1
            name = f"{base}_{count}"
        return name


def snake_case(name: str) -> str:
    """``BatchNorm`` to ``batch_norm``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
