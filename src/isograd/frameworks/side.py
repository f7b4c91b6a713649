"""A network in one framework and mode, seen through its mapping: logical names and layout only.

Everything outside ``frameworks/`` talks to a `Side`; what is native stays behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from isograd.errors import UsageError
from isograd.frameworks.protocol import (
    Emitted,
    Executor,
    Gradients,
    Original,
    Plan,
    Precision,
    Steps,
)
from isograd.ir.graph import Graph
from isograd.ir.imported import Imported
from isograd.ir.mapping import Array, Arrays, Transform
from isograd.ir.ops import Dropout
from isograd.ir.ops.base import TensorType
from isograd.ir.sizes import evaluate
from isograd.training import Recipe


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

    def set_optimizer_state(self, step: int, slots: dict[str, Arrays]) -> None:
        """Goes on after ``step`` training steps, with these slots."""
        forward = self.emitted.parameters.forward
        native = {slot: forward(arrays) for slot, arrays in slots.items()}
        self.executor.set_optimizer_state(step, native)

    def set_masks(self, masks: Arrays) -> None:
        """Dropout masks by node name."""
        native = {
            self.emitted.dropouts[node]: self.emitted.masks[node](mask)
            for node, mask in masks.items()
        }
        if native:
            self.executor.set_masks(native)

    def hold(self, kept: Arrays) -> None:
        """Parameters are zero wherever ``kept`` is false, now and after every training step: for
        rules that move every number by itself, the others then train as with masked gradients.
        Parameters that it does not name are free; with none at all, every one is."""
        free = {
            name: np.ones(spec.shape, np.bool_)
            for name, spec in self.graph.parameters.items()
            if name not in kept
        }
        native = self.emitted.parameters.forward({**kept, **free}) if kept else {}
        names = self.emitted.parameters.twins_of(kept)
        self.executor.hold({name: native[name] for name in names})

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
        return native_inputs(self.graph, self.emitted, inputs)

    def _targets(self, targets: Array) -> Array:
        return native_targets(self.graph, self.emitted, targets)

    def _from_output(self, array: Array) -> Array:
        if len(self.graph.outputs) == 1:
            return self.emitted.values[self.graph.outputs[0]].inverse(array)
        sizes = self.graph.sizes(len(array))
        shapes = [
            _native_shape(self.emitted, name, self.graph.type_of(name), sizes)
            for name in self.graph.outputs
        ]
        parts = zip(self.graph.outputs, unpack(array, shapes), strict=True)
        return pack([self.emitted.values[name].inverse(part) for name, part in parts])


def native_inputs(graph: Graph, emitted: Emitted, inputs: tuple[Array, ...]) -> tuple[Array, ...]:
    """Inputs as the native code takes them."""
    names = graph.inputs
    return tuple(emitted.values[name](array) for name, array in zip(names, inputs, strict=True))


def native_targets(graph: Graph, emitted: Emitted, targets: Array) -> Array:
    """Targets shaped like the outputs share their layout; class indices have none."""
    if np.issubdtype(targets.dtype, np.integer):
        return targets
    if len(graph.outputs) == 1:
        return emitted.values[graph.outputs[0]](targets)
    sizes = graph.sizes(len(targets))
    shapes = [concrete(graph.type_of(name), sizes) for name in graph.outputs]
    parts = zip(graph.outputs, unpack(targets, shapes), strict=True)
    return pack([emitted.values[name](part) for name, part in parts])


def plan(
    graph: Graph,
    emitted: Emitted,
    source: Path | None,
    mode: str,
    recipe: Recipe,
    *,
    dtype: Literal["float32", "float64"] = "float32",
    shared_masks: bool = False,
    seed: int = 0,
    steps_per_call: int = 1,
    device: str = "cpu",
    threads: int = 1,
    idiomatic: bool = False,
    original: Original | None = None,
    precision: Precision = "float32",
) -> Plan:
    """The plan for running a graph's emitted source; see `isograd.frameworks.protocol.Plan`.

    Raises `UsageError` for a training or a precision that cannot be had.
    """
    _check_precision(precision, dtype, device, original)
    native = original is not None and original.training is not None
    if not recipe.standard and not native:
        raise UsageError(
            "This training has forms that only its own script has.",
            hint="See Recipe.standard: the modes train with the standard forms.",
        )
    names = emitted.parameters.twins_of
    sizes = graph.sizes(recipe.batch_size)
    return Plan(
        source=source,
        class_name=emitted.class_name,
        trainable=names(graph.trainable),
        buffers=names(name for name in graph.parameters if name not in graph.trainable),
        inputs=tuple(
            (_native_shape(emitted, name, kind, sizes)[1:], kind.dtype)
            for name, kind in graph.inputs.items()
        ),
        mode=mode,
        recipe=recipe,
        dtype=dtype,
        masks=_mask_shapes(graph, emitted, sizes) if shared_masks else {},
        seed=seed,
        steps_per_call=steps_per_call,
        device=device,
        threads=threads,
        idiomatic=idiomatic,
        original=original,
        precision=precision,
    )


def _check_precision(
    precision: Precision, dtype: str, device: str, original: Original | None
) -> None:
    if precision == "float32":
        return
    if dtype == "float64":
        raise UsageError(f"In float64 nothing is computed in {precision}.")
    if original is not None:
        raise UsageError(
            f"A network that runs as its owner wrote it is not run in {precision}.",
            hint="Its emitted twins are.",
        )
    if precision == "float16" and device == "cpu":
        raise UsageError(
            "Training in float16 needs a GPU.",
            hint="Use --device cuda, or bfloat16, which processors compute in.",
        )


def emitted_as_it_is(imported: Imported) -> Emitted:
    """How an original's own tensors correspond to its graph's, in the form of an emitted twin's;
    there is no source. Masks are named by the order in which the original draws them.
    """
    parameters = imported.parameters.inverse
    return Emitted(
        source="",
        class_name="",
        parameters=parameters,
        trainable=parameters.twins_of(imported.graph.trainable),
        values=dict(imported.values),
        dropouts={node: str(number) for number, node in enumerate(imported.randoms)},
        masks={node: imported.values.get(node, Transform()) for node in imported.randoms},
    )


def concrete(kind: TensorType, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The shape with symbolic sizes as in ``sizes`` (see `isograd.ir.graph.Graph.sizes`)."""
    return tuple(evaluate(size, sizes) for size in kind.shape)


def pack(arrays: Sequence[Array]) -> Array:
    """Several outputs [B, ...] as one array [B, everything]: the form in which they pass through
    executors, losses and proofs."""
    return np.concatenate([array.reshape(len(array), -1) for array in arrays], axis=1)


def unpack(array: Array, shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    """The inverse of `pack`, for outputs of these shapes."""
    widths = [prod(shape[1:]) for shape in shapes]
    parts = np.split(array, np.cumsum(widths)[:-1], axis=1)
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def packed_outputs(outputs: Arrays) -> Array:
    """A recording's outputs, as losses take them."""
    arrays = [np.asarray(array) for array in outputs.values()]
    return arrays[0] if len(arrays) == 1 else pack(arrays)


def unpacked_outputs(packed: Array, outputs: Arrays) -> Arrays:
    """The inverse of `packed_outputs`, for something of the shape of ``outputs``."""
    shapes = [array.shape for array in outputs.values()]
    parts = [packed] if len(shapes) == 1 else unpack(packed, shapes)
    return dict(zip(outputs, parts, strict=True))


def _native_shape(
    emitted: Emitted, value: str, kind: TensorType, sizes: Mapping[str, int]
) -> tuple[int, ...]:
    return emitted.values[value](np.empty(concrete(kind, sizes), np.int8)).shape


def _mask_shapes(
    graph: Graph, emitted: Emitted, sizes: Mapping[str, int]
) -> Mapping[str, tuple[int, ...]]:
    return {
        emitted.dropouts[node.name]: emitted.masks[node.name](
            np.empty(concrete(TensorType(node.op.mask_shape(node.type.shape)), sizes), np.int8)
        ).shape
        for node in graph.nodes
        if isinstance(node.op, Dropout)
    }
