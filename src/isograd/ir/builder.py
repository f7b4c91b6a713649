"""Writing a network by hand: `Builder` infers shapes and names as it goes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from isograd.ir.graph import Graph, Node
from isograd.ir.ops.base import DType, Op, ParameterSpec, Shape, ShapeError, TensorType
from isograd.ir.sizes import is_canonical


class Builder:
    """Builds a `Graph` node by node.

    >>> b = Builder("mlp")
    >>> x = b.input("x", ("N", 4))
    >>> graph = b.finish(b(Linear(2), x, scope="fc"))

    What is built inside of ``with b.module("encoder", "Encoder"):`` belongs to that module: scopes
    are relative to it, and an emitted twin has a class for it.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._inputs: dict[str, TensorType] = {}
        self._nodes: list[Node] = []
        self._types: dict[str, TensorType] = {}
        self._parameters: dict[str, ParameterSpec] = {}
        self._modules: dict[str, str] = {}
        self._path = ""

    @contextmanager
    def module(self, name: str, kind: str) -> Iterator[None]:
        """A module of class ``kind``, inside of the one that is open. ``name`` may be a path."""
        outer, self._path = self._path, self._within(name)
        self._modules[self._path] = kind
        try:
            yield
        finally:
            self._path = outer

    def input(self, name: str, shape: Shape, dtype: DType = "float") -> str:
        """Declares an input and returns its name. Raises `ValueError` when the name is taken, or a
        size is neither a number nor a symbol."""
        if name in self._types:
            raise ValueError(f"two values are named {name!r}")
        for size in shape:
            if isinstance(size, str) and not is_canonical(size):
                raise ValueError(f"{size!r} is no size: write a number, or a name such as N")
        value = TensorType(tuple(shape), dtype)
        self._inputs[name] = self._types[name] = value
        return name

    def __call__(
        self, op: Op, *inputs: str, scope: str = "", names: Mapping[str, str] | None = None
    ) -> str:
        """Adds one node and returns the name of its value.

        ``scope`` names the module that owns the op's parameters; by default it is made from the
        op's class. Two nodes of one scope share their parameters. ``names`` maps a role to a
        parameter's full name, where that is another; with the name of one that exists already, the
        two are tied. Raises `ShapeError` with the caller's line when the shapes do not fit, and
        `ValueError` when an input is not known or one name would stand for two different
        parameters.
        """
        frame = sys._getframe(1)
        source = f"{portable_path(frame.f_code.co_filename)}:{frame.f_lineno}"
        unknown = [name for name in inputs if name not in self._types]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is not made yet ({type(op).__name__}, {source})")
        types = [self._types[name] for name in inputs]
        wish = self._within(scope) if scope else snake_case(type(op).__name__)
        name = self._fresh(wish.replace(".", "_"))
        scope = self._within(scope or name)
        try:
            op.check_arity(len(types))
            op.check_behind(self._made_by(inputs[0]) if inputs else None)
            result = op.infer(*types)
            specs = op.parameters(*types)
        except ShapeError as error:
            raise ShapeError(f"{error} ({type(op).__name__} {scope!r}, {source})") from None
        parameters = {role: f"{scope}.{role}" for role in specs} | dict(names or {})
        for role, parameter in parameters.items():
            self._specify(parameter, specs[role], tied=role in (names or {}))
        self._nodes.append(Node(name, op, inputs, parameters, scope, source, result))
        self._types[name] = result
        return name

    def finish(self, *outputs: str) -> Graph:
        """The finished graph."""
        parameters: Mapping[str, ParameterSpec] = self._parameters
        nodes = tuple(self._nodes)
        return Graph(self._name, self._inputs, nodes, outputs, parameters, self._modules)

    def _within(self, scope: str) -> str:
        return f"{self._path}.{scope}" if self._path else scope

    def _specify(self, name: str, spec: ParameterSpec, *, tied: bool) -> None:
        """A parameter that is tied starts as it does in its first place."""
        known = self._parameters.setdefault(name, spec)
        if (replace(spec, init=known.init) if tied else spec) != known:
            raise ValueError(f"two different parameters are named {name!r}")

    def _made_by(self, value: str) -> Op | None:
        return next((node.op for node in self._nodes if node.name == value), None)

    def _fresh(self, base: str) -> str:
        name, count = base, 1
        while name in self._types:
            count += 1
            name = f"{base}_{count}"
        return name


def portable_path(path: str) -> str:
    """``path`` relative to the folder that holds this package, else to the working directory, else
    the bare file name: what is stored or emitted names no folder of this machine.
    """
    file = Path(path)
    for root in (Path(__file__).parents[2], Path.cwd()):
        if file.is_relative_to(root):
            return file.relative_to(root).as_posix()
    return file.name


def portable_line(line: str | None) -> str | None:
    """``file:line`` without folders of this machine; see `portable_path`."""
    if line is None:
        return None
    file, _, number = line.rpartition(":")
    return f"{portable_path(file)}:{number}"


def snake_case(name: str) -> str:
    """``BatchNorm`` to ``batch_norm``, ``LeakyReLU`` to ``leaky_relu``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", name).lower()
