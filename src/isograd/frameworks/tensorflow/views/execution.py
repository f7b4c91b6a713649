"""The executors that run: one training step of a subject, in one mode."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from isograd.frameworks.protocol import Subject
from isograd.frameworks.tensorflow.modes import MODES


def open_loaded(subject: Subject, mode: str) -> Any:
    """The mode's executor, with the subject's state and data; it has not trained yet."""
    executor = MODES[mode](replace(subject.plan, mode=mode))
    executor.set_state(subject.state)
    executor.load_data(subject.inputs, subject.targets)
    return executor


def batch(subject: Subject) -> NDArray[np.int64]:
    """The rows of the one batch, [1, batch size]."""
    return np.arange(subject.plan.recipe.batch_size, dtype=np.int64)[None]


def key(tensor: Any) -> str | int:
    """What tells a tensor from all others: a number for one that has a value, else its name."""
    return getattr(tensor, "_id", None) or tensor.name


def held_names(executor: Any) -> dict[str | int, str]:
    """What the executor's variables and data are called, by the `key` of tensor or handle."""
    named: list[tuple[str, Any]] = [
        (variable.path, variable.value) for variable in executor.model.variables
    ]
    named += executor._variables().items()
    for slot, variables in executor._slots.items():
        named += [
            (f"{slot}/{name}", variable)
            for name, variable in zip(executor.plan.trainable, variables, strict=True)
        ]
    named.append(("step", executor._step_number))
    data = getattr(executor, "_examples", None) or [
        *executor.data,
        *([executor.targets] if hasattr(executor, "targets") else []),
    ]
    labels = [*(f"input {i}" for i in range(len(data) - 1)), "targets"]
    named += zip(labels, data, strict=True)
    return {key(getattr(variable, "handle", variable)): name for name, variable in named}


@contextmanager
def whole_tracebacks() -> Iterator[None]:
    """Errors keep the frames of both libraries, which say where it was."""
    of_keras = keras.config.is_traceback_filtering_enabled()
    of_tensorflow = tf.debugging.is_traceback_filtering_enabled()
    keras.config.disable_traceback_filtering()
    tf.debugging.disable_traceback_filtering()
    try:
        yield
    finally:
        if of_keras:
            keras.config.enable_traceback_filtering()
        if of_tensorflow:
            tf.debugging.enable_traceback_filtering()
