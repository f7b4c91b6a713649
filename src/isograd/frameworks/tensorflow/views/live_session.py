"""What a session's graph demands of a network that depends on data: it is built without AutoGraph,
and refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from isograd.frameworks.tensorflow.views.graphs import control_flow
from isograd.frameworks.tensorflow.views.live import LiveNetwork
from isograd.frameworks.tensorflow.views.live_static import follow, refuse
from isograd.views import View

v1 = tf.compat.v1

DEMAND = (
    "The graph of a session is built once, before there is a value, and without AutoGraph. It "
    "takes tf.while_loop for a loop and tf.cond for a branch."
)


def show(network: LiveNetwork) -> list[View]:
    """The tf.Graph of the network's forward pass, as far as it can be built. Figure: ``graph``."""
    view = View(
        "tensorflow",
        "session",
        "Static graph of a session",
        "The tf.Graph of the forward pass, for tf.compat.v1.Session: Python runs once and leaves "
        "operations.",
    )
    inputs = network.tensors(next(network.calls()))
    graph = tf.Graph()
    traced = follow(network, lambda: _build(network, graph, inputs), inputs)
    if traced.error is None:
        view.operations = traced.operations
        view.events = control_flow(view.operations)
    else:
        traced.operations = traced.operations or follow(network, lambda: graph, inputs).operations
        refuse(view, traced, network, DEMAND)
    view.figures = {"graph": float(len(graph.get_operations()))}
    return [view]


def _build(network: LiveNetwork, graph: tf.Graph, inputs: Sequence[tf.Tensor]) -> tf.Graph:
    with graph.as_default():
        state = [(variable, _held(variable)) for variable in network.model.variables]
        given = [
            v1.placeholder(x.dtype, [None, *x.shape[1:]], name=spec.name)
            for x, spec in zip(inputs, network.specs, strict=True)
        ]
        with keras.StatelessScope(state_mapping=state):
            network.outputs(given)
    return graph


def _held(variable: Any) -> tf.Tensor:
    name = variable.path.replace("/", "_")
    return v1.placeholder(variable.dtype, variable.shape, name=name)
