"""How a snippet runs a function in each of TensorFlow's modes: arrays in, arrays out, and Python's
numbers as they are."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf

from isograd.errors import unknown

Made = TypeVar("Made")


class Eager:
    """Python calls one operation after the other."""

    name = "eager"

    def make(self, factory: Callable[[], Made]) -> Made:
        """Calls ``factory``, which may create variables, where this mode keeps them."""
        return factory()

    def run(self, function: Callable[..., Any], *examples: Any, varying: bool = False) -> Any:
        """The function, as this mode runs it. ``examples`` are what it may be called with;
        ``varying`` declares that the size of their first axis changes from call to call."""
        return self._with_arrays(function)

    def builds(self) -> int:
        """How often a graph was traced or compiled so far."""
        return 0

    def _with_arrays(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def step(*values: Any) -> Any:
            found = function(*(x if isinstance(x, float) else tf.constant(x) for x in values))
            return tf.nest.map_structure(np.asarray, found)

        return step


class Function(Eager):
    """``tf.function``: Python runs once for each kind of argument, and leaves a graph."""

    name = "function"

    def __init__(self) -> None:
        self._functions: list[Any] = []

    def run(self, function: Callable[..., Any], *examples: Any, varying: bool = False) -> Any:
        signature = [_specification(np.asarray(x)) for x in examples] if varying else None
        self._functions.append(self._traced(function, signature))
        return self._with_arrays(self._functions[-1])

    def builds(self) -> int:
        return sum(one.experimental_get_tracing_count() for one in self._functions)

    def _traced(self, function: Callable[..., Any], signature: Any) -> Any:
        return tf.function(function, input_signature=signature)


class Xla(Function):
    """``tf.function(jit_compile=True)``: the graph is compiled by XLA for each set of shapes."""

    name = "xla"

    def __init__(self) -> None:
        super().__init__()
        self._programs = _programs()

    def builds(self) -> int:
        """Programs that XLA compiled: a trace of a function makes one for each set of shapes."""
        return len(list(self._programs.glob("*.before_optimizations.txt")))

    def _traced(self, function: Callable[..., Any], signature: Any) -> Any:
        return tf.function(function, input_signature=signature, jit_compile=True)


class Session(Eager):
    """``tf.Graph`` and ``tf.compat.v1.Session``: Python builds the graph, once, and never runs
    again."""

    name = "session"

    def __init__(self) -> None:
        self.graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=self.graph)
        self._builds = 0
        self._initialised = 0

    def make(self, factory: Callable[[], Made]) -> Made:
        with self.graph.as_default():
            return factory()

    def run(self, function: Callable[..., Any], *examples: Any, varying: bool = False) -> Any:
        arrays = [np.asarray(x, np.float32 if isinstance(x, float) else None) for x in examples]
        shapes = [[None, *x.shape[1:]] if varying else x.shape for x in arrays]
        with self.graph.as_default():
            places = [
                tf.compat.v1.placeholder(x.dtype, shape)
                for x, shape in zip(arrays, shapes, strict=True)
            ]
            fetched = function(*places)
            new = tf.compat.v1.global_variables()[self._initialised :]
            self._session.run(tf.compat.v1.variables_initializer(new))
        self._initialised += len(new)
        self._builds += 1
        return lambda *values: self._session.run(fetched, dict(zip(places, values, strict=True)))

    def builds(self) -> int:
        return self._builds


MODES: dict[str, type[Eager]] = {mode.name: mode for mode in (Eager, Session, Function, Xla)}


def open_mode(name: str) -> Eager:
    """The mode of this name. Raises `UsageError` for an unknown one."""
    if name not in MODES:
        raise unknown("tensorflow mode", name, MODES)
    return MODES[name]()


def _specification(example: np.ndarray) -> tf.TensorSpec:
    return tf.TensorSpec([None, *example.shape[1:]], example.dtype)


@cache
def _programs() -> Path:
    """The folder in which XLA writes down what it compiles; it reads its flags once in a process,
    before its first program."""
    folder = tempfile.mkdtemp(prefix="xla-")
    os.environ["XLA_FLAGS"] = f"--xla_dump_to={folder} --xla_dump_hlo_as_text"
    return Path(folder)
