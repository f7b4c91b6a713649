"""``keras.layers.MultiHeadAttention`` as ops."""

from __future__ import annotations

from math import prod
from typing import Any

from isograd.frameworks.tensorflow.importing.trace import Trace, Value
from isograd.ir import ops
from isograd.ir.mapping import Permute, Reshaped, Transform
from isograd.ir.sizes import Dim


def multi_head_attention(
    trace: Trace,
    layer: Any,
    query: Value,
    value: Value,
    key: Value,
    mask: Value | None,
    causal: bool,
) -> Value:
    """Projections, attention of each head, projection (Vaswani et al., 2017, section 3.2.2)."""
    if layer._attention_axes not in ((1,), [1], 1):
        raise trace.unsupported("MultiHeadAttention along other axes than the first")
    if getattr(layer, "_sliding_window", None) or getattr(layer, "_use_gate", False):
        raise trace.unsupported("MultiHeadAttention with a sliding window or a gate")
    query, value, key = (trace.plain(one) for one in (query, value, key))
    q = _heads(trace, layer._query_dense, query, layer.num_heads)
    k = _heads(trace, layer._key_dense, key, layer.num_heads)
    v = _heads(trace, layer._value_dense, value, layer.num_heads)
    made = _attend(trace, layer, q, k, v, mask, causal)
    batch, heads, length, width = made.type.shape
    together = trace.add(ops.Transpose((0, 2, 1, 3)), made)
    assert isinstance(heads, int)
    assert isinstance(width, int)
    flat = trace.add(ops.Reshape((batch, length, heads * width)), together)
    return _output(trace, layer._output_dense, flat)


def _attend(
    trace: Trace, layer: Any, q: Value, k: Value, v: Value, mask: Value | None, causal: bool
) -> Value:
    scale = float(layer._inverse_sqrt_key_dim)
    length, keys = q.type.shape[2], k.type.shape[2]
    if mask is not None:
        mask = _of_heads(trace, mask)
        mask = _and(trace, mask, _causal(trace, length, keys)) if causal else mask
    if not layer.dropout and mask is None:
        usual = None if abs(scale - layer.key_dim**-0.5) < 1e-12 else scale
        return trace.add(ops.Attention(causal, usual), q, k, v)
    if causal and mask is None:
        mask = _causal(trace, length, keys)
    scores = trace.add(
        ops.MatMul(),
        trace.add(ops.MultiplyScalar(scale), q),
        trace.add(ops.Transpose((0, 1, 3, 2)), k),
    )
    if mask is not None:
        scores = trace.add(ops.Where(), mask, scores, trace.add(ops.Scalar(LOWEST)))
    weights = trace.add(ops.Softmax(-1), scores)
    if mask is not None and layer.dropout:
        weights = trace.add(ops.Where(), mask, weights, trace.add(ops.Scalar(0.0)))
    weights = trace.dropout(weights, layer.dropout)
    return trace.add(ops.MatMul(), weights, v)


LOWEST = -1e30
"""What a score is that must not count; finite, so that a query that sees nothing is no NaN: Keras
gives it the mean of all values, or nothing at all where the weights are dropped out. PyTorch's own
attention would give such a query other gradients, so that one with a mask is written out."""


def _causal(trace: Trace, length: Dim, keys: Dim) -> Value:
    return trace.add(ops.Triangle(False, 0), trace.add(ops.Full((length, keys), True, "bool")))


def _and(trace: Trace, mask: Value | None, other: Value) -> Value:
    return other if mask is None else trace.add(ops.LogicalAnd(), mask, other)


def _of_heads(trace: Trace, mask: Value) -> Value:
    """[N, T, S] with an axis for the heads; numbers are truth values where they are not 0."""
    if mask.type.dtype != "bool":
        mask = trace.like(ops.Cast("bool"), mask)
    mask = trace.plain(mask)
    return trace.add(ops.ExpandDims(1), mask) if mask.rank == 3 else mask


def _heads(trace: Trace, layer: Any, x: Value, heads: int) -> Value:
    """[N, T, D] to [N, heads, T, width]."""
    rows, *columns = map(int, layer.kernel.shape)
    name = f"{trace.scope}.{_role(layer)}"
    flat = Reshaped((rows, *columns), (rows, prod(columns)))
    roles = {"weight": trace.parameter(layer.kernel, f"{name}.weight", _transform(flat))}
    if layer.bias is not None:
        step = Reshaped(tuple(columns), (prod(columns),))
        roles["bias"] = trace.parameter(layer.bias, f"{name}.bias", Transform((step,)))
    op = ops.Linear(prod(columns), layer.bias is not None)
    with trace.below(_role(layer)):
        made = trace.add(op, x, roles=roles, trainable=layer.trainable)
    batch, length = made.type.shape[:2]
    split = trace.add(ops.Reshape((batch, length, heads, prod(columns) // heads)), made)
    return trace.add(ops.Transpose((0, 2, 1, 3)), split)


def _output(trace: Trace, layer: Any, x: Value) -> Value:
    *rows, columns = map(int, layer.kernel.shape)
    name = f"{trace.scope}.{_role(layer)}"
    flat = Reshaped((*rows, columns), (prod(rows), columns))
    roles = {"weight": trace.parameter(layer.kernel, f"{name}.weight", _transform(flat))}
    if layer.bias is not None:
        roles["bias"] = trace.parameter(layer.bias, f"{name}.bias", Transform())
    op = ops.Linear(columns, layer.bias is not None)
    with trace.below(_role(layer)):
        return trace.add(op, x, roles=roles, trainable=layer.trainable)


def _role(layer: Any) -> str:
    """``query``, ``key``, ``value`` or ``attention_output``."""
    return str(layer.name)


def _transform(flat: Reshaped) -> Transform:
    return Transform((flat, Permute((1, 0))))
