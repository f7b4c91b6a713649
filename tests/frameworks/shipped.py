"""Networks to ship, and what they compute when they are loaded again, in this process."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import numpy as np
from twins import draw

from isograd.deploy.artefact import Artefact, Order
from isograd.deploy.build import LOADERS
from isograd.frameworks import part
from isograd.frameworks.side import native_inputs
from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.mapping import Array


def perceptron() -> Graph:
    b = Builder("perceptron")
    x = b(ops.Linear(16), b(ops.Flatten(), b.input("x", ("N", 3, 4))), scope="fc1")
    return b.finish(b(ops.Linear(5), b(ops.ReLU(), x), scope="fc2"))


def wide() -> Graph:
    """Nearly all of it is one weight."""
    b = Builder("wide")
    return b.finish(b(ops.Linear(128), b.input("x", ("N", 128)), scope="fc"))


def convolutional(channels: int = 3) -> Graph:
    b = Builder("convolutional")
    x = b(ops.conv2d(4, 3, padding=1), b.input("x", ("N", channels, 6, 6)), scope="conv")
    x = b(ops.max_pool2d(2), b(ops.ReLU(), b(ops.BatchNorm(), x, scope="bn")))
    return b.finish(b(ops.Linear(5), b(ops.Flatten(), x), scope="fc"))


def grey() -> Graph:
    return convolutional(channels=1)


def attention() -> Graph:
    """Tokens, an attention over them, and classes."""
    b = Builder("attention")
    x = b(ops.Embedding(11, 8), b.input("tokens", ("N", 6), "int"), scope="embed")
    y = b(ops.LayerNorm((8,)), x, scope="norm")
    q, k, v = (
        b(ops.Transpose((0, 2, 1, 3)), b(ops.Reshape(("N", 6, 2, 4)), b(ops.Linear(8), y, scope=s)))
        for s in ("query", "key", "value")
    )
    y = b(ops.Transpose((0, 2, 1, 3)), b(ops.Attention(), q, k, v))
    x = b(ops.Add(), x, b(ops.Linear(8), b(ops.Reshape(("N", 6, 8)), y), scope="out"))
    return b.finish(b(ops.Linear(5), b(ops.Mean((1,)), x), scope="head"))


def recurrent() -> Graph:
    b = Builder("recurrent")
    x = b(ops.LSTM(6), b.input("x", ("N", 7, 3)), scope="lstm")
    return b.finish(b(ops.Linear(5), b(ops.Mean((1,)), x), scope="fc"))


NETWORKS = (perceptron, convolutional, attention, recurrent)


def order(candidate: str, graph: Graph, folder: Path, batch: int = 16) -> Order:
    """Random weights, and inputs to calibrate with."""
    weights, inputs, _, _ = draw(graph, batch)
    folder.mkdir(parents=True)
    return Order(candidate, graph, weights, folder, tuple(inputs.values()))


def build(order: Order) -> Artefact:
    framework = order.candidate.partition("/")[0]
    return part(framework, "deploy").build(order)


def outputs(order: Order, artefact: Artefact, *inputs: Array) -> Array:
    """What its loader makes of logical inputs, in logical layout."""
    return loaded(order, artefact)(*inputs)


def loaded(order: Order, artefact: Artefact) -> Callable[..., Array]:
    """What its loader makes, for logical inputs and outputs."""
    load = runpy.run_path(str(LOADERS / f"{artefact.loader}.py"))["load"]
    call = load(str(order.folder), dict(artefact.options), 1)

    def logical(*inputs: Array) -> Array:
        native = [
            array.astype(np.float32) if array.dtype.kind == "f" else array
            for array in native_inputs(order.graph, artefact.emitted, inputs)
        ]
        return artefact.emitted.values[order.graph.outputs[0]].inverse(call(*native))

    return logical


def reference(order: Order) -> Array:
    """The network's outputs for the calibration inputs, in float64."""
    tape = part(order.candidate.partition("/")[0], "tape").open_tape(order.graph)
    recording = tape.run(order.weights, order.calibration, training=False)
    return recording.outputs[order.graph.outputs[0]]
