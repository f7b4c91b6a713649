"""Layers as ops: dense, embedding, normalisation, dropout, merging, shapes."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import keras
import numpy as np
from keras import layers

from isograd.frameworks.tensorflow.importing import activations
from isograd.frameworks.tensorflow.importing.activations import activate, along
from isograd.frameworks.tensorflow.importing.arithmetic import binary, joined
from isograd.frameworks.tensorflow.importing.trace import Trace, Value
from isograd.ir import ops
from isograd.ir.mapping import Permute, Reorder, Reshaped, Transform
from isograd.ir.ops import Op
from isograd.ir.placement import channels_last, logical_order

Rule = Callable[[Trace, Any, Value], Value]


def dense(trace: Trace, layer: Any, x: Value) -> Value:
    """Features that a Flatten has reordered go into the kernel's rows."""
    if x.features is None and x.order[-1] != x.rank - 1:
        x = trace.plain(x)
    steps: tuple[Any, ...] = (Permute((1, 0)),)
    if x.features:
        steps += (Reorder(1, x.features.sizes, x.features.order).inverse,)
    roles = {"weight": trace.parameter(layer.kernel, f"{trace.scope}.weight", Transform(steps))}
    if layer.use_bias:
        roles["bias"] = trace.parameter(layer.bias, f"{trace.scope}.bias", Transform())
    op = ops.Linear(layer.units, layer.use_bias)
    made = trace.add(op, x, roles=roles, trainable=layer.trainable, order=x.order)
    return activate(trace, layer.activation, made)


def embedding(trace: Trace, layer: Any, x: Value, padding_idx: int | None = None) -> Value:
    if x.type.dtype != "int":
        x = trace.like(ops.Cast("int"), x)
    weight = trace.parameter(layer.embeddings, f"{trace.scope}.weight", Transform())
    op = ops.Embedding(layer.input_dim, layer.output_dim, padding_idx)
    x = trace.plain(x)
    return trace.add(op, x, roles={"weight": weight}, trainable=layer.trainable)


def batch_norm(trace: Trace, layer: Any, x: Value) -> Value:
    """Keras' running variance follows the biased one; a frozen layer only scales and shifts."""
    if layer.axis not in (-1, x.rank - 1):
        raise trace.unsupported(f"BatchNormalization along axis {layer.axis}")
    if x.rank > 2:
        x = trace.channels_first(x)
    if not layer.trainable:
        return _frozen_batch_norm(trace, layer, x)
    affine = layer.scale and layer.center
    op = ops.BatchNorm(layer.epsilon, _complement(layer.momentum), affine, unbiased=False)
    made = normalized(trace, layer, x, op)
    return made if affine else _scaled(trace, layer, made)


def normalized(trace: Trace, layer: Any, x: Value, op: ops.BatchNorm) -> Value:
    """``op`` with the statistics of a layer, and its scale and shift if there are any."""
    steps: tuple[Any, ...] = ()
    if x.features:
        steps = (Reorder(0, x.features.sizes, x.features.order).inverse,)
    variables = {"weight": layer.gamma, "bias": layer.beta} if op.affine else {}
    variables |= {"running_mean": layer.moving_mean, "running_var": layer.moving_variance}
    roles = {
        role: trace.parameter(variable, f"{trace.scope}.{role}", Transform(steps))
        for role, variable in variables.items()
    }
    made = trace.add(op, x, roles=roles, order=x.order)
    return Value(made.name, made.type, x.order, x.features)


def _complement(momentum: float) -> float:
    """``1 - momentum`` without the noise of its last digits."""
    return float(np.round(1 - momentum, 12))


def _scaled(trace: Trace, layer: Any, x: Value) -> Value:
    if layer.scale:
        x = binary(trace, ops.Multiply(), x, trace.value(layer.gamma))
    if layer.center:
        x = binary(trace, ops.Add(), x, trace.value(layer.beta))
    return x


def _frozen_batch_norm(trace: Trace, layer: Any, x: Value) -> Value:
    centered = binary(trace, ops.Subtract(), x, trace.value(layer.moving_mean))
    variance = trace.like(ops.AddScalar(layer.epsilon), trace.value(layer.moving_variance))
    root = trace.like(ops.Rsqrt(), variance)
    return _scaled(trace, layer, binary(trace, ops.Multiply(), centered, root))


def layer_norm(trace: Trace, layer: Any, x: Value) -> Value:
    axes = [layer.axis] if isinstance(layer.axis, int) else list(layer.axis)
    x = last(trace, x, axes)
    shape = tuple(int(size) for size in x.type.shape[x.rank - len(axes) :])
    affine = layer.scale
    roles = {}
    if affine:
        roles["weight"] = trace.parameter(layer.gamma, f"{trace.scope}.weight", Transform())
    if affine and layer.center:
        roles["bias"] = trace.parameter(layer.beta, f"{trace.scope}.bias", Transform())
    op = ops.LayerNorm(shape, layer.epsilon, affine, layer.center if affine else True)
    made = trace.add(op, x, roles=roles, trainable=layer.trainable, order=x.order)
    if layer.center and not affine:
        if len(axes) > 1 or x.order[-1] != x.rank - 1:
            raise trace.unsupported("LayerNormalization with a shift alone along inner axes")
        made = binary(trace, ops.Add(), made, trace.value(layer.beta))
    return made


def last(trace: Trace, x: Value, axes: list[int]) -> Value:
    """The value with some of Keras' axes behind all others in the graph."""
    x = trace.plain(x) if x.features else x
    chosen = sorted(axis % x.rank for axis in axes)
    others = [axis for axis in range(x.rank) if axis not in chosen]
    moved = [*others, *chosen]
    return trace.ordered(x, tuple(moved.index(axis) for axis in range(x.rank)))


def rms_norm(trace: Trace, layer: Any, x: Value) -> Value:
    if layer.axis not in (-1, x.rank - 1, [x.rank - 1], [-1]):
        raise trace.unsupported(f"RMSNormalization along axis {layer.axis}")
    x = trace.plain(x)
    roles = {"weight": trace.parameter(layer.scale, f"{trace.scope}.weight", Transform())}
    op = ops.RMSNorm((int(x.type.shape[-1]),), layer.epsilon)
    return trace.add(op, x, roles=roles, trainable=layer.trainable)


def group_norm(trace: Trace, layer: Any, x: Value) -> Value:
    if layer.axis not in (-1, x.rank - 1):
        raise trace.unsupported(f"GroupNormalization along axis {layer.axis}")
    x = trace.channels_first(x) if x.rank > 2 else trace.plain(x)
    groups = layer.groups if layer.groups > 0 else int(x.type.shape[1])
    affine = layer.scale and layer.center
    roles = {}
    if affine:
        roles["weight"] = trace.parameter(layer.gamma, f"{trace.scope}.weight", Transform())
        roles["bias"] = trace.parameter(layer.beta, f"{trace.scope}.bias", Transform())
    op = ops.GroupNorm(groups, layer.epsilon, affine)
    made = trace.add(op, x, roles=roles, trainable=layer.trainable, order=x.order)
    return made if affine else _scaled(trace, layer, made)


def dropout(trace: Trace, layer: Any, x: Value) -> Value:
    shape = getattr(layer, "noise_shape", None) or (None,) * x.rank
    if x.features and any(size == 1 for size in shape):
        x = trace.plain(x)
    shared = tuple(x.axis(axis) for axis, size in enumerate(shape) if size == 1)
    return trace.dropout(x, layer.rate, shared)


def spatial_dropout(trace: Trace, layer: Any, x: Value) -> Value:
    return trace.dropout(x, layer.rate, tuple(x.axis(axis) for axis in range(1, x.rank - 1)))


def flatten(trace: Trace, layer: Any, x: Value) -> Value:
    """An image is flattened as the graph has it; what reads it takes its features reordered."""
    if x.rank == 1:
        return trace.add(ops.ExpandDims(1), x)
    if x.rank == 2:
        return x
    known = all(isinstance(size, int) for size in x.type.shape[1:])
    if x.order == logical_order(x.rank) or not known or x.order[0] != 0 or x.features:
        return trace.add(ops.Flatten(), trace.plain(x))
    sizes = tuple(int(size) for size in x.type.shape[1:])
    made = trace.add(ops.Flatten(), x)
    moving = [axis - 1 for axis in x.order[1:] if sizes[axis - 1] != 1]
    if moving == sorted(moving):
        return made
    features = Reorder(-1, sizes, tuple(axis - 1 for axis in x.order[1:]))
    return Value(made.name, made.type, made.order, features)


def reshape(trace: Trace, layer: Any, x: Value) -> Value:
    x = trace.plain(x)
    target = tuple(layer.target_shape)
    if x.rank == 2 and len(target) > 1 and set(target[:-1]) == {1}:
        order = channels_last(len(target) + 1)  # a single place of an image
        made = trace.add(ops.Reshape((x.type.shape[0], target[-1], *target[:-1])), x)
        return Value(made.name, made.type, order)
    return trace.add(ops.Reshape((x.type.shape[0], *target)), x)


def permute(trace: Trace, layer: Any, x: Value) -> Value:
    """Writes nothing: the axes are seen in another order."""
    if x.features:
        x = trace.plain(x)
    order = (x.order[0], *(x.order[axis] for axis in layer.dims))
    return Value(x.name, x.type, order)


def repeat_vector(trace: Trace, layer: Any, x: Value) -> Value:
    long = trace.add(ops.ExpandDims(1), trace.plain(x))
    return trace.add(ops.Tile((1, layer.n, 1)), long)


def rescaling(trace: Trace, layer: Any, x: Value) -> Value:
    if np.ndim(layer.scale) or np.ndim(layer.offset):
        raise trace.unsupported("Rescaling by several numbers")
    scaled = trace.like(ops.MultiplyScalar(float(layer.scale)), x)
    return trace.like(ops.AddScalar(float(layer.offset)), scaled) if layer.offset else scaled


def normalization(trace: Trace, layer: Any, x: Value) -> Value:
    mean, variance = (
        np.asarray(keras.ops.convert_to_numpy(a)) for a in (layer.mean, layer.variance)
    )
    centered = binary(trace, ops.Subtract(), x, trace.value(mean.reshape(mean.shape[-1:])))
    root = trace.like(ops.Sqrt(), trace.value(variance.reshape(variance.shape[-1:])))
    scale = trace.like(ops.Clip(keras.backend.epsilon(), None), root)
    return binary(trace, ops.Divide(), centered, scale)


def prelu(trace: Trace, layer: Any, x: Value) -> Value:
    """One slope, or one for each of Keras' last axis."""
    shape = tuple(map(int, layer.alpha.shape))
    if any(size != 1 for size in shape[:-1]):
        below = binary(trace, ops.Multiply(), x, trace.value(layer.alpha))
        x = trace.ordered(x, below.order)
        above = trace.like(ops.CompareScalar(">", 0.0), x)
        return trace.add(ops.Where(), above, x, below, order=x.order)
    x = trace.channels_first(x) if x.rank > 2 else trace.plain(x)
    transform = Transform((Reshaped(shape, (shape[-1],)),) if len(shape) > 1 else ())
    weight = trace.parameter(layer.alpha, f"{trace.scope}.weight", transform)
    op = ops.PReLU(shape[-1])
    return trace.add(op, x, roles={"weight": weight}, trainable=layer.trainable, order=x.order)


def repeated(op: Op) -> Callable[[Trace, Any, list[Value]], Value]:
    """A layer that merges several values one after the other."""
    return lambda trace, layer, values: reduce(lambda a, b: binary(trace, op, a, b), values)


def average(trace: Trace, layer: Any, values: list[Value]) -> Value:
    total = reduce(lambda a, b: binary(trace, ops.Add(), a, b), values)
    return trace.like(ops.MultiplyScalar(1 / len(values)), total)


def concatenate(trace: Trace, layer: Any, values: list[Value]) -> Value:
    return joined(trace, values, layer.axis)


def softmax(trace: Trace, layer: Any, x: Value) -> Value:
    if not isinstance(layer.axis, int):
        raise trace.unsupported("Softmax along several axes")
    return along(trace, ops.Softmax, x, layer.axis)


def dot(trace: Trace, layer: Any, values: list[Value]) -> Value:
    """Sums of products along one axis of each, which goes away."""
    left, right = (trace.plain(value) for value in values)
    axes = (layer.axes, layer.axes) if isinstance(layer.axes, int) else tuple(layer.axes)
    if layer.normalize:
        raise trace.unsupported("Dot that normalises")
    a, b = (axis % value.rank for axis, value in zip(axes, (left, right), strict=True))
    first = "nabcd"[: left.rank]
    second = "nefgh"[: right.rank].replace("nefgh"[b], first[a])
    result = "n" + (first + second[1:])[1:].replace(first[a], "")
    made = trace.add(ops.Einsum(f"{first},{second}->{result}"), left, right)
    return trace.add(ops.ExpandDims(1), made) if made.rank == 1 else made


def time_distributed(trace: Trace, layer: Any, x: Value) -> Value:
    """A layer that works on the last axis alone takes the time axis along."""
    inner = layer.layer
    if type(inner) not in (layers.Dense, layers.Activation, layers.LayerNormalization):
        raise trace.unsupported(f"TimeDistributed around {type(inner).__name__}")
    with trace.below(inner.name):
        return RULES[type(inner)](trace, inner, trace.plain(x))


def unchanged(trace: Trace, layer: Any, x: Value) -> Value:
    return x


RULES: dict[type, Rule] = {
    layers.Dense: dense,
    layers.Embedding: embedding,
    layers.BatchNormalization: batch_norm,
    layers.LayerNormalization: layer_norm,
    layers.RMSNormalization: rms_norm,
    layers.GroupNormalization: group_norm,
    layers.Dropout: dropout,
    layers.SpatialDropout1D: spatial_dropout,
    layers.SpatialDropout2D: spatial_dropout,
    layers.SpatialDropout3D: spatial_dropout,
    layers.Flatten: flatten,
    layers.Reshape: reshape,
    layers.Permute: permute,
    layers.RepeatVector: repeat_vector,
    layers.Rescaling: rescaling,
    layers.Normalization: normalization,
    layers.Activation: lambda trace, layer, x: activate(trace, layer.activation, x),
    layers.ReLU: activations.relu,
    layers.LeakyReLU: lambda t, layer, x: t.like(ops.LeakyReLU(float(layer.negative_slope)), x),
    layers.ELU: lambda t, layer, x: t.like(ops.ELU(float(layer.alpha)), x),
    layers.PReLU: prelu,
    layers.Softmax: softmax,
    layers.Identity: unchanged,
    layers.TimeDistributed: time_distributed,
}
"""Layer of one input to its rule."""

MERGING: dict[type, Callable[[Trace, Any, list[Value]], Value]] = {
    layers.Add: repeated(ops.Add()),
    layers.Multiply: repeated(ops.Multiply()),
    layers.Maximum: repeated(ops.Maximum()),
    layers.Minimum: repeated(ops.Minimum()),
    layers.Subtract: repeated(ops.Subtract()),
    layers.Average: average,
    layers.Concatenate: concatenate,
    layers.Dot: dot,
}
"""Layer of several inputs to its rule."""
