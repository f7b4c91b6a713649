"""Running the user's own Keras training: network, loss, optimizer and schedule are theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from isograd.errors import UsageError
from isograd.frameworks.protocol import Plan
from isograd.frameworks.tensorflow.optimizers import Slots, Update
from isograd.frameworks.tensorflow.original import OriginalExecutor
from isograd.frameworks.tensorflow.recipe import (
    native_loss,
    native_optimizer,
    native_schedule,
    network,
    precise_numbers,
    read,
    shortest,
)
from isograd.ir.mapping import Array, Arrays


class NativeExecutor(OriginalExecutor):
    """The training of `Original.training`, in the plan's precision. Loss and optimizer are made
    anew from their configurations."""

    def __init__(self, plan: Plan) -> None:
        assert plan.original is not None
        assert plan.original.training is not None
        self.training = plan.original.training
        self._owner = network(self.training)
        self.recipe = read(self.training)
        self._optimizer: keras.optimizers.Optimizer | None = None
        super().__init__(plan)

    # Loss -------------------------------------------------------------------------------------

    def _make_loss(self) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
        own = native_loss(self.training, self._owner)
        if own is None:
            return super()._make_loss()
        if isinstance(own, keras.losses.Loss):
            own = type(own).from_config(own.get_config())  # of the precision that is set now
        compute = own

        def loss(outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
            found = compute(self._as_wanted(outputs, targets), outputs)
            return tf.reduce_mean(found) if found.shape.rank else found

        return loss

    def _as_wanted(self, outputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Class indices as the distribution that the loss wants."""
        wanted = self.recipe.loss
        if targets.dtype.is_floating or wanted.kind != "cross_entropy" or wanted.integer_targets:
            return targets
        return tf.one_hot(targets, outputs.shape[wanted.axis], axis=wanted.axis, dtype=self.dtype)

    def _targets(self, targets: Array) -> tf.Tensor:
        whole = targets.dtype.kind in "iu" and self.recipe.loss.kind == "cross_entropy"
        return tf.convert_to_tensor(targets.astype("int64" if whole else self.plan.dtype))

    def _differentiate(self, inputs: list[tf.Tensor], targets: tf.Tensor) -> tuple[Any, ...]:
        """A loss that goes behind the last activation has no gradient at the outputs: what stands
        there then is the recipe's."""
        outputs, loss, gradient, *rest = super()._differentiate(inputs, targets)
        if self.recipe.loss.looks_through:
            exact = self.recipe.loss.gradient(np.asarray(outputs), np.asarray(targets))
            gradient = tf.constant(exact, outputs.dtype)
        return outputs, loss, gradient, *rest

    # Optimizer --------------------------------------------------------------------------------

    def _make_update(self) -> Update:
        if native_optimizer(self.training, self._owner) is None:
            return super()._make_update()

        def apply(
            variables: Sequence[tf.Variable],
            gradients: Sequence[tf.Tensor],
            slots: Slots,
            step: tf.Tensor,
        ) -> list[tf.Operation]:
            optimizer = self._ready()
            optimizer.apply(list(gradients), [self._variable(n) for n in self.plan.trainable])
            return []

        return apply

    def _ready(self) -> keras.optimizers.Optimizer:
        """The optimizer, which knows its variables by TensorFlow's: those are other ones after the
        model was lent to another executor."""
        variables = [self._variable(name) for name in self.plan.trainable]
        if self._optimizer is None:
            self._optimizer = self._made_again()
            self._optimizer.build(variables)
        optimizer = self._optimizer
        optimizer._trainable_variables_indices = {
            optimizer._var_key(variable): place for place, variable in enumerate(variables)
        }
        optimizer._exclude_from_weight_decay_cache = {
            optimizer._var_key(variable): variable.path not in self.recipe.decay.spared
            for variable in variables
        }
        return optimizer

    def _made_again(self) -> keras.optimizers.Optimizer:
        """The same optimizer, at its start, with numbers as exact as the precision."""
        own = native_optimizer(self.training, self._owner)
        assert own is not None
        schedule = native_schedule(self.training, own)
        config = own.get_config()
        if schedule is None:
            rate = config["learning_rate"]
            config["learning_rate"] = shortest(rate) if isinstance(rate, float) else rate
        else:
            config["learning_rate"] = self._rates(schedule)
        made = type(own).from_config(config)
        return precise_numbers(made) if self.plan.dtype == "float64" else made

    def _rates(self, schedule: Any) -> Any:
        again = schedule.from_config(schedule.get_config())
        return precise_numbers(again) if self.plan.dtype == "float64" else again

    def _reset_optimizer(self) -> None:
        self._optimizer = None
        super()._reset_optimizer()

    def get_optimizer_state(self) -> dict[str, Arrays]:
        return {}  # the user's optimizer has slots of its own

    def set_optimizer_state(self, step: int, slots: dict[str, Arrays]) -> None:
        raise UsageError("A user's own optimizer keeps its state to itself.")
