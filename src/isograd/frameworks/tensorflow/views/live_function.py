"""What ``tf.function`` makes of a network that depends on data: AutoGraph turns its loops and
branches into operations, where Keras lets it."""

from __future__ import annotations

import tensorflow as tf

from isograd.frameworks.tensorflow.views.graphs import control_flow
from isograd.frameworks.tensorflow.views.live import LiveNetwork
from isograd.frameworks.tensorflow.views.live_static import decorated, refuse, trace
from isograd.frameworks.tensorflow.views.locating import INSIDE
from isograd.frameworks.tensorflow.views.retracing import retraces
from isograd.views import Event, View
from isograd.views.calls import Call
from isograd.views.variations import variations

DEMAND = (
    "Keras keeps AutoGraph away from `call`, so that Python's `if` and `while` get no value here. "
    "Write @tf.function on `call`, or tf.while_loop and tf.cond."
)

ABOUT = (
    "The ConcreteFunction of one call and its gradients. AutoGraph has turned loops and branches "
    "into While and If operations, whose functions are shown behind them: all paths are in one "
    "graph, for every call."
)


def show(network: LiveNetwork) -> list[View]:
    """The network as it is, and with ``@tf.function`` on its own ``call``. Figures: ``traces``
    after all calls that are shown, ``graph`` and ``inside`` (of functions that operations call),
    ``deviation`` from eager execution, the largest of all calls, relative to the largest output."""
    calls = [one for one, _ in network.differing_calls()]
    inputs = network.tensors(calls[0])
    plain = View("tensorflow", "function", "Static graph of tf.function, as it is", ABOUT)
    traced = trace(network, tf.function(network.gradients), inputs)
    if traced.error is not None:
        return [refuse(plain, traced, network, DEMAND), _decorated(network, calls)]
    plain.operations = traced.operations
    plain.events = control_flow(plain.operations)
    plain.figures = _counts(plain)
    return [plain]


def _decorated(network: LiveNetwork, calls: list[Call]) -> View:
    inputs = network.tensors(calls[0])
    title = "Static graph of tf.function, through AutoGraph"
    with decorated(network.model) as names:
        about = f"{ABOUT} With @tf.function on `call` of {', '.join(names)}."
        view = View("tensorflow", "function-2", title, about)
        traced = trace(network, tf.function(network.gradients), inputs)
        if traced.error is not None:
            return refuse(view, traced, network, "AutoGraph cannot turn this into a graph.")
        forward = tf.function(lambda *x: network.outputs(list(x)), autograph=False)
        found = [forward(*network.tensors(one)) for one in calls]
        traces = forward.experimental_get_tracing_count()
        names = [spec.name for spec in network.specs]
        again = retraces(forward, variations(calls[0].inputs), names).events
    view.operations = traced.operations
    view.events = control_flow(view.operations) + again
    right = [network.outputs(network.tensors(one)) for one in calls]
    view.figures = _counts(view) | {
        "traces": float(traces),
        "deviation": max(map(_deviation, found, right)),
    }
    text = f"One graph serves all {len(calls)} calls that are shown, with the results of eager mode"
    if view.figures["traces"] == 1 and view.figures["deviation"] < 1e-5:
        view.events.append(Event("change", f"{text}."))
    return view


def _deviation(found: tf.Tensor, right: tf.Tensor) -> float:
    largest = tf.reduce_max(tf.abs(right)) + tf.keras.backend.epsilon()
    return float(tf.reduce_max(tf.abs(found - right)) / largest)


def _counts(view: View) -> dict[str, float]:
    inside = sum(INSIDE in operation.attributes for operation in view.operations)
    return {"graph": float(len(view.operations) - inside), "inside": float(inside)}
