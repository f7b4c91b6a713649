"""Activations and other functions of each element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from isograd.frameworks.torch.importing.call import Call, Rule, axis_of
from isograd.frameworks.torch.importing.values import Value
from isograd.ir import ops
from isograd.ir.ops.base import Op


def unary(make: Callable[..., Op]) -> Rule:
    """An op of one value; the aten op's further arguments are the op's attributes, in order.
    Integers become floating-point where the op needs that, as PyTorch promotes them.
    """

    def rule(call: Call, x: Value, *attributes: Any) -> Value:
        return call(make(*attributes), call.cast(x, call.type.dtype))

    return rule


def softmax(op: type[ops.Softmax] | type[ops.LogSoftmax]) -> Rule:
    def rule(call: Call, x: Value, axis: int, *_: object) -> Value:
        axis = axis_of(axis, x)
        return call(op(-1 if axis == x.type.rank - 1 else axis), call.cast(x, "float"))

    return rule


def elu(call: Call, x: Value, alpha: float, scale: float, input_scale: float) -> Value:
    if scale != 1 or input_scale != 1:
        raise call.unsupported("a scaled ELU")
    return call(ops.ELU(float(alpha)), x)


def celu(call: Call, x: Value, alpha: float) -> Value:
    return call(ops.CELU(float(alpha)), x)


def softplus(call: Call, x: Value, beta: float, threshold: float) -> Value:
    return call(ops.Softplus(float(beta), float(threshold)), x)


def prelu(call: Call, x: Value, weight: Value) -> Value:
    if weight.type.rank != 1:
        raise call.unsupported("PReLU with a weight that is no vector")
    count = weight.type.shape[0]
    return call.layer_or(ops.PReLU(count), (x,), {"weight": weight}, "PReLU")  # type: ignore[arg-type]


def glu(call: Call, x: Value, axis: int) -> Value:
    axis = axis_of(axis, x)
    size = call.shape[axis]
    first = call(ops.Slice(axis, 0, size), x)
    second = call(ops.Slice(axis, size, x.type.shape[axis]), x)
    return call(ops.Multiply(), first, call(ops.Sigmoid(), second))


def clamp(call: Call, x: Value, minimum: Any = None, maximum: Any = None) -> Value:
    """Bounds that are numbers are a `Clip`; others compare."""
    if isinstance(minimum, Value) or isinstance(maximum, Value):
        x = x if minimum is None else call(ops.Maximum(), x, call.cast(minimum, x.type.dtype))
        return x if maximum is None else call(ops.Minimum(), x, call.cast(maximum, x.type.dtype))
    x = call.cast(x, call.type.dtype)
    return call(ops.Clip(minimum, maximum), x)


RULES: dict[str, Rule] = {
    "abs": unary(ops.Abs),
    "acos": unary(ops.Acos),
    "arccos": unary(ops.Acos),
    "arcsin": unary(ops.Asin),
    "asin": unary(ops.Asin),
    "atan": unary(ops.Atan),
    "arctan": unary(ops.Atan),
    "ceil": unary(ops.Ceil),
    "celu": celu,
    "clamp": clamp,
    "clamp_min": clamp,
    "clamp_max": lambda call, x, maximum: clamp(call, x, None, maximum),
    "clip": clamp,
    "cos": unary(ops.Cos),
    "cosh": unary(ops.Cosh),
    "elu": elu,
    "erf": unary(ops.Erf),
    "exp": unary(ops.Exp),
    "expm1": unary(ops.Expm1),
    "gelu": lambda call, x: call(ops.GELU(call.options["approximate"]), x),
    "glu": glu,
    "hardsigmoid": unary(ops.HardSigmoid),
    "hardswish": unary(ops.HardSwish),
    "hardtanh": lambda call, x, low, high: call(ops.HardTanh(float(low), float(high)), x),
    "leaky_relu": unary(ops.LeakyReLU),
    "log": unary(ops.Log),
    "log1p": unary(ops.Log1p),
    "log_sigmoid": unary(ops.LogSigmoid),
    "log_softmax": softmax(ops.LogSoftmax),
    "_log_softmax": softmax(ops.LogSoftmax),
    "mish": unary(ops.Mish),
    "neg": unary(ops.Negative),
    "prelu": prelu,
    "reciprocal": unary(ops.Reciprocal),
    "relu": unary(ops.ReLU),
    "relu6": lambda call, x: call(ops.HardTanh(0.0, 6.0), x),
    "round": lambda call, x: call(ops.Round(), x),
    "rsqrt": unary(ops.Rsqrt),
    "selu": unary(ops.SELU),
    "sgn": unary(ops.Sign),
    "sigmoid": unary(ops.Sigmoid),
    "sign": unary(ops.Sign),
    "silu": unary(ops.SiLU),
    "sin": unary(ops.Sin),
    "sinh": unary(ops.Sinh),
    "softmax": softmax(ops.Softmax),
    "_softmax": softmax(ops.Softmax),
    "softplus": softplus,
    "sqrt": unary(ops.Sqrt),
    "square": unary(ops.Square),
    "tan": unary(ops.Tan),
    "tanh": unary(ops.Tanh),
}
