"""What a Keras network of the corpus is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import keras


@dataclass(frozen=True)
class KerasNetwork:
    """A network to convert.

    `build` returns the model with random weights. `inputs` is empty where the model knows its own
    inputs; a subclassed model, unbuilt, has a specification for each argument of `call`, in order
    (see `specs.sample`).
    """

    name: str
    build: Callable[[], keras.Model]
    inputs: Mapping[str, str] = field(default_factory=dict)
