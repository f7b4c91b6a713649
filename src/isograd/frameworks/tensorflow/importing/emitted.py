"""Layers and functions that isograd writes into its files, known by their source: a twin, or what
its user made of it, comes back as the ops that it was made from.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from isograd.frameworks.tensorflow.exact import EXACT
from isograd.frameworks.tensorflow.importing import layers, operations, padding, recurrent
from isograd.frameworks.tensorflow.importing.arithmetic import binary
from isograd.frameworks.tensorflow.importing.trace import Rule, Trace, Value
from isograd.ir import ops
from isograd.ir.mapping import Transform
from isograd.ir.ops import Op


@cache
def _is_exact(thing: Callable[..., object], name: str) -> bool:
    """Whether a class or function is the exact form of this name: their sources must agree."""
    try:
        return inspect.getsource(thing).strip() == EXACT[name].strip()
    except (OSError, TypeError):
        return False


def layer_rule(kind: type) -> Rule | None:
    """The rule of a layer's class, if it is an exact form."""
    rule = LAYERS.get(kind.__name__)
    return rule if rule and _is_exact(kind, kind.__name__) else None


def functions_of(root: Any) -> Iterator[tuple[Any, str]]:
    """(module, name) of each exact function in the files that define the network's layers."""
    names = {type(layer).__module__ for layer in root._flatten_layers()}
    for module in (sys.modules[name] for name in sorted(names) if not name.startswith("keras.")):
        for name in FUNCTIONS:
            found = getattr(module, name, None)
            if found is not None and _is_exact(found, name):
                yield module, name


# Layers -------------------------------------------------------------------------------------------


def batch_norm(trace: Trace, layer: Any, x: Value) -> Value:
    if x.rank > 2:
        x = trace.channels_first(x)
    op = ops.BatchNorm(layer.epsilon, layer.momentum, layer.affine, unbiased=layer.unbiased)
    return layers.normalized(trace, layer, x, op)


def rms_norm(trace: Trace, layer: Any, x: Value) -> Value:
    axes = [axis % x.rank for axis in layer.axes]
    x = layers.last(trace, x, axes)
    shape = tuple(int(size) for size in x.type.shape[x.rank - len(axes) :])
    roles = {}
    if layer.affine:
        roles["weight"] = trace.parameter(layer.scale, f"{trace.scope}.weight", Transform())
    op = ops.RMSNorm(shape, layer.epsilon, layer.affine)
    return trace.add(op, x, roles=roles, trainable=layer.trainable, order=x.order)


def prelu(trace: Trace, layer: Any, x: Value) -> Value:
    x = trace.channels_first(x) if x.rank > 2 else trace.plain(x)
    weight = trace.parameter(layer.alpha, f"{trace.scope}.weight", Transform())
    op = ops.PReLU(int(layer.alpha.shape[0]))
    return trace.add(op, x, roles={"weight": weight}, trainable=layer.trainable, order=x.order)


LAYERS: dict[str, Rule] = {
    "BatchNorm": batch_norm,
    "RMSNorm": rms_norm,
    "PReLU": prelu,
    "TwoBiasLSTM": recurrent.outer,
    "TwoBiasGRU": recurrent.outer,
    "TwoBiasRNN": recurrent.outer,
}
"""Name of an exact layer to its rule."""


# Functions ----------------------------------------------------------------------------------------


def of_one(make: Callable[..., Op]) -> Callable[..., Value]:
    """``make`` gets the arguments behind the value."""
    return lambda trace, x, *rest: trace.like(make(*rest), trace.value(x))


def of_two(op: Op) -> Callable[..., Value]:
    return lambda trace, a, b: binary(trace, op, trace.value(a), trace.value(b))


def attention(causal: bool) -> Callable[..., Value]:
    """Queries, keys, values, perhaps a mask, and the scale."""

    def rule(trace: Trace, *given: Any) -> Value:
        *tensors, scale = given
        values = [trace.plain(trace.value(one)) for one in tensors]
        width = values[0].type.shape[-1]
        usual = isinstance(width, int) and scale == width**-0.5
        return trace.add(ops.Attention(causal, None if usual else float(scale)), *values)

    return rule


def padded_embedding(trace: Trace, layer: Any, indices: Any, padding_idx: int) -> Value:
    with trace.below(trace.name_of(layer)):
        return layers.embedding(trace, layer, trace.value(indices), padding_idx)


def average_pool(
    trace: Trace, x: Any, pool_size: Any, strides: Any, counted: Any, beyond: Any
) -> Value:
    """``counted`` padding counts; ``beyond``, padding that does not and what a last window reaches
    over, is left out of the mean."""
    value = trace.channels_first(trace.value(x))
    counted, rest = counted[1:-1], beyond[1:-1]
    if any(sum(counted, ())):
        op = ops.AvgPool(pool_size, strides, counted, any(sum(rest, ())), True)
    else:
        even = tuple((before, before) for before, _ in rest)
        op = ops.AvgPool(pool_size, strides, even, rest != even, False)
    return trace.add(op, value, order=value.order)


def padded(mode: Any) -> Callable[..., Value]:
    def rule(trace: Trace, x: Any, pairs: Any) -> Value:
        return padding.padded(trace, trace.value(x), pairs, mode)

    return rule


def dilated_max_pool(trace: Trace, x: Any, size: Any, strides: Any, dilation_rate: Any) -> Value:
    value, around = padding.unpadded(trace, trace.channels_first(trace.value(x)), None)
    return trace.add(ops.MaxPool(size, strides, around, dilation_rate), value, order=value.order)


def resize_linear(trace: Trace, x: Any, size: Any, factors: Any, align_corners: bool) -> Value:
    value = trace.channels_first(trace.value(x))
    old = value.type.shape[2:]
    pairs = zip(old, size, strict=True)
    by_size = factors == tuple(new / have for have, new in pairs)
    op = ops.Resize(
        size if by_size else None, None if by_size else factors, "bilinear", align_corners
    )
    return trace.add(op, value, order=value.order)


def adaptive_pool(trace: Trace, x: Any, size: Any, reduction: Any) -> Value:
    value = trace.channels_first(trace.value(x))
    op = {"mean": ops.AdaptiveAvgPool, "max": ops.AdaptiveMaxPool}[reduction.__name__](tuple(size))
    return trace.add(op, value, order=value.order)


def unbiased_variance(trace: Trace, x: Any, axis: Any, keepdims: bool = False) -> Value:
    return operations.reduced(trace, _unbiased, trace.value(x), axis, keepdims)


def _unbiased(axes: tuple[int, ...], keepdims: bool) -> Op:
    return ops.Variance(axes, 1, keepdims)


def place(op: Callable[[int, bool], Op]) -> Callable[..., Value]:
    def rule(trace: Trace, x: Any, axis: int, keepdims: bool = False) -> Value:
        return trace.add(op(axis, keepdims), trace.plain(trace.value(x)))

    return rule


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "floor_divide": of_two(ops.FloorDivide()),
    "remainder": of_two(ops.Remainder()),
    "power": of_two(ops.Power()),
    "arctan2": of_two(ops.Atan2()),
    "maximum": of_two(ops.Maximum()),
    "minimum": of_two(ops.Minimum()),
    "hard_tanh": of_one(ops.HardTanh),
    "mish": of_one(ops.Mish),
    "selu": of_one(ops.SELU),
    "celu": of_one(ops.CELU),
    "softplus": of_one(ops.Softplus),
    "leaky_relu": of_one(ops.LeakyReLU),
    "gelu": of_one(ops.GELU),
    "gelu_tanh": of_one(lambda: ops.GELU("tanh")),
    "attention": attention(False),
    "biased_attention": attention(False),
    "masked_attention": attention(False),
    "causal_attention": attention(True),
    "padded_embedding": padded_embedding,
    "average_pool": average_pool,
    "dilated_max_pool": dilated_max_pool,
    "replicate_pad": padded("replicate"),
    "circular_pad": padded("circular"),
    "resize_linear": resize_linear,
    "adaptive_pool": adaptive_pool,
    "unbiased_variance": unbiased_variance,
    "argmax": place(ops.ArgMax),
    "argmin": place(ops.ArgMin),
}
"""Name of an exact function to its rule, which gets the trace and the function's arguments."""
