"""Values that depend on no input, computed in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from isograd.ir import ops
from isograd.ir.graph import Node, Weights
from isograd.ir.mapping import Array
from isograd.ir.ops import Op

CONSTANT = (ops.Parameter, ops.Buffer, ops.Scalar, ops.Full, ops.Arange)
"""They are constants by themselves: computing them saves nothing."""


def constant(node: Node, known: Mapping[str, Array], weights: Weights) -> Array | None:
    """The value of ``node``, in float64 where it holds floating-point numbers, if all that it
    depends on is ``known`` and NumPy has its op; else None. Values whose sizes are open, and
    layers with weights, are never constants."""
    ends = (getattr(node.op, "start", 0), getattr(node.op, "stop", 0))
    if any(isinstance(size, str) for size in (*node.type.shape, *ends)):
        return None
    if isinstance(node.op, ops.Parameter | ops.Buffer):
        array = weights[node.parameters["value"]]
        return array.astype(np.float64) if node.type.dtype == "float" else array
    compute = _COMPUTE.get(type(node.op))
    if compute is None or any(name not in known for name in node.inputs):
        return None
    value = np.asarray(compute(node.op, *(known[name] for name in node.inputs)))
    return value if value.shape == node.type.shape else None


def _filled(op: ops.Full | ops.Scalar) -> Array:
    kind = {"float": np.float64, "int": np.int64, "bool": np.bool_}[op.dtype]
    return np.full(getattr(op, "shape", ()), op.value, kind)


def _over(function: Callable[..., Any]) -> Callable[[Any, Array], Array]:
    return lambda op, x: function(x, axis=op.axes, keepdims=op.keepdims)


def _slice(op: ops.Slice, x: Array) -> Array:
    index = [slice(None)] * x.ndim
    index[op.axis] = slice(op.start, op.stop, op.step)
    return x[tuple(index)]


_COMPUTE: dict[type[Op], Callable[..., Any]] = {
    ops.Scalar: _filled,
    ops.Full: _filled,
    ops.Arange: lambda op: np.arange(op.start, op.stop, op.step),
    ops.Add: lambda op, a, b: a + b,
    ops.Subtract: lambda op, a, b: a - b,
    ops.Multiply: lambda op, a, b: a * b,
    ops.Divide: lambda op, a, b: a / b,
    ops.AddScalar: lambda op, x: x + op.value,
    ops.MultiplyScalar: lambda op, x: x * op.value,
    ops.PowerScalar: lambda op, x: x**op.exponent,
    ops.Negative: lambda op, x: -x,
    ops.Square: lambda op, x: x * x,
    ops.Sqrt: lambda op, x: np.sqrt(x),
    ops.Rsqrt: lambda op, x: 1 / np.sqrt(x),
    ops.Exp: lambda op, x: np.exp(x),
    ops.Sum: _over(np.sum),
    ops.Mean: _over(np.mean),
    ops.Transpose: lambda op, x: np.transpose(x, op.axes),
    ops.Reshape: lambda op, x: np.reshape(x, op.shape),
    ops.ExpandDims: lambda op, x: np.expand_dims(x, op.axis),
    ops.Squeeze: lambda op, x: np.squeeze(x, op.axes),
    ops.BroadcastTo: lambda op, x: np.broadcast_to(x, op.shape),
    ops.Slice: _slice,
    ops.MatMul: lambda op, a, b: a @ b,
}
"""Op to what it computes, given the op and its operands."""
