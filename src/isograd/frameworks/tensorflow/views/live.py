"""A user's own Keras network that depends on data: what it does at each call, and what each way to
a static graph demands or does instead, with the user's lines."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import keras
import tensorflow as tf

from isograd.errors import unknown
from isograd.frameworks import LIVE_VIEWS
from isograd.frameworks.protocol import Live
from isograd.frameworks.tensorflow.executor import packed
from isograd.frameworks.tensorflow.importer import input_specs
from isograd.frameworks.tensorflow.losses import LOSSES
from isograd.frameworks.tensorflow.original import call, resolve
from isograd.frameworks.tensorflow.views.execution import key
from isograd.frameworks.tensorflow.views.failing import end_at_failure
from isograd.frameworks.tensorflow.views.interfaces import EAGER_TENSOR, needed
from isograd.frameworks.tensorflow.views.locating import Locator
from isograd.frameworks.tensorflow.views.modules import Modules
from isograd.frameworks.tensorflow.views.recording import record
from isograd.ir.inputs import InputSpec
from isograd.references import is_user_file
from isograd.views import View
from isograd.views.calls import Call, computed, differing, draw_calls, number_calls
from isograd.views.decisions import Decisions

ABOUT = (
    "Every operation that one eager call and its gradients executed, in order, written down while "
    "it ran (op_callbacks)."
)

KINDS = {"float": tf.float32, "int": tf.int64, "bool": tf.bool}

ASKING = ("__bool__", "__int__", "__float__", "__index__", "numpy")
"""What Python calls to get a tensor's value."""


class LiveNetwork:
    """The network, built by a first call."""

    def __init__(self, live: Live) -> None:
        keras.utils.set_random_seed(live.seed)
        self.model = resolve(live.original.network, trust=live.original.trust)
        given = {spec.name: spec for spec in live.original.inputs}
        self.specs: tuple[InputSpec, ...] = tuple(input_specs(self.model, given).values())
        self.locator = Locator()
        self._live = live
        self.outputs(self.tensors(next(self.calls())))

    def calls(self) -> Iterator[Call]:
        """Random calls, the same at each time."""
        return draw_calls(self.specs, self._live.batch, self._live.seed)

    def differing_calls(self) -> list[tuple[Call, View]]:
        """The first call, and those at which another graph is recorded, with their views."""
        return differing(lambda one: record_call(self, one), self.calls())

    def tensors(self, one: Call) -> list[tf.Tensor]:
        pairs = zip(one.inputs, self.specs, strict=True)
        return [tf.constant(array, KINDS[spec.dtype]) for array, spec in pairs]

    def outputs(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """What the network returns in training mode, as one tensor."""
        return packed(call(self.model, inputs, training=True))

    def gradients(self, *inputs: tf.Tensor) -> list[tf.Tensor | None]:
        """Of the mean square of the outputs, with respect to the trainable variables."""
        with tf.GradientTape() as tape:
            outputs = self.outputs(list(inputs))
            loss = LOSSES["mean_squared_error"](outputs, tf.zeros_like(outputs))
        found: list[tf.Tensor | None] = tape.gradient(loss, self.model.trainable_variables)
        return found

    def labels(self, inputs: list[tf.Tensor]) -> dict[str | int, str]:
        """What variables and inputs are called, by their `key`."""
        named = {
            key(getattr(variable.value, "handle", variable.value)): variable.path
            for variable in self.model.variables
        }
        pairs = zip(inputs, self.specs, strict=True)
        return named | {key(tensor): spec.name for tensor, spec in pairs}


def count_parameters(live: Live) -> int:
    """Numbers in all weights that are trained or could be."""
    return int(LiveNetwork(live).model.count_params())


def capture(stage: str, live: Live) -> list[View]:
    """The views of one stage. Raises `UsageError` for a stage that is not known, and where
    TensorFlow lacks what shows it."""
    if stage not in LIVE_VIEWS["tensorflow"]:
        raise unknown("view", stage, LIVE_VIEWS["tensorflow"])
    network = LiveNetwork(live)
    if stage == "dynamic":
        return number_calls(network.differing_calls())
    module = importlib.import_module(f"isograd.frameworks.tensorflow.views.live_{stage}")
    show: Callable[[LiveNetwork], list[View]] = module.show
    return show(network)


def record_call(network: LiveNetwork, one: Call) -> View:
    """One eager call and the gradients of the mean square of what it returns. Figure:
    ``executed``."""
    inputs = network.tensors(one)
    decisions = Decisions()
    with asked(decisions), Modules(network.model) as modules:
        recording = record(
            lambda: network.gradients(*inputs), network.locator, network.labels(inputs)
        )
    modules.place_executed(list(recording.inputs), recording.operations)
    view = View("tensorflow", "dynamic", "Dynamic graph", ABOUT, recording.operations)
    view.figures = {"executed": float(computed(view))}
    view.events = decisions.events()
    if recording.error is not None:
        return end_at_failure(view, recording.operations, recording.error, network.locator)
    return view


@contextmanager
def asked(decisions: Decisions) -> Iterator[None]:
    """Notes where the user's code asks for the value of an eager tensor."""
    base = needed(EAGER_TENSOR, "_EagerTensorBase")._EagerTensorBase
    patches = [
        mock.patch.object(base, name, _asking(getattr(base, name), decisions)) for name in ASKING
    ]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


def _asking(method: Callable[..., Any], decisions: Decisions) -> Callable[..., Any]:
    def ask(tensor: Any, *args: Any) -> Any:
        frame = sys._getframe(1)
        if is_user_file(frame.f_code.co_filename):
            decisions.note([(frame.f_code.co_filename, frame.f_lineno)])
        return method(tensor, *args)

    return ask
