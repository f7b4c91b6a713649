"""What XLA makes of a network that depends on data: loops and branches are instructions; the
gradient of a loop needs to know how often it may run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import tensorflow as tf

from isograd.errors import UsageError
from isograd.frameworks.tensorflow.views.compiling import fill_program
from isograd.frameworks.tensorflow.views.failing import named_in, said
from isograd.frameworks.tensorflow.views.live import LiveNetwork
from isograd.frameworks.tensorflow.views.live_static import (
    Traced,
    decorated,
    refuse,
    trace,
)
from isograd.frameworks.tensorflow.views.locating import INSIDE
from isograd.frameworks.tensorflow.views.modules import own_name
from isograd.views import Event, Operation, View

DEMAND = (
    "XLA compiles what tf.function has traced, which needs AutoGraph: write @tf.function on "
    "`call`, or tf.while_loop and tf.cond."
)


def show(network: LiveNetwork) -> list[View]:
    """The program of the forward pass, with ``@tf.function`` on the network's own ``call`` where it
    needs that; whether the gradients can be compiled, too, is an event."""
    inputs = network.tensors(next(network.calls()))
    view = View(
        "tensorflow",
        "hlo",
        "XLA's program of the forward pass, before optimisation",
        "What tf.function(jit_compile=True) hands to XLA (experimental_get_compiler_ir).",
    )
    refused = trace(network, _compiled(network.gradients), inputs)
    if refused.error is None:
        _fill(view, network, inputs)
        return [view]
    with decorated(network.model) as names:
        view.about += f" With @tf.function on `call` of {', '.join(names)}."
        _fill(view, network, inputs)
        if view.status == "ok":
            _try_gradients(view, network, inputs)
    without = View("tensorflow", "hlo", "", "")
    view.events.insert(0, refuse(without, refused, network, DEMAND).events[-1])
    return [view]


def _compiled(function: Any) -> Any:
    return tf.function(function, jit_compile=True)


def _fill(view: View, network: LiveNetwork, inputs: list[tf.Tensor]) -> None:
    forward = _compiled(lambda *x: network.outputs(list(x)))
    if not hasattr(forward, "experimental_get_compiler_ir"):
        raise UsageError("This TensorFlow's tf.function has no experimental_get_compiler_ir.")
    traced = trace(network, forward, inputs)
    if traced.error is None:
        try:
            text = forward.experimental_get_compiler_ir(*inputs)(stage="hlo")
            fill_program(view, text, inlined(traced.operations))
            view.events += _flow(view, traced)
            return
        except Exception as error:
            traced.error = error
    refuse(view, traced, network, said(traced.error))


def inlined(operations: Sequence[Operation]) -> list[Operation]:
    """Operations as XLA calls them: those of a function that is called stand where it is called,
    those of a loop's or branch's have the names that they have in their own graph."""
    names: dict[str, str] = {}
    for operation in operations:
        inside = operation.attributes.get(INSIDE)
        own = own_name(operation)
        called = inside is not None and operation.name.startswith(f"{inside}/f/")
        names[operation.name] = f"{names[inside]}/{own}" if inside and called else own
    return [replace(operation, name=names[operation.name]) for operation in operations]


def _flow(view: View, traced: Traced) -> list[Event]:
    """The loops and branches in the program."""
    kinds = {"while": "loop", "conditional": "branch"}
    return [
        Event(kinds[one.kind], f"{one.name} is a {kinds[one.kind]} in XLA's program.", one.source)  # type: ignore[arg-type]
        for one in view.operations
        if one.kind in kinds
    ]


def _try_gradients(view: View, network: LiveNetwork, inputs: list[tf.Tensor]) -> None:
    function = _compiled(network.gradients)
    traced = trace(network, function, inputs)
    try:
        function(*inputs)
    except Exception as error:
        text = f"XLA does not compile the gradients: {said(error)}"
        view.events.append(Event("refused", text, _line_of(named_in(error), traced)))


def _line_of(name: str | None, traced: Traced) -> str | None:
    """The user's line of an operation of the traced graph, or of what it stands in."""
    while name:
        for operation in traced.operations:
            if operation.source and f"/{operation.name}".endswith(f"/{name}"):
                return operation.source
        name = name.rpartition("/")[0]
    return None
