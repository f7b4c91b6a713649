"""What goes through an inner layer, and its gradient, without a change to the network: a second
model that shares its layers. Keras has no hooks, as the last two attempts show."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from isograd.probes.watching import attempt

STEPS = 3
X = np.ones((2, 3), np.float32)


def network() -> keras.Model:
    keras.utils.set_random_seed(0)
    first, last = keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)
    inputs = keras.Input((3,))
    return keras.Model(inputs, last(first(inputs)))


def watched(mode: Any, kind: str) -> dict[str, Any]:
    """How often the inner layer's output, or its gradient, comes out of each step, and whether it
    is right."""
    net = mode.make(network)
    spying = mode.make(lambda: keras.Model(net.inputs, [net.layers[1].output, net.output]))

    def step(x: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            hidden, output = spying(x)
            loss = tf.reduce_mean(output)
        seen = hidden if kind == "value" else tape.gradient(loss, hidden)
        return seen, [tf.identity(variable.value) for variable in net.variables]

    run = mode.run(step, X)
    steps = [run(X) for _ in range(STEPS)]
    seen, (kernel, bias, last, _) = steps[-1]
    value = np.tanh(X @ kernel + bias)
    right = value if kind == "value" else np.broadcast_to(last.T / len(X), value.shape)
    return {"each step": [1] * len(steps), "right": bool(np.allclose(seen, right, atol=1e-6))}


def attached(mode: Any, method: str) -> dict[str, Any]:
    """Asks a layer of a network that runs already for a hook of its own."""
    seen: list[Any] = []
    net = mode.make(network)
    run = mode.run(lambda x: net(x), X)
    run(X)
    getattr(net.layers[1], method)(lambda *values: seen.append(values))
    for _ in range(STEPS):
        run(X)
    return {"each step": [len(seen) // STEPS] * STEPS, "right": bool(seen)}


def observe(mode: Any) -> dict[str, Any]:
    hooks = {"value": "register_forward_hook", "gradient": "register_full_backward_hook"}
    return {
        "how": "a second model that shares the layers",
        "seen": {
            **{f"{k}, asked for first": attempt(watched, mode, k) for k in hooks},
            **{
                f"{kind}, attached while it runs": attempt(attached, mode, method)
                for kind, method in hooks.items()
            },
        },
    }
