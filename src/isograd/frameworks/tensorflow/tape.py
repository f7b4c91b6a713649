"""A tape of TensorFlow's: every value and gradient of a graph, in float64."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from operator import attrgetter
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from isograd.errors import UsageError
from isograd.frameworks.side import concrete
from isograd.frameworks.tensorflow.emitter import DIALECT
from isograd.frameworks.tensorflow.executor import numpy_dtype
from isograd.frameworks.tensorflow.runtime import settings
from isograd.frameworks.watched import Watched, watch
from isograd.ir.graph import Graph
from isograd.ir.layout import assign
from isograd.ir.mapping import Array, Arrays, Link


class HandedOver(keras.layers.Layer):
    """Takes the place of a dropout layer; ``mask`` is set before each pass in training mode."""

    mask: tf.Tensor

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        return x * self.mask if training else x


class TensorFlowRecording:
    """One pass; see `isograd.frameworks.protocol.Recording`."""

    def __init__(
        self,
        watched: Watched,
        tensors: dict[str, tf.Tensor],
        variables: dict[str, tf.Variable],
        tape: tf.GradientTape,
        statistics: Arrays,
        outputs: tuple[str, ...],
    ) -> None:
        self._watched = watched
        self._tensors = tensors
        self._variables = variables
        self._tape = tape
        self.values: Arrays = {name: self._seen(name, x) for name, x in tensors.items()}
        self.outputs: Arrays = {name: self.values[name] for name in outputs}
        self.statistics = statistics

    def pull(self, cotangents: Arrays) -> Arrays:
        floating = {name: x for name, x in self._tensors.items() if x.dtype.is_floating}
        found = self._tape.gradient(
            [self._tensors[name] for name in cotangents],
            [*floating.values(), *self._variables.values()],
            [
                tf.constant(self._watched.values[name](array), tf.float64)
                for name, array in cotangents.items()
            ],
            unconnected_gradients="zero",
        )
        arrays = [tf.convert_to_tensor(gradient).numpy() for gradient in found]
        gradients = {
            name: self._watched.values[name].inverse.view(array)
            for name, array in zip(floating, arrays, strict=False)
        }
        of_native = dict(zip(self._variables, arrays[len(floating) :], strict=True))
        return gradients | self._watched.totals(of_native)

    def _seen(self, name: str, tensor: tf.Tensor) -> Array:
        return self._watched.values[name].inverse.view(tensor.numpy())


class TensorFlowTape:
    """A graph as a model; see `isograd.frameworks.protocol.Tape`."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._watched: Watched = watch(graph, DIALECT, assign)
        self._tensors: dict[str, tf.Tensor] = {}
        self._tape: tf.GradientTape | None = None
        with _double():
            self._model = self._watched.network(self._seen)
            self._dropouts = {node: HandedOver() for node in self._watched.emitted.dropouts}
            for node, attribute in self._watched.emitted.dropouts.items():
                setattr(self._model, attribute, self._dropouts[node])
            sizes = graph.sizes(2)
            zeros = tuple(np.zeros(concrete(kind, sizes)) for kind in graph.inputs.values())
            self._call(self._inputs(zeros), training=False)  # makes the variables
        links = self._watched.emitted.parameters.links
        self._share_buffers({link.reference: link for link in links})
        self._variables = {link.twin: attrgetter(link.twin)(self._model).value for link in links}

    def run(
        self,
        weights: Arrays,
        inputs: tuple[Array, ...],
        *,
        training: bool,
        masks: Arrays | None = None,
    ) -> TensorFlowRecording:
        for name, array in self._watched.native(weights).items():
            self._variables[name].assign(tf.constant(array, self._variables[name].dtype))
        if training:
            self._hand_over(masks or {})
        tensors = self._inputs(inputs)
        with _double(), tf.GradientTape(persistent=True) as tape:
            tape.watch([x for x in tensors.values() if x.dtype.is_floating])
            self._tape = tape
            self._call(tensors, training=training)
            self._tape = None
        trained = {native: self._variables[native] for native in self._watched.emitted.trainable}
        tensors, outputs = self._watched.in_order(tensors), self.graph.outputs
        statistics = self._statistics(weights)
        return TensorFlowRecording(self._watched, tensors, trained, tape, statistics, outputs)

    def _call(self, tensors: dict[str, tf.Tensor], *, training: bool) -> None:
        """The model's own call: what Keras does around it would run the network twice at first."""
        self._tensors = tensors
        inputs = list(tensors.values())
        self._model.call(inputs[0] if len(inputs) == 1 else inputs, training=training)
        self._tensors = {}

    def _seen(self, name: str, value: tf.Tensor) -> tf.Tensor:
        """Keeps the value as a tensor of its own: one that is handed through, or a constant, has a
        gradient of its own, too."""
        value = tf.identity(value)
        if self._tape is not None and value.dtype.is_floating:
            self._tape.watch(value)
        self._tensors[name] = value
        return value

    def _inputs(self, inputs: tuple[Array, ...]) -> dict[str, tf.Tensor]:
        return {
            name: tf.constant(
                self._watched.values[name](array.astype(numpy_dtype(kind.dtype, "float64")))
            )
            for (name, kind), array in zip(self.graph.inputs.items(), inputs, strict=True)
        }

    def _hand_over(self, masks: Arrays) -> None:
        for node, layer in self._dropouts.items():
            layer.mask = tf.constant(self._watched.emitted.masks[node](masks[node]), tf.float64)

    def _statistics(self, weights: Arrays) -> Arrays:
        """The buffers after a pass; what no node uses stays as it was."""
        parameters = self._watched.emitted.parameters
        native = {link.twin: self._variables[link.twin].numpy() for link in parameters.links}
        found = parameters.backward(native)
        trainable = set(self.graph.trainable)
        return {
            name: found.get(name, np.array(weights[name]))
            for name in self.graph.parameters
            if name not in trainable
        }

    def _share_buffers(self, links: dict[str, Link]) -> None:
        """A buffer that two layers move is one variable. Raises `UsageError` where they hold it in
        two layouts."""
        for name, owner in self._watched.owners.items():
            if name == owner or self.graph.parameters[owner].trainable:
                continue
            if links[name].transform != links[owner].transform:
                raise UsageError(f"TensorFlow: two layers hold {owner!r} in two orders.")
            holder, _, attribute = links[name].twin.rpartition(".")
            shared = attrgetter(links[owner].twin)(self._model)
            parent: Any = attrgetter(holder)(self._model) if holder else self._model
            object.__setattr__(parent, attribute, shared)  # a built layer takes no new variables


@contextmanager
def _double() -> Iterator[None]:
    """New layers and tensors are in float64."""
    restore = settings()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        yield
    finally:
        restore()


def open_tape(graph: Graph) -> TensorFlowTape:
    """A tape for the graph. Raises `UsageError` when the emitter lacks one of its ops."""
    return TensorFlowTape(graph)
