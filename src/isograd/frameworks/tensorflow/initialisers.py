"""How the variables of a Keras model are drawn."""

from __future__ import annotations

from math import prod, sqrt
from typing import Any

import keras

from isograd.training import Initialiser


def initialisers(model: keras.Model) -> dict[str, Initialiser]:
    """Path of a variable to its initialiser, as its layer says (``kernel_initializer`` for
    ``kernel``), or else what the weights look like."""
    found: dict[str, Initialiser] = {}
    for layer in model._flatten_layers():
        for variable in layer._trainable_variables:
            given = getattr(layer, f"{variable.name}_initializer", None)
            read = _read(given, tuple(variable.shape)) if given is not None else None
            found[variable.path] = read or Initialiser.estimated(variable.numpy())
    return found


def _read(given: Any, shape: tuple[int, ...]) -> Initialiser | None:
    kinds = keras.initializers
    if isinstance(given, kinds.Zeros | kinds.Ones):
        return Initialiser("constant", float(isinstance(given, kinds.Ones)))
    if isinstance(given, kinds.Constant):
        return Initialiser("constant", float(given.value))
    if isinstance(given, kinds.VarianceScaling):
        return _scaled(given, shape)
    return None


def _scaled(given: Any, shape: tuple[int, ...]) -> Initialiser:
    """The variance is ``scale`` over the fan (``keras.initializers.VarianceScaling``)."""
    rest = prod(shape[:-2])
    fan_in, fan_out = (
        (shape[0], shape[0]) if len(shape) == 1 else (rest * shape[-2], rest * shape[-1])
    )
    fans = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
    spread = sqrt(given.scale / max(fans[given.mode], 1.0))
    if given.distribution == "uniform":
        return Initialiser("uniform", float(f"{spread * sqrt(3.0):.6g}"))
    return Initialiser("normal", float(f"{spread:.6g}"))
