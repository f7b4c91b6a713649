"""A network in one framework and mode, seen through its mapping: logical names and layout only.

Everything outside ``frameworks/`` talks to a `Side`; what is native stays behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from isograd.frameworks.protocol import Emitted, Executor, Gradients, Plan, Steps
from isograd.ir.graph import Graph
from isograd.ir.mapping import Array, Arrays
from isograd.ir.ops import Dropout
from isograd.ir.ops.base import TensorType
from isograd.training import TrainSpec


class Side:
    """An executor with its emitted network's mapping around it."""

    def __init__(self, graph: Graph, emitted: Emitted, executor: Executor) -> None:
        self.graph = graph
        self.emitted = emitted
        self.executor = executor

    def set_state(self, weights: Arrays) -> None:
        """Sets parameters and running statistics; optimizer state goes back to zero."""
        self.executor.set_state(self.emitted.parameters.forward(weights))

    def get_state(self) -> Arrays:
        """Parameters and running statistics."""
        return self.emitted.parameters.backward(self.executor.get_state())

    def get_optimizer_state(self) -> dict[str, Arrays]:
        """Slot to parameter to array; empty where the framework's own optimizer hides it."""
        slots = self.executor.get_optimizer_state()
        return {slot: self.emitted.parameters.backward(arrays) for slot, arrays in slots.items()}

    def set_masks(self, masks: Arrays) -> None:
        """Dropout masks by node name."""
        native = {
            self.emitted.dropouts[node]: self.emitted.values[node](mask)
            for node, mask in masks.items()
        }
        if native:
            self.executor.set_masks(native)

    def forward(self, inputs: tuple[Array, ...]) -> NDArray[np.floating]:
        """Outputs in evaluation mode."""
        return self._from_output(self.executor.forward(*self._inputs(inputs)))

    def gradients(self, inputs: tuple[Array, ...], targets: Array) -> Gradients:
        """One pass in training mode."""
        native = self.executor.gradients(self._inputs(inputs), self._targets(targets))
        floating = [name for name, kind in self.graph.inputs.items() if kind.dtype == "float"]
        return replace(
            native,
            outputs=self._from_output(native.outputs),
            output_gradient=self._from_output(native.output_gradient),
            input_gradients=tuple(
                self.emitted.values[name].inverse(gradient)
                for name, gradient in zip(floating, native.input_gradients, strict=True)
            ),
            parameter_gradients=self.emitted.parameters.backward(native.parameter_gradients),
        )

    def load_data(self, inputs: tuple[Array, ...], targets: Array) -> None:
        """Hands over the training data."""
        self.executor.load_data(self._inputs(inputs), self._targets(targets))

    def train(self, batches: NDArray[np.int64]) -> Steps:
        """One step for each row of ``batches``."""
        return self.executor.train(batches)

    def _inputs(self, inputs: tuple[Array, ...]) -> tuple[Array, ...]:
        names = self.graph.inputs
        return tuple(
            self.emitted.values[name](array) for name, array in zip(names, inputs, strict=True)
        )

    def _from_output(self, array: Array) -> Array:
        return self.emitted.values[self.graph.outputs[0]].inverse(array)

    def _targets(self, targets: Array) -> Array:
        """Targets shaped like the outputs share their layout; class indices have none."""
        if np.issubdtype(targets.dtype, np.integer):
            return targets
        return self.emitted.values[self.graph.outputs[0]](targets)


def plan(
    graph: Graph,
    emitted: Emitted,
    source: Path,
    mode: str,
    spec: TrainSpec,
    *,
    dtype: Literal["float32", "float64"] = "float32",
    shared_masks: bool = False,
    seed: int = 0,
    steps_per_call: int = 1,
    device: str = "cpu",
    threads: int = 1,
    idiomatic: bool = False,
) -> Plan:
    """The plan for running a graph's emitted source; see `isograd.frameworks.protocol.Plan`."""
    names = emitted.parameters.names
    return Plan(
        source=source,
        class_name=emitted.class_name,
        trainable=tuple(names[name] for name in graph.trainable),
        buffers=tuple(names[name] for name in graph.parameters if name not in graph.trainable),
        inputs=tuple(
            (_native_shape(emitted, name, kind, 1)[1:], kind.dtype)
            for name, kind in graph.inputs.items()
        ),
        mode=mode,
        spec=spec,
        dtype=dtype,
        masks=_mask_shapes(graph, emitted, spec.batch_size) if shared_masks else {},
        seed=seed,
        steps_per_call=steps_per_call,
        device=device,
        threads=threads,
        idiomatic=idiomatic,
    )


def concrete(kind: TensorType, batch: int) -> tuple[int, ...]:
    """The shape with every symbolic size replaced by ``batch``."""
    return tuple(size if isinstance(size, int) else batch for size in kind.shape)


def _native_shape(emitted: Emitted, value: str, kind: TensorType, batch: int) -> tuple[int, ...]:
    return emitted.values[value](np.empty(concrete(kind, batch), np.int8)).shape


def _mask_shapes(graph: Graph, emitted: Emitted, batch: int) -> Mapping[str, tuple[int, ...]]:
    return {
        emitted.dropouts[node.name]: _native_shape(emitted, node.name, node.type, batch)
        for node in graph.nodes
        if isinstance(node.op, Dropout)
    }
