"""Dense layers on more than two axes, as one product of matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops


def flatten_products(model: keras.Model) -> None:
    """Lets the model's Dense layers see their inputs as matrices.

    Keras leaves more axes to ``tf.tensordot``, which computes its shapes while it runs where the
    batch size is open: nine operations on shapes for each layer, and sizes that LiteRT knows too
    late for XNNPACK to take the graph. A shape ``(-1, features)`` is a constant.
    """
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Dense):
            layer.call = _flat(layer.call)


def _flat(call: Callable[..., Any]) -> Callable[..., Any]:
    def flat(x: Any, *args: Any, **kwargs: Any) -> Any:
        inner = x.shape[1:]
        if len(inner) < 2 or None in inner:
            return call(x, *args, **kwargs)
        y = call(ops.reshape(x, (-1, inner[-1])), *args, **kwargs)
        return ops.reshape(y, (-1, *inner[:-1], y.shape[-1]))

    return flat
