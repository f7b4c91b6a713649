"""The network that an order is about, as the emitted model: what every form is made from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from isograd.deploy.artefact import Order, single
from isograd.frameworks.protocol import Emitted
from isograd.frameworks.side import concrete, native_inputs
from isograd.frameworks.source import load_class
from isograd.frameworks.tensorflow.emitter import emit
from isograd.frameworks.tensorflow.executor import numpy_dtype
from isograd.ir.mapping import Array, Arrays

SOURCE = "model.py"


@dataclass(frozen=True)
class Network:
    """An order's network in TensorFlow. ``scratch`` is a folder for its source where the form does
    not ship it."""

    order: Order
    emitted: Emitted
    scratch: Path

    @property
    def state(self) -> Arrays:
        """Variables by their attributes in the model; those that float, in float32."""
        native = self.emitted.parameters.forward(self.order.weights)
        return {name: single(array) for name, array in native.items()}

    @cached_property
    def model(self) -> keras.Model:
        """The model with its weights."""
        path = self.scratch / SOURCE
        path.write_text(self.emitted.source, encoding="utf-8")
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
        model: keras.Model = load_class(path, self.emitted.class_name)()
        model(packed([tf.zeros([1, *spec.shape[1:]], spec.dtype) for spec in self.signature]))
        for name, array in self.state.items():
            attrgetter(name)(model).assign(array)
        return model

    @cached_property
    def signature(self) -> tuple[tf.TensorSpec, ...]:
        """The inputs, with an open batch size; other sizes that are open have an example's."""
        graph, values = self.order.graph, self.emitted.values
        sizes = graph.sizes(1)
        return tuple(
            tf.TensorSpec(
                [None, *values[name](np.empty(concrete(kind, sizes), np.int8)).shape[1:]],
                numpy_dtype(kind.dtype, "float32"),
                name=f"input_{place}",
            )
            for place, (name, kind) in enumerate(graph.inputs.items())
        )

    @property
    def function(self) -> Any:
        """The model in evaluation mode, traced for an open batch size."""

        def serve(*inputs: tf.Tensor) -> tf.Tensor:
            return self.model(packed(list(inputs)), training=False)

        return tf.function(serve, input_signature=self.signature)

    @cached_property
    def calibration(self) -> tuple[Array, ...]:
        """The order's inputs [B, ...] in the model's layout."""
        inputs = native_inputs(self.order.graph, self.emitted, self.order.calibration)
        return tuple(single(array) for array in inputs)


def network(order: Order, scratch: Path) -> Network:
    """The network of an order. Raises `UsageError` when the graph cannot be emitted."""
    return Network(order, emit(order.graph), scratch)


def packed(inputs: list[tf.Tensor]) -> tf.Tensor | list[tf.Tensor]:
    """The emitted model's argument: several inputs are one list."""
    return inputs[0] if len(inputs) == 1 else inputs
