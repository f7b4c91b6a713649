"""Running the user's own Keras network as it is: nothing in it is replaced.

Its dropout masks are handed over instead of drawn, and it runs in the precision that is asked for,
whatever it was made in.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import keras
import tensorflow as tf

from isograd.errors import UsageError
from isograd.frameworks.protocol import Plan
from isograd.frameworks.tensorflow.executor import EagerExecutor, packed
from isograd.ir.mapping import Arrays
from isograd.references import Reference, first_line, load_object

RANDOM = "keras.src.backend.tensorflow.random.dropout"
"""The one function through which every layer of Keras drops values."""


class OriginalExecutor(EagerExecutor):
    """The user's model, in eager mode."""

    def __init__(self, plan: Plan) -> None:
        self._masks: list[tf.Tensor] = []
        super().__init__(plan)

    def _build(self) -> keras.Model:
        original = self.plan.original
        assert original is not None
        keras.config.set_floatx("float32")  # as its owner makes it
        keras.config.set_dtype_policy("float32")
        model = resolve(original.network, trust=original.trust)
        set_precision(model, self.plan.dtype)
        keras.config.set_floatx(self.plan.dtype)
        keras.config.set_dtype_policy(self.plan.dtype)
        return model

    def _install_masks(self) -> None:
        """They are handed over at each call."""

    def set_masks(self, masks: Arrays) -> None:
        self._masks = [tf.constant(masks[key], self.dtype) for key in sorted(masks, key=int)]

    def _prepare(self) -> None:
        self._by_path = {variable.path: variable for variable in self.model.variables}
        absent = [name for name in self.plan.buffers if name not in self._by_path]
        # Constants of the forward pass have a name on the other sides only.
        self._constants = {name: keras.Variable(0.0, trainable=False) for name in absent}
        super()._prepare()

    def set_state(self, state: Arrays) -> None:
        names = self.plan.trainable + self.plan.buffers
        for name, variable in zip(names, self.parameters + self.buffers, strict=True):
            if name in self._constants:
                index = self.plan.buffers.index(name)
                self.buffers[index] = tf.Variable(state[name], trainable=False)
            else:
                variable.assign(tf.constant(state[name], variable.dtype))
        self._reset_optimizer()

    def _variable(self, name: str) -> keras.Variable:
        return self._constants[name] if name in self._constants else self._by_path[name]

    def _call(self, inputs: list[tf.Tensor], training: bool) -> tf.Tensor:
        keras.config.set_floatx(self.plan.dtype)
        with self._handed_over(list(self._masks)):
            return packed(call(self.model, inputs, training))

    @contextmanager
    def _handed_over(self, masks: list[tf.Tensor]) -> Iterator[None]:
        if not self.plan.masks:
            yield
            return

        def dropout(inputs: tf.Tensor, rate: float, *_: object, **__: object) -> tf.Tensor:
            if not masks:
                raise UsageError("The network drops values more often than when imported.")
            return inputs * masks.pop(0)

        with mock.patch(RANDOM, dropout):
            yield


def call(model: keras.Model, inputs: list[tf.Tensor], training: bool) -> object:
    """One call with these inputs: as one sequence where the model is functional, as arguments
    where its ``call`` has as many.
    """
    if len(inputs) == 1:
        return model(inputs[0], training=training)
    if isinstance(model, keras.Sequential) or getattr(model, "inputs", None):
        return model(inputs, training=training)
    names = [name for name in inspect.signature(model.call).parameters if name != "training"]
    if len(names) >= len(inputs):
        return model(*inputs, training=training)
    return model(inputs, training=training)


def set_precision(model: keras.Model, dtype: str) -> None:
    """Makes a model compute and keep its floating-point variables in ``dtype``."""
    policy = keras.DTypePolicy(dtype)
    for layer in model._flatten_layers():
        layer.dtype_policy = policy
    for variable in model.variables:
        if keras.backend.is_float_dtype(variable.dtype) and variable.dtype != dtype:
            variable._dtype = dtype
            variable._value = tf.Variable(
                tf.cast(variable._value, dtype), trainable=variable.trainable, name=variable.name
            )
    for tensor in getattr(model, "inputs", None) or []:
        if keras.backend.is_float_dtype(tensor.dtype):
            tensor._dtype = dtype


def resolve(network: Reference | object, *, trust: bool) -> keras.Model:
    """The model that ``network`` names, or a copy of the one that it is. Names start afresh, so
    that every copy's variables are called alike.

    Raises `UsageError` for what is no model, and for a file that brings code unless ``trust``.
    """
    if isinstance(network, keras.Model):
        return copy.deepcopy(network)
    assert isinstance(network, Reference)
    keras.utils.clear_session(free_memory=False)
    if network.kind in ("keras", "savedmodel"):
        return _load(network, trust)
    found = load_object(network)
    if not isinstance(found, keras.Model):
        raise UsageError(
            f"{network.symbol!r} is a {type(found).__name__}, not a keras.Model.",
            where=network.text,
        )
    return found


def _load(network: Reference, trust: bool) -> keras.Model:
    try:
        return keras.saving.load_model(network.path, compile=False, safe_mode=not trust)
    except Exception as error:
        unsafe = "safe_mode" in str(error) or "Lambda" in str(error)
        hint = "Run it with --trust if you trust its author." if unsafe else None
        what = "This file brings code of its own" if unsafe else "Keras cannot load this"
        raise UsageError(f"{what}: {first_line(error)}", where=network.text, hint=hint) from None
