"""What tracing does that no graph shows: how often ``tf.function`` traces, why, and what Python
runs meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import tensorflow as tf

from isograd.frameworks.protocol import Live, Subject
from isograd.frameworks.tensorflow.views.execution import open_loaded
from isograd.frameworks.tensorflow.views.live import LiveNetwork
from isograd.views import Event
from isograd.views.decisions import Line
from isograd.views.running import lines_run, ran_once
from isograd.views.variations import Variation, variations

Network = Callable[..., tf.Tensor]


def watch(subject: Subject, live: Live | None) -> dict[str, list[Event]]:
    """What is seen of the user's own network, where there is one, or else of the emitted one:
    events by what made them, ``function``."""
    if live is not None:
        own = LiveNetwork(live)
        inputs = next(own.calls()).inputs
        names = [spec.name for spec in own.specs]
        network: Network = lambda *x: own.outputs(list(x))  # noqa: E731
    else:
        executor = open_loaded(subject, "eager")
        inputs = tuple(tensor.numpy() for tensor in executor.data)
        names = [f"input {number}" for number in range(len(inputs))]
        network = lambda *x: executor._call(list(x), training=True)  # noqa: E731
    first, second = _lines(network, [tf.constant(array) for array in inputs])
    events = ran_once(first, second, "tf.function", theirs=live is not None)
    return {"function": [*retraces(network, variations(inputs), names).events, *events]}


def _lines(network: Network, inputs: Sequence[tf.Tensor]) -> tuple[set[Line], set[Line]]:
    """The lines that Python runs at a first and a second call of the traced network."""
    traced = tf.function(network, autograph=False)
    return lines_run(partial(traced, *inputs)), lines_run(partial(traced, *inputs))


@dataclass
class Retraces:
    """How often a function was traced in all, and each time after the first as an event."""

    traces: int
    events: list[Event]


def retraces(network: Network, calls: Sequence[Variation], names: Sequence[str]) -> Retraces:
    """The calls, one after the other, of one ``tf.function``; those that the network itself refuses
    are left out. The reason is what TensorFlow keeps of each trace: its function type."""

    @tf.function(autograph=False)
    def scaled(*inputs: tf.Tensor, number: float) -> tf.Tensor:
        return network(*inputs) * number

    seen: list[Any] = []
    events = []
    for call in calls:
        try:
            scaled(*map(tf.constant, call.inputs), number=call.number)
        except Exception:
            continue
        traces = scaled._list_all_concrete_functions()
        new = [trace for trace in traces if not any(trace is other for other in seen)]
        events += [_event(seen[0], trace, names) for trace in new if seen]
        seen += new
    return Retraces(scaled.experimental_get_tracing_count(), events)


def _event(first: Any, again: Any, names: Sequence[str]) -> Event:
    before, after = (trace.function_type.parameters.values() for trace in (first, again))
    labels = [*names, "a Python number beside the inputs"]
    changed = [
        f"{label} was {_text(old.type_constraint)} and is {_text(new.type_constraint)}"
        for label, old, new in zip(labels, before, after, strict=False)
        if old.type_constraint != new.type_constraint
    ]
    return Event("retrace", f"tf.function traced again: {', '.join(changed)}.")


def _text(constraint: Any) -> str:
    """A constraint of TensorFlow's: a tensor's type and shape, or the value of a constant."""
    if isinstance(constraint, tf.TensorSpec):
        return f"{constraint.dtype.name}{list(constraint.shape)}"
    return str(constraint).removeprefix("Literal[").removesuffix("]")
