"""TensorFlow's first way to run: a graph is built once, then a session executes it.

The Keras model only describes the network here. Its variables live in the graph, and a stateless
scope turns the description into operations on them.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from operator import attrgetter
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from isograd.errors import UsageError
from isograd.frameworks.protocol import Plan
from isograd.frameworks.tensorflow.executor import EagerExecutor, numpy_dtype, packed
from isograd.frameworks.tensorflow.optimizers import session_stock
from isograd.frameworks.tensorflow.precision import LossScaler, restored
from isograd.ir.mapping import Array, Arrays

v1 = tf.compat.v1


class SessionExecutor(EagerExecutor):
    """``tf.Graph`` with ``tf.compat.v1.Session``, gradients by ``tf.gradients``."""

    def __init__(self, plan: Plan) -> None:
        self.graph = tf.Graph()
        self.session = v1.Session(
            graph=self.graph,
            config=v1.ConfigProto(
                intra_op_parallelism_threads=plan.threads, inter_op_parallelism_threads=1
            ),
        )
        self._callables: dict[str, Any] = {}
        self._starts: dict[int, tf.Tensor] = {}
        self._examples: list[tf.Variable] = []
        super().__init__(plan)

    def _prepare(self) -> None:
        trainable, others = self.model.trainable_variables, self.model.non_trainable_variables
        starts = [[v.numpy() for v in variables] for variables in (trainable, others)]
        with self.graph.as_default():
            self._trainable, self._others = (
                [self._make(value) for value in values] for values in starts
            )
            keras_to_graph = dict(
                zip(map(id, trainable + others), self._trainable + self._others, strict=True)
            )
            self._in_graph = lambda variable: keras_to_graph[id(variable)]
            self.parameters = [self._in_graph(self._variable(n)) for n in self.plan.trainable]
            self.buffers = [self._in_graph(self._variable(n)) for n in self.plan.buffers]
            self._step_number = self._make(np.float64(0.0))
            self._slots = {
                slot: [self._make(np.zeros(v.shape, self.plan.dtype)) for v in self.parameters]
                for slot in self.plan.recipe.optimizer.slots
            }
            if self.plan.idiomatic:
                self._session_stock = session_stock(self.plan.recipe.optimizer)
            self._scaler = self._make_scaler(self._make)

    def _make_scaler(self, make: Callable[[Any], tf.Variable]) -> LossScaler | None:
        if self.plan.idiomatic and self.plan.precision == "float16":
            raise UsageError(
                "TensorFlow's own optimizers for sessions know no loss scaling, which float16 "
                "needs.",
                hint="Leave --idiomatic out, or choose other modes.",
            )
        return super()._make_scaler(make)

    def _make(self, value: Any, *, any_length: bool = False) -> tf.Variable:
        """A variable in the graph; its start is fed, because a graph holds at most 2 GB."""
        value = np.asarray(value)
        shape = [None, *value.shape[1:]] if any_length else value.shape
        start = v1.placeholder(value.dtype, shape)
        variable = v1.Variable(start, use_resource=True, trainable=False, shape=shape)
        self._starts[id(variable)] = start
        self._set(variable, value)
        return variable

    def _set(self, variable: tf.Variable, value: Any) -> None:
        self.session.run(variable.initializer, {self._starts[id(variable)]: value})

    # State ------------------------------------------------------------------------------------

    def set_state(self, state: Arrays) -> None:
        for name, variable in self._variables().items():
            self._set(variable, state[name])
        self._reset_optimizer()

    def _reset_optimizer(self) -> None:
        slots = [variable for slot in self._slots.values() for variable in slot]
        for variable in [self._step_number, *slots]:
            self._set(variable, np.zeros(variable.shape))
        if self._scaler:
            self._set(self._scaler.scale, self._scaler.start[0])
            self._set(self._scaler.good, self._scaler.start[1])
        if self.plan.idiomatic and "step" in self._callables:
            with self.graph.as_default():
                self.session.run(v1.variables_initializer(self._session_stock.variables()))

    def _put(self, variable: tf.Variable, value: Array) -> None:
        self._set(variable, value)

    def get_state(self) -> Arrays:
        return self.session.run(self._variables())

    def _values(self, variables: list[tf.Variable]) -> list[Array]:
        return self.session.run(variables)

    def set_masks(self, masks: Arrays) -> None:
        for attribute, mask in masks.items():
            self._set(self._in_graph(attrgetter(attribute)(self.model).mask), mask)

    def _projection(self, held: list[tuple[tf.Variable, Array]]) -> Callable[[], object]:
        with self.graph.as_default():
            masks = [self._make(mask) for _, mask in held]
            pairs = zip((variable for variable, _ in held), masks, strict=True)
            writes = [variable.assign(variable * mask) for variable, mask in pairs]
            return self.session.make_callable(tf.group(*writes))

    # Graph building ---------------------------------------------------------------------------

    def _callable(self, name: str) -> Any:
        """The session's callable of this name; its part of the graph is built on first use."""
        if name not in self._callables:
            with self.graph.as_default():
                self._callables[name] = getattr(self, f"_build_{name}")()
        return self._callables[name]

    def _build_forward(self) -> Any:
        inputs = self._placeholders()
        outputs, _ = self._stateless(inputs, training=False)
        return self.session.make_callable(outputs, feed_list=inputs)

    def _build_gradients(self) -> Any:
        inputs, targets = self._placeholders(), v1.placeholder(self._target_dtype)
        outputs, changes = self._stateless(inputs, training=True)
        targets.set_shape(self._target_shape(outputs))
        loss = self.loss(outputs, targets)
        floating = [x for x in inputs if x.dtype.is_floating]
        sources = [outputs, *floating, *self.parameters]
        found = _gradients(loss, sources)
        with tf.control_dependencies(found):
            moved = [variable.assign(value) for variable, value in changes]
        split = 1 + len(floating)
        fetches = (outputs, loss, found[0], found[1:split], found[split:], moved)
        return self.session.make_callable(fetches, feed_list=[*inputs, targets])

    def _build_step(self) -> Any:
        rows = v1.placeholder(tf.int64, [self.plan.recipe.batch_size])
        *data, labels = self._examples
        inputs = [tf.gather(x, rows) for x in data]
        outputs, changes = self._stateless(inputs, training=True)
        loss = self.loss(outputs, tf.gather(labels, rows))
        goal = self._scaler.scaled(loss) if self._scaler else loss
        gradients = _gradients(goal, self.parameters)
        # A v1 graph orders nothing by itself: every read must be over before the first write.
        with tf.control_dependencies([*gradients, loss]):
            writes = [variable.assign(value) for variable, value in changes]
            if self._scaler:
                writes.append(self._scaler.apply(gradients, self._move))
            elif not self.plan.idiomatic:
                writes += self._move(gradients)
            gradients = [tf.identity(gradient) for gradient in gradients]
        if self.plan.idiomatic:
            writes.append(self._apply_stock(gradients))
        with tf.control_dependencies(writes):
            result = tf.identity(loss)
        return self.session.make_callable(result, feed_list=[rows])

    def _apply_stock(self, gradients: list[tf.Tensor]) -> Any:
        pairs = zip(gradients, self.parameters, strict=True)
        applied = self._session_stock.apply_gradients(pairs)
        self.session.run(v1.variables_initializer(self._session_stock.variables()))
        return applied

    def _stateless(self, inputs: list[tf.Tensor], training: bool) -> tuple[tf.Tensor, list[Any]]:
        """The outputs, and (variable, new value) for each variable that the pass changes."""
        keras.config.set_floatx(self.plan.dtype)
        own = self.model.trainable_variables, self.model.non_trainable_variables
        before = [[v.read_value() for v in vs] for vs in (self._trainable, self._others)]
        pairs = zip(chain(*own), chain(*before), strict=True)
        # Not the model's stateless_call, which leaves its policy's casts out.
        with keras.StatelessScope(list(pairs)) as scope:
            outputs = self.model(inputs[0] if len(inputs) == 1 else inputs, training=training)
        changes = [
            (variable, new)
            for variable, keras_variable, old in zip(self._others, own[1], before[1], strict=True)
            if (new := scope.get_current_value(keras_variable)) is not old
        ]
        return restored(packed(outputs), self.plan), changes

    def _placeholders(self) -> list[tf.Tensor]:
        return [
            v1.placeholder(numpy_dtype(kind, self.plan.dtype), [None, *shape])
            for shape, kind in self.plan.inputs
        ]

    def _target_shape(self, outputs: tf.Tensor) -> Any:
        return outputs.shape[:-1] if self._target_dtype == tf.int64 else outputs.shape

    # Execution --------------------------------------------------------------------------------

    def forward(self, *inputs: Array) -> NDArray[np.floating]:
        return self._callable("forward")(*self._arrays(inputs))

    def _differentiate(self, inputs: list[tf.Tensor], targets: tf.Tensor) -> tuple[Any, ...]:
        arrays = [tensor.numpy() for tensor in [*inputs, targets]]
        return self._callable("gradients")(*arrays)[:5]

    def load_data(self, inputs: tuple[Array, ...], targets: Array) -> None:
        arrays = [*self._arrays(inputs), targets.astype(self._target_dtype.name)]
        if not self._examples:
            with self.graph.as_default():
                self._examples = [self._make(array, any_length=True) for array in arrays]
        for variable, array in zip(self._examples, arrays, strict=True):
            self._set(variable, array)

    def _arrays(self, inputs: tuple[Array, ...]) -> list[Array]:
        return [tensor.numpy() for tensor in self._inputs(inputs)]

    def _calls(self, batches: NDArray[np.int64]) -> list[Any]:
        return list(batches)

    def _step(self, rows: NDArray[np.int64]) -> Any:
        return self._callable("step")(rows)

    def compilations(self) -> int:
        return int("step" in self._callables)


def _gradients(loss: tf.Tensor, sources: list[Any]) -> list[tf.Tensor]:
    """Of the loss with respect to each source; those of a table's rows are made dense."""
    found = tf.gradients(loss, sources, unconnected_gradients="zero")
    return [tf.convert_to_tensor(gradient) for gradient in found]
