"""The graph that is being written: nodes, their names, and the parameters that they use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from isograd.errors import UsageError
from isograd.frameworks.torch.importing.values import Value
from isograd.ir import ops
from isograd.ir.builder import snake_case
from isograd.ir.graph import Graph, Node
from isograd.ir.mapping import Transform
from isograd.ir.ops.base import Op, ParameterSpec, TensorType


@dataclass(frozen=True)
class Parameter:
    """A parameter, buffer or constant of the original, under the name that it has in the graph.
    ``number`` is the value of a constant without axes, which needs no name. ``nonnegative`` marks
    whole numbers of which none is below zero.
    """

    name: str
    type: TensorType
    trainable: bool
    number: float | int | bool | None = None
    nonnegative: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(size for size in self.type.shape if isinstance(size, int))


@dataclass(frozen=True)
class Random:
    """A dropout: its place among the original's draws, its node, and the layout in which the
    original draws its mask.
    """

    number: int
    node: str
    layout: Transform


@dataclass
class Writer:
    """Nodes in the order in which the original computes them. ``bounded`` names the inputs of whole
    numbers for which the user gave a range."""

    parameters: Mapping[str, Parameter]
    inputs: dict[str, TensorType] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    randoms: list[Random] = field(default_factory=list)
    bounded: set[str] = field(default_factory=set)
    _specs: dict[str, ParameterSpec] = field(default_factory=dict)
    _sources: dict[str, Value] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _made: dict[str, Node] = field(default_factory=dict)

    def input(self, name: str, kind: TensorType) -> Value:
        self.inputs[name] = kind
        self._names.add(name)
        return Value(kind, name, differentiable=kind.dtype == "float")

    def add(
        self, op: Op, inputs: tuple[Value, ...], roles: Mapping[str, str], scope: str, source: str
    ) -> Value:
        """One node. ``roles`` maps the op's roles to parameters. Raises `ShapeError`."""
        types = [value.type for value in inputs]
        op.check_arity(len(types))
        kind = op.infer(*types)
        specs = op.parameters(*types)
        assert specs.keys() == roles.keys(), (op, roles)
        for role, name in roles.items():
            self._specify(name, specs[role])
        scope = module_of(next(iter(roles.values()))) if roles else scope
        name = self._fresh(scope if roles else snake_case(type(op).__name__))
        names = tuple(self.read(value).name for value in inputs)
        self._append(Node(name, op, names, dict(roles), scope or name, source or None, kind))
        moving = any(value.differentiable for value in inputs) or any(
            self.parameters[name].trainable for name in roles.values()
        )
        return Value(kind, name, differentiable=moving and kind.dtype == "float")

    def read(self, value: Value) -> Value:
        """A value of the graph: a parameter that is none yet becomes one."""
        if value.name:
            return value
        if value.number is not None and not value.type.shape:
            return self.add(ops.Scalar(value.number, value.type.dtype), (), {}, "", "")
        if value.parameter is None:
            raise UsageError(
                f"The network uses {value.problem or 'a random draw'}, which is not supported yet."
            )
        if value.parameter not in self._sources:
            self._sources[value.parameter] = self._source(self.parameters[value.parameter])
        return self._sources[value.parameter]

    def made_by(self, value: Value | str) -> Node | None:
        """The node that made a value; None for an input."""
        return self._made.get(value if isinstance(value, str) else value.name)

    def type_of(self, name: str) -> TensorType:
        node = self.made_by(name)
        return node.type if node else self.inputs[name]

    def _append(self, node: Node) -> None:
        self.nodes.append(node)
        self._made[node.name] = node

    def finish(self, title: str, outputs: tuple[str, ...]) -> Graph:
        """The graph of what the outputs need, and of what leaves a trace although nothing reads it:
        the original draws every dropout's mask, and every batch normalisation's statistics move.
        """
        traces = (n.name for n in self.nodes if isinstance(n.op, ops.Dropout | ops.BatchNorm))
        needed, kept = {*outputs, *traces}, []
        for node in reversed(self.nodes):
            if node.name in needed:
                kept.append(node)
                needed.update(node.inputs)
        used = {name for node in kept for name in node.parameters.values()}
        specs = {name: spec for name, spec in self._specs.items() if name in used}
        return Graph(title, self.inputs, tuple(reversed(kept)), outputs, specs)

    def _source(self, parameter: Parameter) -> Value:
        kind = parameter.type
        op = (
            ops.Parameter(parameter.shape)
            if parameter.trainable
            else ops.Buffer(parameter.shape, kind.dtype)
        )
        self._specify(parameter.name, op.parameters()["value"])
        name = self._fresh(parameter.name)
        roles = {"value": parameter.name}
        self._append(Node(name, op, (), roles, parameter.name, None, op.infer()))
        return Value(kind, name, parameter.name, differentiable=parameter.trainable)

    def _specify(self, name: str, spec: ParameterSpec) -> None:
        trainable = self.parameters[name].trainable
        known = self._specs.setdefault(name, replace(spec, trainable=trainable))
        assert known.shape == spec.shape, (name, known, spec)

    def _fresh(self, wish: str) -> str:
        base = re.sub(r"\W", "_", wish)
        name, count = base, 1
        while name in self._names:
            count += 1
            name = f"{base}_{count}"
        self._names.add(name)
        return name


def module_of(parameter: str) -> str:
    """The path of what owns a parameter: ``layer1.conv`` of ``layer1.conv.weight``, ``att.in_proj``
    of ``att.in_proj_weight``.
    """
    recurrent = re.fullmatch(r"(.*)\.weight_ih_l(\d+)(_reverse)?", parameter)
    if recurrent:
        path, layer, reverse = recurrent.groups(default="")
        return path if (layer, reverse) == ("0", "") else f"{path}_l{layer}{reverse}"
    shorter = re.sub(r"[._](weight|bias|value)$", "", parameter)
    return shorter if shorter != parameter else parameter.rpartition(".")[0] or parameter
