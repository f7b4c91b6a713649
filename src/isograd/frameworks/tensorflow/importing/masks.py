"""Keras' masks: which steps of a sequence count.

Keras hangs a mask on a tensor and hands it from layer to layer. Here this is done again, layer by
layer, on symbolic tensors, so that each mask is a value of the graph.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from keras import KerasTensor, tree
from keras.src import backend


def filled_in(layer: Any, args: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that Keras fills in with the masks of the tensors that a layer is called with:
    ``mask`` where these are in one argument, else ``<argument>_mask``; those that are masks of
    nothing are left out. A layer that is given initial states finds no mask that way.
    """
    parameters = inspect.signature(layer.call).parameters
    known = {name: value for name, value in kwargs.items() if name in parameters}
    bound = inspect.signature(layer.call).bind(*args, **known).arguments
    tensors = {name: value for name, value in bound.items() if _holds_tensors(value)}
    names = {f"{name}_mask": value for name, value in tensors.items()}
    if len(tensors) == 1:
        names = {"mask": next(iter(tensors.values()))}
    wanted = {n: v for n, v in names.items() if n in parameters and bound.get(n) is None}
    masks = {name: of(value) for name, value in wanted.items()}
    return {name: mask for name, mask in masks.items() if any_of(mask)}


def of(tensors: Any) -> Any:
    """The mask of each tensor, None for one that has none."""
    return tree.map_structure(backend.get_keras_mask, tensors)


def any_of(masks: Any) -> bool:
    """Whether there is a mask at all."""
    return any(mask is not None for mask in tree.flatten(masks))


def take_off(*tensors: Any) -> None:
    """From here on, these have no mask."""
    for tensor in tree.flatten(tensors):
        if isinstance(tensor, KerasTensor):
            backend.set_keras_mask(tensor, None)


def before(layer: Any, args: Any, kwargs: Mapping[str, Any]) -> tuple[Any, Any]:
    """A layer's first argument, and the mask that it comes with or is given by ``kwargs``."""
    first = args[0] if args else kwargs[next(iter(inspect.signature(layer.call).parameters))]
    given = kwargs.get("mask")
    return first, of(first) if given is None else given


def hand_on(layer: Any, outputs: Any, first: Any, previous: Any) -> None:
    """Masks of what a layer has made, as the layer itself computes them."""
    if layer.supports_masking and first is not None:
        layer._set_mask_metadata(first, outputs, previous)


def _holds_tensors(value: Any) -> bool:
    found = [one for one in tree.flatten(value) if one is not None]
    return bool(found) and all(isinstance(one, KerasTensor) for one in found)
