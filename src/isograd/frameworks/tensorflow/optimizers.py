"""The optimizers of `isograd.training.optimizers` in TensorFlow.

Keras' own differ from those definitions, so the exact forms are written here: with TensorFlow's
fused kernels where a kernel can be made to compute the definition, in plain operations elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import singledispatch

import keras
import numpy as np
import tensorflow as tf

from isograd.errors import UsageError
from isograd.training import SGD, Adam, AdamW, Optimizer, RMSprop

Slots = dict[str, list[tf.Variable]]

Update = Callable[
    [Sequence[tf.Variable], Sequence[tf.Tensor], Slots, tf.Tensor], list[tf.Operation]
]
"""``update(variables, gradients, slots, step)`` assigns in place and returns the operations;
``step`` is a float64 scalar, 1 in the first step."""


@singledispatch
def update(definition: Optimizer) -> Update:
    """The definition's rule. Raises `NotImplementedError` for a definition without one."""
    raise NotImplementedError(f"no TensorFlow rule for {definition.name}")


@update.register
def _(definition: SGD) -> Update:
    """``ResourceApplyMomentum`` computes ``accum = momentum * accum + grad`` and subtracts
    ``lr * accum`` (Nesterov: ``lr * grad + lr * momentum * accum``), which is the definition."""

    def sgd(
        variables: Sequence[tf.Variable],
        gradients: Sequence[tf.Tensor],
        slots: Slots,
        step: tf.Tensor,
    ) -> list[tf.Operation]:
        if not definition.momentum:
            return [
                tf.raw_ops.ResourceApplyGradientDescent(
                    var=variable.handle,
                    alpha=_like(definition.learning_rate, gradient),
                    delta=gradient,
                )
                for variable, gradient in zip(variables, gradients, strict=True)
            ]
        return [
            tf.raw_ops.ResourceApplyMomentum(
                var=variable.handle,
                accum=velocity.handle,
                lr=_like(definition.learning_rate, gradient),
                grad=gradient,
                momentum=_like(definition.momentum, gradient),
                use_nesterov=definition.nesterov,
            )
            for variable, gradient, velocity in zip(
                variables, gradients, slots["velocity"], strict=True
            )
        ]

    return sgd


@update.register
def _(definition: Adam) -> Update:
    """``ResourceApplyAdam`` with everything that it would round taken out of its hands.

    The kernel adds its epsilon before the bias correction. Kingma and Ba (section 2) give the
    relation: ``epsilon * sqrt(1 - beta_2**step)`` in its place makes it the definition. It also
    computes ``1 - beta`` in the variable's precision, which for 0.999 in float32 is off by 1e-5:
    the moments then are the definition's times `slot_scales`, which the step size and epsilon make
    up for.
    """
    decay = (
        definition.learning_rate * definition.weight_decay if isinstance(definition, AdamW) else 0.0
    )

    def adam(
        variables: Sequence[tf.Variable],
        gradients: Sequence[tf.Tensor],
        slots: Slots,
        step: tf.Tensor,
    ) -> list[tf.Operation]:
        dtype = gradients[0].dtype
        scales = slot_scales(definition, dtype.name)
        root = np.sqrt(scales["moment_2"])
        correction_1 = 1.0 - tf.pow(_float64(definition.beta_1), step)
        correction_2 = tf.sqrt(1.0 - tf.pow(_float64(definition.beta_2), step))
        rate = definition.learning_rate * root / scales["moment_1"]
        numbers = {
            "lr": tf.cast(rate * correction_2 / correction_1, dtype),
            "epsilon": tf.cast(definition.epsilon * root * correction_2, dtype),
            "beta1": tf.constant(definition.beta_1, dtype),
            "beta2": tf.constant(definition.beta_2, dtype),
            "beta1_power": tf.constant(0.0, dtype),
            "beta2_power": tf.constant(0.0, dtype),
        }
        operations = []
        for variable, gradient, moment_1, moment_2 in zip(
            variables, gradients, slots["moment_1"], slots["moment_2"], strict=True
        ):
            first = [variable.assign(variable * _like(1.0 - decay, gradient))] if decay else []
            with tf.control_dependencies(first):
                operations.append(
                    tf.raw_ops.ResourceApplyAdam(
                        var=variable.handle,
                        m=moment_1.handle,
                        v=moment_2.handle,
                        grad=gradient,
                        **numbers,
                    )
                )
        return operations

    return adam


def slot_scales(definition: Optimizer, dtype: str) -> dict[str, float]:
    """What the slots hold, over what the definition's hold; 1 but for Adam in float32."""
    if not isinstance(definition, Adam):
        return dict.fromkeys(definition.slots, 1.0)
    exact = {"moment_1": definition.beta_1, "moment_2": definition.beta_2}
    one = np.dtype(dtype).type(1.0)
    return {
        slot: float(one - np.dtype(dtype).type(beta)) / (1.0 - beta) for slot, beta in exact.items()
    }


@update.register
def _(definition: RMSprop) -> Update:
    """Written out: TensorFlow's kernel has epsilon inside the root."""

    def rmsprop(
        variables: Sequence[tf.Variable],
        gradients: Sequence[tf.Tensor],
        slots: Slots,
        step: tf.Tensor,
    ) -> list[tf.Operation]:
        operations = []
        for i, (variable, gradient) in enumerate(zip(variables, gradients, strict=True)):
            rho, rate = _like(definition.rho, gradient), _like(definition.learning_rate, gradient)
            mean_square = rho * slots["mean_square"][i] + (1.0 - rho) * tf.square(gradient)
            direction = gradient / (tf.sqrt(mean_square) + _like(definition.epsilon, gradient))
            operations.append(slots["mean_square"][i].assign(mean_square))
            if definition.momentum:
                direction += _like(definition.momentum, gradient) * slots["velocity"][i]
                operations.append(slots["velocity"][i].assign(direction))
            operations.append(variable.assign_sub(rate * direction))
        return operations

    return rmsprop


def _like(value: float, tensor: tf.Tensor) -> tf.Tensor:
    return tf.constant(value, tensor.dtype)


def _float64(value: float) -> tf.Tensor:
    return tf.constant(value, tf.float64)


@singledispatch
def stock(definition: Optimizer) -> keras.optimizers.Optimizer:
    """Keras' own optimizer with the same hyper-parameters, for idiomatic twins; `DECLARED` says how
    it differs. Raises `NotImplementedError` for a definition without one."""
    raise NotImplementedError(f"no Keras optimizer for {definition.name}")


@stock.register
def _(definition: SGD) -> keras.optimizers.Optimizer:
    return keras.optimizers.SGD(
        definition.learning_rate, momentum=definition.momentum, nesterov=definition.nesterov
    )


@stock.register
def _(definition: Adam) -> keras.optimizers.Optimizer:
    return keras.optimizers.Adam(
        definition.learning_rate, definition.beta_1, definition.beta_2, definition.epsilon
    )


@stock.register
def _(definition: AdamW) -> keras.optimizers.Optimizer:
    return keras.optimizers.AdamW(
        definition.learning_rate,
        weight_decay=definition.weight_decay,
        beta_1=definition.beta_1,
        beta_2=definition.beta_2,
        epsilon=definition.epsilon,
    )


@stock.register
def _(definition: RMSprop) -> keras.optimizers.Optimizer:
    return keras.optimizers.RMSprop(
        definition.learning_rate,
        rho=definition.rho,
        momentum=definition.momentum,
        epsilon=definition.epsilon,
    )


@singledispatch
def session_stock(definition: Optimizer) -> tf.compat.v1.train.Optimizer:
    """TensorFlow 1's own optimizer, which an idiomatic session uses: Keras' need TensorFlow 2.

    Raises `UsageError` for a definition without one.
    """
    raise UsageError(
        f"TensorFlow's sessions have no {definition.name} of their own.",
        hint="Leave --idiomatic out, or choose other modes.",
    )


@session_stock.register
def _(definition: SGD) -> tf.compat.v1.train.Optimizer:
    train = tf.compat.v1.train
    if not definition.momentum:
        return train.GradientDescentOptimizer(definition.learning_rate)
    return train.MomentumOptimizer(
        definition.learning_rate, definition.momentum, use_nesterov=definition.nesterov
    )


@session_stock.register
def _(definition: Adam) -> tf.compat.v1.train.Optimizer:
    if isinstance(definition, AdamW):
        return session_stock.dispatch(object)(definition)
    return tf.compat.v1.train.AdamOptimizer(
        definition.learning_rate, definition.beta_1, definition.beta_2, definition.epsilon
    )


@session_stock.register
def _(definition: RMSprop) -> tf.compat.v1.train.Optimizer:
    return tf.compat.v1.train.RMSPropOptimizer(
        definition.learning_rate, definition.rho, definition.momentum, definition.epsilon
    )
