"""Running the user's own Keras network as it is: nothing in it is replaced.

Its dropout masks are handed over instead of drawn, and it runs in the precision that is asked for,
whatever it was made in.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from unittest import mock
from weakref import WeakKeyDictionary, ref

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from isograd.errors import UsageError
from isograd.frameworks.protocol import Plan, Steps
from isograd.frameworks.tensorflow.executor import EagerExecutor, packed
from isograd.frameworks.tensorflow.precise import precise
from isograd.ir.mapping import Array, Arrays
from isograd.references import Reference, first_line, load_object

RANDOM = "keras.src.backend.tensorflow.random.dropout"
"""The one function through which every layer of Keras drops values."""


class OriginalExecutor(EagerExecutor):
    """The user's model, in eager mode."""

    def __init__(self, plan: Plan) -> None:
        self._masks: list[tf.Tensor] = []
        self._loan: Loan | None = None
        self._mine: dict[str, Array] = {}
        super().__init__(plan)

    def _build(self) -> keras.Model:
        original = self.plan.original
        assert original is not None
        keras.config.set_floatx("float32")  # as its owner makes it
        keras.config.set_dtype_policy("float32")
        model = resolve(original.network, trust=original.trust)
        if model is original.network:
            self._loan = Loan.of(model)
        else:
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

    def _take(self) -> None:
        """Makes a model that lives in the user's process ours, if another executor had it."""
        if self._loan is None or self._loan.holder is self:
            return
        if self._loan.holder is not None:
            holder = self._loan.holder
            holder._mine = {v.path: v.numpy() for v in holder.model.variables}
        set_precision(self.model, self.plan.dtype)
        self._loan.holder = self
        for variable in self.model.variables if self._mine else ():
            variable.assign(self._mine[variable.path])
        if hasattr(self, "parameters"):
            self.parameters[:] = [self._variable(name).value for name in self.plan.trainable]
            for place, name in enumerate(self.plan.buffers):
                if name not in self._constants:
                    self.buffers[place] = self._variable(name).value

    def release(self) -> None:
        """The user's model gets its own weights and precision back."""
        if self._loan is not None:
            self._loan.give_back()

    def _variables(self) -> dict[str, tf.Variable]:
        self._take()
        return super()._variables()

    def train(self, batches: NDArray[np.int64]) -> Steps:
        self._take()
        return super().train(batches)

    def set_state(self, state: Arrays) -> None:
        self._take()
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
        self._take()
        keras.config.set_floatx(self.plan.dtype)
        with self._handed_over(list(self._masks)):
            return packed(call(self.model, inputs, training))

    @contextmanager
    def _handed_over(self, masks: list[tf.Tensor]) -> Iterator[None]:
        if self.plan.dtype == "float64":
            with precise(), self._dropout(masks):
                yield
        else:
            with self._dropout(masks):
                yield

    @contextmanager
    def _dropout(self, masks: list[tf.Tensor]) -> Iterator[None]:
        if not self.plan.masks:
            yield
            return

        def dropout(inputs: tf.Tensor, rate: float, *_: object, **__: object) -> tf.Tensor:
            if not masks:
                raise UsageError("The network drops values more often than when imported.")
            return inputs * masks.pop(0)

        with mock.patch(RANDOM, dropout):
            yield


class Loan:
    """A model of the user's own process while it is proven: what it was, and who has it now."""

    _loans: ClassVar[WeakKeyDictionary[keras.Model, Loan]] = WeakKeyDictionary()

    def __init__(self, model: keras.Model) -> None:
        self.model = ref(model)
        self.holder: OriginalExecutor | None = None
        self.weights = {variable.path: variable.numpy() for variable in model.variables}
        self.policies = [(layer, layer.dtype_policy) for layer in model._flatten_layers()]
        self.inputs = [(tensor, tensor.dtype) for tensor in _inputs(model)]

    @classmethod
    def of(cls, model: keras.Model) -> Loan:
        """The loan of a model; one for all executors."""
        if model not in cls._loans:
            cls._loans[model] = cls(model)
        return cls._loans[model]

    def give_back(self) -> None:
        """Puts weights and precision back."""
        model = self.model()
        if model is None or self._loans.pop(model, None) is None:
            return
        set_precision(model, "float32")
        for layer, policy in self.policies:
            layer.dtype_policy = policy
        for tensor, dtype in self.inputs:
            tensor._dtype = dtype
        for variable in model.variables:
            if variable.path in self.weights:
                variable.assign(self.weights[variable.path])


def _inputs(model: keras.Model) -> list[Any]:
    """The symbolic inputs and input layers of all models in it: what they cast their inputs to. A
    Sequential has a functional model inside, and an input layer among its own."""
    parts = list(model._flatten_layers())
    models = [one for part in parts for one in (part, getattr(part, "_functional", None))]
    layers = [own for part in parts for own in getattr(part, "_layers", None) or []]
    inputs = [one for one in layers if isinstance(one, keras.layers.InputLayer)]
    return [*(t for one in models for t in getattr(one, "_inputs", None) or []), *inputs]


def call(model: keras.Model, inputs: list[tf.Tensor], training: bool) -> object:
    """One call with these inputs: in the structure of a functional model's own, or as arguments
    where its ``call`` has as many.
    """
    structure = getattr(model, "_inputs_struct", None)
    if structure is not None:
        return model(keras.tree.pack_sequence_as(structure, inputs), training=training)
    if len(inputs) == 1:
        return model(inputs[0], training=training)
    names = [name for name in inspect.signature(model.call).parameters if name != "training"]
    if len(names) >= len(inputs):
        return model(*inputs, training=training)
    return model(inputs, training=training)


def set_precision(model: keras.Model, dtype: str) -> None:
    """Makes a model compute and keep its floating-point variables in ``dtype``."""
    policy = keras.DTypePolicy(dtype)
    for layer in model._flatten_layers():
        layer.dtype_policy = policy
        if isinstance(layer, keras.layers.Normalization) and layer.mean is not None:
            layer.mean, layer.variance = tf.cast(layer.mean, dtype), tf.cast(layer.variance, dtype)
    for variable in model.variables:
        if keras.backend.is_float_dtype(variable.dtype) and variable.dtype != dtype:
            variable._dtype = dtype
            variable._value = tf.Variable(
                tf.cast(variable._value, dtype), trainable=variable.trainable, name=variable.name
            )
    for tensor in _inputs(model):
        if keras.backend.is_float_dtype(tensor.dtype):
            tensor._dtype = dtype


def resolve(network: Reference | object, *, trust: bool) -> keras.Model:
    """The model that ``network`` is or names. Names start afresh for one that is made, so that the
    variables of each are called alike.

    Raises `UsageError` for what is no model, and for a file that brings code unless ``trust``.
    """
    if isinstance(network, keras.Model):
        return network
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
