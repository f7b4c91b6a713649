"""Running a network in TensorFlow: what all modes share, and the eager mode itself."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from time import perf_counter_ns
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from isograd.errors import UsageError
from isograd.frameworks.holding import check_single_steps
from isograd.frameworks.protocol import Gradients, Plan, Steps
from isograd.frameworks.source import load_class
from isograd.frameworks.tensorflow.losses import LOSSES
from isograd.frameworks.tensorflow.optimizers import Update, slot_scales, stock, update
from isograd.frameworks.tensorflow.precision import LossScaler, policy, restored
from isograd.ir.mapping import Array, Arrays


class HandedOverMask(keras.layers.Layer):
    """Takes the place of a dropout layer whose mask is decided outside."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.mask = self.add_weight(shape=shape, initializer="ones", trainable=False)

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        return x * self.mask if training else x


class EagerExecutor:
    """TensorFlow's default since 2.0: every call goes through Python, op by op."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.dtype = tf.as_dtype(plan.dtype)
        keras.config.set_floatx(plan.dtype)
        keras.config.set_dtype_policy(policy(plan))
        keras.utils.set_random_seed(plan.seed)
        self.model = self._build()
        self._install_masks()
        zeros = [np.zeros((2, *shape)) for shape, _ in plan.inputs]
        self._call(self._inputs(tuple(zeros)), training=False)
        self.loss = self._make_loss()
        self._update = self._make_update()
        self._project: Callable[[], object] = lambda: None
        self._target_dtype = tf.int64 if plan.recipe.loss.integer_targets else self.dtype
        self._prepare()

    def _build(self) -> keras.Model:
        assert self.plan.source is not None
        return load_class(self.plan.source, self.plan.class_name)()

    def _make_loss(self) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
        """The loss as a function of (outputs, targets); the model exists by now."""
        return LOSSES[self.plan.recipe.loss.name]

    def _make_update(self) -> Update:
        """What moves the parameters."""
        return update(self.plan.recipe.optimizer)

    def _install_masks(self) -> None:
        for attribute, shape in self.plan.masks.items():
            owner, _, name = attribute.rpartition(".")
            parent = attrgetter(owner)(self.model) if owner else self.model
            setattr(parent, name, HandedOverMask(shape))

    def _prepare(self) -> None:
        """Readies the variables and callables of the mode; the model's weights exist by now."""
        self.parameters = [self._variable(name).value for name in self.plan.trainable]
        self.buffers = [self._variable(name).value for name in self.plan.buffers]
        self._step_number = tf.Variable(0.0, dtype=tf.float64, trainable=False)
        self._slots = {
            slot: [tf.Variable(tf.zeros_like(v), trainable=False) for v in self.parameters]
            for slot in self.plan.recipe.optimizer.slots
        }
        self._prepare_stock()
        self._scaler = self._make_scaler(lambda value: tf.Variable(value, trainable=False))

    def _make_scaler(self, make: Callable[[Any], tf.Variable]) -> LossScaler | None:
        """What keeps gradients in float16's range; None where nothing needs it."""
        return LossScaler(make) if self.plan.precision == "float16" else None

    def _prepare_stock(self) -> None:
        """Keras' own optimizer, where the plan is idiomatic."""
        if self.plan.idiomatic:
            self._stock = stock(self.plan.recipe.optimizer)
            self._stock.build([self._variable(name) for name in self.plan.trainable])

    def _stock_variables(self) -> list[keras.Variable]:
        return self._stock.variables if self.plan.idiomatic else []

    def _variable(self, name: str) -> keras.Variable:
        return attrgetter(name)(self.model)

    def _call(self, inputs: list[tf.Tensor], training: bool) -> tf.Tensor:
        keras.config.set_floatx(self.plan.dtype)  # executors of both precisions share a process
        outputs = packed(self.model(inputs[0] if len(inputs) == 1 else inputs, training=training))
        return restored(outputs, self.plan)

    # State ------------------------------------------------------------------------------------

    def set_state(self, state: Arrays) -> None:
        for name, variable in self._variables().items():
            variable.assign(tf.constant(state[name], variable.dtype))
        self._reset_optimizer()

    def get_state(self) -> Arrays:
        return {name: variable.numpy() for name, variable in self._variables().items()}

    def get_optimizer_state(self) -> dict[str, Arrays]:
        if self.plan.idiomatic:
            return {}
        scales = slot_scales(self.plan.recipe.optimizer, self.plan.dtype)
        return {
            slot: {
                name: value / np.asarray(scales[slot], value.dtype)
                for name, value in zip(self.plan.trainable, self._values(variables), strict=True)
            }
            for slot, variables in self._slots.items()
        }

    def set_optimizer_state(self, step: int, slots: dict[str, Arrays]) -> None:
        if self.plan.idiomatic:
            raise UsageError("Keras' own optimizers keep their state to themselves.")
        scales = slot_scales(self.plan.recipe.optimizer, self.plan.dtype)
        self._put(self._step_number, np.asarray(step, np.float64))
        for slot, variables in self._slots.items():
            for name, variable in zip(self.plan.trainable, variables, strict=True):
                self._put(variable, slots[slot][name] * scales[slot])

    def _put(self, variable: tf.Variable, value: Array) -> None:
        variable.assign(tf.constant(value, variable.dtype))

    def _values(self, variables: list[tf.Variable]) -> list[Array]:
        return [variable.numpy() for variable in variables]

    def set_masks(self, masks: Arrays) -> None:
        for attribute, mask in masks.items():
            attrgetter(attribute)(self.model).mask.assign(tf.constant(mask, self.dtype))

    def hold(self, kept: Arrays) -> None:
        check_single_steps(self.plan)
        variables = self._variables()
        self._project = self._projection(
            [(variables[name], mask.astype(self.plan.dtype)) for name, mask in kept.items()]
        )
        self._project()

    def _projection(self, held: list[tuple[tf.Variable, Array]]) -> Callable[[], object]:
        """What multiplies these variables by these masks."""
        masks = [tf.constant(mask) for _, mask in held]

        def project() -> None:
            for (variable, _), mask in zip(held, masks, strict=True):
                variable.assign(variable * mask)

        return tf.function(project) if held else project

    def _reset_optimizer(self) -> None:
        for variable in self._optimizer_variables():
            variable.assign(tf.zeros(variable.shape, variable.dtype))
        if self._scaler:
            self._scaler.scale.assign(self._scaler.start[0])
            self._scaler.good.assign(self._scaler.start[1])

    def _optimizer_variables(self) -> list[Any]:
        """All that starts at zero with the training; not Keras' learning rate."""
        rate = self._stock.learning_rate if self.plan.idiomatic else None
        stock_state = [
            variable.value for variable in self._stock_variables() if variable is not rate
        ]
        slots = [variable for slot in self._slots.values() for variable in slot]
        return [self._step_number, *slots, *stock_state]

    def _variables(self) -> dict[str, tf.Variable]:
        names = self.plan.trainable + self.plan.buffers
        return dict(zip(names, self.parameters + self.buffers, strict=True))

    # Single passes ----------------------------------------------------------------------------

    def forward(self, *inputs: Array) -> NDArray[np.floating]:
        return self._evaluate(self._inputs(inputs)).numpy()

    def _evaluate(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        return self._call(inputs, training=False)

    def gradients(self, inputs: tuple[Array, ...], targets: Array) -> Gradients:
        found = self._differentiate(self._inputs(inputs), self._targets(targets))
        outputs, loss, output_gradient, input_gradients, parameter_gradients = found
        names = self.plan.trainable
        return Gradients(
            outputs=_array(outputs),
            loss=float(loss),
            output_gradient=_array(output_gradient),
            input_gradients=tuple(_array(gradient) for gradient in input_gradients),
            parameter_gradients=dict(zip(names, map(_array, parameter_gradients), strict=True)),
        )

    def _differentiate(self, inputs: list[tf.Tensor], targets: tf.Tensor) -> tuple[Any, ...]:
        floating = [x for x in inputs if x.dtype.is_floating]
        with tf.GradientTape() as tape:
            tape.watch(floating)
            outputs = self._call(inputs, training=True)
            loss = self.loss(outputs, targets)
        sources = [outputs, *floating, *self.parameters]
        found = tape.gradient(loss, sources, unconnected_gradients="zero")
        found = [tf.convert_to_tensor(gradient) for gradient in found]
        split = 1 + len(floating)
        return outputs, loss, found[0], found[1:split], found[split:]

    def _inputs(self, inputs: tuple[Array, ...]) -> list[tf.Tensor]:
        return [
            tf.convert_to_tensor(array.astype(numpy_dtype(kind, self.plan.dtype)))
            for array, (_, kind) in zip(inputs, self.plan.inputs, strict=True)
        ]

    def _targets(self, targets: Array) -> tf.Tensor:
        return tf.convert_to_tensor(targets.astype(self._target_dtype.name))

    # Training ---------------------------------------------------------------------------------

    def load_data(self, inputs: tuple[Array, ...], targets: Array) -> None:
        self.data = self._inputs(inputs)
        self.targets = self._targets(targets)

    def train(self, batches: NDArray[np.int64]) -> Steps:
        calls = self._calls(batches)
        losses, nanoseconds = [], []
        begin = perf_counter_ns()
        for call in calls:
            start = perf_counter_ns()
            losses.append(self._step(call))
            self._project()
            nanoseconds.append(perf_counter_ns() - start)
        values = np.array([np.asarray(loss) for loss in losses], dtype=np.float64).reshape(-1)
        if self.plan.device == "cuda":
            # A call returns before its work is done: only the whole span is a measurement.
            nanoseconds = [(perf_counter_ns() - begin) // len(calls)] * len(calls)
        per_call = len(batches) // len(calls)
        return Steps(values, np.repeat(np.array(nanoseconds, dtype=np.int64) // per_call, per_call))

    def _calls(self, batches: NDArray[np.int64]) -> list[Any]:
        """The rows of batches [steps, batch size] that each call of `_step` takes."""
        return tf.unstack(tf.constant(batches))

    def _step(self, rows: tf.Tensor) -> tf.Tensor:
        """One training step on these rows of the data; returns its loss."""
        return self._one_step(
            [tf.gather(x, rows) for x in self.data], tf.gather(self.targets, rows)
        )

    def _one_step(self, inputs: list[tf.Tensor], targets: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = self.loss(self._call(inputs, training=True), targets)
            goal = self._scaler.scaled(loss) if self._scaler else loss
        found = tape.gradient(goal, self.parameters, unconnected_gradients="zero")
        gradients = [tf.convert_to_tensor(gradient) for gradient in found]
        if self._scaler:
            self._scaler.apply(gradients, self._move)
        else:
            self._move(gradients)
        return loss

    def _move(self, gradients: list[tf.Tensor]) -> list[tf.Operation]:
        """The optimizer's step."""
        if self.plan.idiomatic:
            self._stock.apply(gradients)
            return []
        step = self._step_number.assign_add(1.0, read_value=True)
        return self._update(self.parameters, gradients, self._slots, step)

    def release(self) -> None:
        """Nothing is borrowed."""

    def compilations(self) -> int:
        return 0


def packed(outputs: Any) -> tf.Tensor:
    """The one output, or several as one (see `isograd.frameworks.protocol.Gradients`)."""
    leaves = [leaf for leaf in tf.nest.flatten(outputs) if leaf is not None]
    if len(leaves) == 1:
        return leaves[0]
    dtype = next(leaf.dtype for leaf in leaves if leaf.dtype.is_floating)
    rows = (tf.reshape(leaf, [-1, np.prod(leaf.shape[1:], dtype=int)]) for leaf in leaves)
    return tf.concat([tf.cast(row, dtype) for row in rows], axis=1)


def numpy_dtype(kind: str, precision: str) -> str:
    """NumPy's name for a kind of value: ``precision`` for floating point."""
    return {"float": precision, "int": "int64", "bool": "bool"}[kind]


def _array(tensor: Any) -> NDArray[Any]:
    return np.array(tensor)
