"""The graph that is being written while a Keras network runs on symbolic tensors.

A Keras value and the graph's may see their axes in different orders: images are [N, H, W, C] there
and [N, C, H, W] here. Each value carries that order along, so that no transpose is written where
the next op can take it as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import KerasTensor

from isograd.errors import UsageError
from isograd.ir import ops
from isograd.ir.builder import snake_case
from isograd.ir.graph import Graph, Node, Weights
from isograd.ir.mapping import Link, Permute, Reorder, TensorMap, Transform
from isograd.ir.ops.base import DType, Op, ParameterSpec, ShapeError, TensorType
from isograd.ir.placement import channels_last, logical_order

Order = tuple[int, ...]

KERAS: dict[DType, str] = {"float": "float32", "int": "int64", "bool": "bool"}
"""The graph's kinds as Keras' dtypes."""


@dataclass(frozen=True)
class Value:
    """A value of the graph as Keras sees it: Keras' axis i is the graph's axis ``order[i]``.
    ``features`` says how Keras' last axis is to be had from the graph's, behind a Flatten.
    """

    name: str
    type: TensorType
    order: Order
    features: Reorder | None = None

    @property
    def rank(self) -> int:
        return self.type.rank

    def axis(self, axis: int) -> int:
        """The graph's axis for one of Keras'."""
        return self.order[axis % self.rank]


Rule = Callable[..., "Value | list[Value]"]
"""Says a layer or a function of ``keras.ops`` in the graph's terms: takes the trace, and the layer
and its values, or Keras' operation, its outputs as Keras infers them, and its arguments."""


@dataclass
class Trace:
    """Nodes in the order in which the network computes them. ``images`` names the inputs that are
    channels-first in the graph. ``masked`` says whether an output has a mask of Keras.
    """

    images: frozenset[str]
    inputs: dict[str, Value] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    randoms: list[str] = field(default_factory=list)
    masks: dict[str, Transform] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    weights: Weights = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    masked: bool = False
    wanted: set[str] = field(default_factory=set)
    depends: Callable[[Any], bool] = lambda thing: False
    name_of: Callable[[Any], str] = lambda layer: str(layer.name)
    source: Callable[[], str | None] = lambda: None
    _links: dict[str, Link] = field(default_factory=dict)
    _specs: dict[str, ParameterSpec] = field(default_factory=dict)
    _values: dict[int, Value] = field(default_factory=dict)
    _kept: list[object] = field(default_factory=list)
    _sources: dict[str, Value] = field(default_factory=dict)
    _transposed: dict[tuple[str, Order], Value] = field(default_factory=dict)
    _truths: dict[tuple[Op, tuple[str, ...], Order | None], Value] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)

    # Values -----------------------------------------------------------------------------------

    def input(self, name: str, tensor: KerasTensor, kind: TensorType) -> None:
        """Declares an input; ``kind`` is as Keras sees it."""
        order = channels_last(kind.rank) if name in self.images else logical_order(kind.rank)
        shape = [kind.shape[order.index(axis)] for axis in range(kind.rank)]
        value = Value(self._fresh(name), kind.with_shape(tuple(shape)), order)
        self.inputs[name] = value
        self.bind(tensor, value)

    def bind(self, tensor: Any, value: Value) -> Any:
        """``tensor`` of Keras is ``value``; its shape must say so."""
        expected = tuple(value.type.shape[axis] for axis in value.order)
        if len(expected) != len(tensor.shape) or any(
            isinstance(size, int) and have is not None and size != have
            for size, have in zip(expected, tensor.shape, strict=True)
        ):
            raise UsageError(
                f"A mistake in isograd: {self.scope or 'the network'} makes {tuple(tensor.shape)} "
                f"in Keras, {expected} in the graph.",
                hint="Please report it.",
            )
        self._values[id(tensor)] = value
        self._kept.append(tensor)
        return tensor

    def symbolic(self, value: Value) -> KerasTensor:
        """A tensor of Keras that stands for a value."""
        sizes = (value.type.shape[axis] for axis in value.order)
        shape = tuple(size if isinstance(size, int) else None for size in sizes)
        return self.bind(KerasTensor(shape, KERAS[value.type.dtype]), value)

    def knows(self, thing: Any) -> bool:
        """Whether ``thing`` is a value of the graph."""
        return id(thing) in self._values

    def value(self, thing: Any, like: Value | None = None) -> Value:
        """The value of a tensor, variable or constant; a number is of the kind of ``like``."""
        if id(thing) in self._values:
            return self._values[id(thing)]
        if isinstance(thing, keras.Variable):
            return self._variable(thing)
        if isinstance(thing, KerasTensor):
            raise self.unsupported("a value that comes from outside of the network")
        return self._constant(thing, like)

    def _variable(self, variable: keras.Variable) -> Value:
        if variable.path not in self._sources:
            shape, dtype = tuple(map(int, variable.shape)), kind_of(variable.dtype)
            trainable = variable.trainable and dtype == "float"
            op: Op = ops.Parameter(shape) if trainable else ops.Buffer(shape, dtype)
            self._sources[variable.path] = self._tied(variable) or self.add(
                op,
                roles={
                    "value": self.parameter(variable, variable.path.replace("/", "."), Transform())
                },
            )
        return self._sources[variable.path]

    def _tied(self, variable: keras.Variable) -> Value | None:
        """A variable that a layer holds already, in Keras' own form."""
        known = self._links.get(variable.path)
        if known is None or not known.transform.steps:
            return None
        (step,) = known.transform.steps if len(known.transform.steps) == 1 else (None,)
        if not isinstance(step, Permute):
            raise self.unsupported(f"variable {variable.path!r} in two forms")
        spec = self._specs[known.twin]
        held = self.add(ops.Parameter(spec.shape), roles={"value": known.twin})
        return self.add(ops.Transpose(step.inverse.axes), held)

    def _constant(self, thing: Any, like: Value | None) -> Value:
        if tf.is_tensor(thing) and thing.dtype.is_floating and self.depends(thing):
            raise self.unsupported("a tensor that TensorFlow computes from parameters alone")
        array = np.asarray(keras.ops.convert_to_numpy(thing) if hasattr(thing, "shape") else thing)
        dtype = kind_of(str(array.dtype))
        if not hasattr(thing, "shape") and like is not None and dtype != "bool":
            dtype = like.type.dtype
        plain = {"float": float, "int": int, "bool": bool}[dtype]
        if array.shape == ():
            return self.add(ops.Scalar(plain(array.item()), dtype))
        if array.size and (array == array.flat[0]).all():
            return self.add(ops.Full(array.shape, plain(array.flat[0].item()), dtype))
        if dtype == "int" and array.ndim == 1 and (array == np.arange(array.size)).all():
            return self.add(ops.Arange(0, array.size))
        name = self._fresh("constant")
        self.weights[name] = array
        self._links[name] = Link(name, name)
        self._specs[name] = ops.Buffer(array.shape, dtype).parameters()["value"]
        return self.add(ops.Buffer(array.shape, dtype), roles={"value": name})

    def made_by(self, value: Value | str) -> Node | None:
        """The node that makes a value; None for an input."""
        name = value if isinstance(value, str) else value.name
        return next((node for node in reversed(self.nodes) if node.name == name), None)

    def type_of(self, name: str) -> TensorType:
        """The type of a value of the graph, by its name."""
        kinds = {value.name: value.type for value in self.inputs.values()}
        return next((node.type for node in self.nodes if node.name == name), kinds.get(name))  # type: ignore[return-value]

    # Parameters -------------------------------------------------------------------------------

    def parameter(self, variable: keras.Variable, wish: str, transform: Transform) -> str:
        """The graph's name of a variable, which it holds by ``transform``."""
        known = self._links.get(variable.path)
        if known is not None:
            if known.transform != transform:
                raise self.unsupported(f"variable {variable.path!r} in two forms")
            return known.twin
        taken = {link.twin for link in self._links.values()}
        name, count = wish, 1
        while name in taken:
            count += 1
            name = f"{wish}_{count}"
        self._links[variable.path] = Link(variable.path, name, transform)
        array = np.asarray(variable.numpy())
        self.weights[name] = transform(array)
        return name

    # Nodes ------------------------------------------------------------------------------------

    @contextmanager
    def below(self, name: str) -> Iterator[None]:
        """While this lasts, nodes belong to a part of that name."""
        self.path.append(name)
        try:
            yield
        finally:
            self.path.pop()

    @property
    def scope(self) -> str:
        return ".".join(self.path)

    def add(
        self,
        op: Op,
        *values: Value,
        roles: Mapping[str, str] | None = None,
        trainable: bool = True,
        order: Order | None = None,
    ) -> Value:
        """One node, whose inputs are taken as the graph has them; ``order`` is how Keras sees the
        result. Truth values are made once: Keras computes a mask again wherever it is asked for."""
        types = [value.type for value in values]
        try:
            op.check_arity(len(types))
            kind = op.infer(*types)
        except ShapeError as error:
            raise self.unsupported(str(error)) from None
        key = (op, tuple(value.name for value in values), order)
        if kind.dtype == "bool" and key in self._truths:
            return self._truths[key]
        names = dict(roles or {})
        for role, spec in op.parameters(*types).items():
            spec = replace(spec, trainable=spec.trainable and trainable)
            known = self._specs.setdefault(names[role], spec)
            if known.shape != spec.shape:
                raise self.unsupported(f"parameter {names[role]!r} of shape {known.shape}")
        name = self._fresh(self.scope if roles else snake_case(type(op).__name__))
        inputs = tuple(value.name for value in values)
        self.nodes.append(Node(name, op, inputs, names, self.scope or name, self.source(), kind))
        made = Value(name, kind, order or logical_order(kind.rank))
        if kind.dtype == "bool" and not roles:
            self._truths[key] = made
        return made

    def like(self, op: Op, value: Value) -> Value:
        """An op that treats every element alike."""
        made = self.add(op, value)
        return replace(made, order=value.order, features=value.features)

    def dropout(self, value: Value, rate: float, shared: tuple[int, ...] = ()) -> Value:
        """Dropout; ``shared`` are the graph's axes. Its mask is drawn as Keras sees the value."""
        if rate == 0:
            return value
        made = self.like(ops.Dropout(rate, tuple(sorted(shared))), value)
        self.randoms.append(made.name)
        steps: tuple[Permute | Reorder, ...] = ()
        if value.order != logical_order(value.rank):
            steps = (Permute(value.order),)
        if value.features:
            steps += (value.features,)
        self.masks[made.name] = Transform(steps)
        return made

    # Layout -----------------------------------------------------------------------------------

    def plain(self, value: Value) -> Value:
        """The value with the graph's axes in Keras' order."""
        if value.features:
            sizes, order = value.features.sizes, value.features.order
            lead = value.type.shape[:-1]
            block = self.add(ops.Reshape((*lead, *sizes)), value)
            axes = (*range(len(lead)), *(len(lead) + axis for axis in order))
            moved = self.add(ops.Transpose(axes), block)
            return self.add(ops.Reshape((*lead, value.type.shape[-1])), moved)
        return self.ordered(value, logical_order(value.rank))

    def channels_first(self, value: Value) -> Value:
        """The value such that Keras sees it channels-last, the graph channels-first."""
        if value.features:
            value = self.plain(value)
        order = channels_last(value.rank)
        if value.order != order:
            self._want(value)
        return self.ordered(value, order)

    def _want(self, value: Value) -> None:
        """Notes the input that a value is made of one by one, if its axes could lie otherwise."""
        makers = {node.name: node for node in self.nodes}
        name = value.name
        while name in makers:
            node = makers[name]
            if len(node.inputs) != 1 or isinstance(node.op, ops.Transpose | ops.Reshape):
                return
            name = node.inputs[0]
        rank = value.rank
        self.wanted |= {
            key for key, one in self.inputs.items() if one.name == name and one.rank == rank
        }

    def ordered(self, value: Value, order: Order) -> Value:
        """The same for Keras, with the graph's axes moved so that Keras sees them in ``order``."""
        if value.order == order:
            return value
        key = (value.name, order)
        if key not in self._transposed:
            # Keras' axis i is the graph's order[i] now, and value.order[i] before.
            axes = tuple(value.order[order.index(axis)] for axis in range(value.rank))
            made = self.add(ops.Transpose(axes), replace(value, features=None))
            self._transposed[key] = replace(made, order=order)
        return self._transposed[key]

    # The end ----------------------------------------------------------------------------------

    def finish(self, name: str, outputs: list[Value]) -> tuple[Graph, TensorMap]:
        """The graph of what the outputs need, and the map from Keras' variables to it. What leaves
        a trace stays although nothing reads it: the mask of every dropout is drawn, the statistics
        of every batch normalisation move.
        """
        traces = (n.name for n in self.nodes if isinstance(n.op, ops.Dropout | ops.BatchNorm))
        needed, kept = {*(value.name for value in outputs), *traces}, []
        for node in reversed(self.nodes):
            if node.name in needed:
                kept.append(node)
                needed.update(node.inputs)
        used = {parameter for node in kept for parameter in node.parameters.values()}
        graph = Graph(
            name,
            {value.name: value.type for value in self.inputs.values()},
            tuple(reversed(kept)),
            tuple(value.name for value in outputs),
            {parameter: spec for parameter, spec in self._specs.items() if parameter in used},
            self.modules,
        )
        links = tuple(link for link in self._links.values() if link.twin in used)
        self.weights = {parameter: self.weights[parameter] for parameter in graph.parameters}
        return graph, TensorMap(links)

    def unsupported(self, what: str) -> UsageError:
        return UsageError(
            f"The network uses {what}, which is not supported.",
            where=self.scope or None,
            hint="Write it with other layers, or add a rule for it (see CONTRIBUTING.md).",
        )

    def _fresh(self, wish: str) -> str:
        base = re.sub(r"\W", "_", wish) or "value"
        base = base if base.isidentifier() else f"layer_{base}"
        name, count = base, 1
        while name in self._names:
            count += 1
            name = f"{base}_{count}"
        self._names.add(name)
        return name


def kind_of(dtype: str) -> DType:
    """The graph's kind for one of Keras' dtypes."""
    if dtype == "bool":
        return "bool"
    return "int" if "int" in dtype else "float"
