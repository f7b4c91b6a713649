"""The graph of a function before any number has been computed: what is there to see?"""

from __future__ import annotations

import re
from typing import Any

import tensorflow as tf

from isograd.probes.watching import attempt

SHAPE = tf.TensorSpec([2, 3], tf.float32)
"""A shape, and no numbers."""


def function(x: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.nn.relu(x * 2))


def of_python(mode: Any) -> list[str]:
    run = mode.run(function)
    return [operation.name for operation in getattr(run, "graph", [])]


def of_session(mode: Any) -> list[str]:
    with mode.graph.as_default():
        function(tf.compat.v1.placeholder(SHAPE.dtype, SHAPE.shape))
    return [operation.type for operation in mode.graph.get_operations()]


def of_function(mode: Any) -> list[str]:
    graph = tf.function(function).get_concrete_function(SHAPE).graph
    return [operation.type for operation in graph.get_operations()]


def of_xla(mode: Any) -> list[str]:
    compiled = tf.function(function, jit_compile=True)
    program = compiled.experimental_get_compiler_ir(SHAPE)(stage="hlo")
    return re.findall(r" = \(?[^ ]+ ([\w-]+)\(", program)


LOOKS = {
    "eager": ("the function itself", of_python),
    "session": ("the operations of the tf.Graph", of_session),
    "function": ("get_concrete_function of a shape", of_function),
    "xla": ("experimental_get_compiler_ir of a shape", of_xla),
}


def observe(mode: Any) -> dict[str, Any]:
    how, look = LOOKS[mode.name]
    return {"how": how, "operations": attempt(look, mode)}
