"""Dropout in all of its forms: as an op, and as written by hand with a random mask."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from isograd.frameworks.torch.importing.call import Call, Rule
from isograd.frameworks.torch.importing.values import Draw, Value
from isograd.frameworks.torch.importing.writer import Random
from isograd.ir import ops
from isograd.ir.mapping import Transform
from isograd.ir.ops.base import TensorType


def dropout(call: Call, x: Value, p: float, train: bool) -> Value:
    return dropped(call, x, p) if train else x


def feature_dropout(call: Call, x: Value, p: float, train: bool) -> Value:
    """Whole channels at once."""
    return dropped(call, x, p, tuple(range(2, x.type.rank))) if train else x


def dropped(
    call: Call,
    x: Value,
    p: float,
    shared: tuple[int, ...] = (),
    number: int | None = None,
    layout: Transform = Transform(),  # noqa: B008 - a frozen value
) -> Value:
    """A `Dropout` node, which takes its turn among the draws. ``layout`` is that of the mask as the
    original draws it.
    """
    if p == 0:
        return x
    if p == 1:
        raise call.unsupported("dropout of everything")
    result = call(ops.Dropout(p, shared), x)
    if number is None:
        number = draw_number(call)
    call.writer.randoms.append(Random(number, result.name, layout))
    return result


def draw_number(call: Call) -> int:
    call.number += 1
    return call.number


# Masks by hand ------------------------------------------------------------------------------------


def uniform(call: Call, *_: object) -> Value:
    """Uniform in [0, 1)."""
    return Value(call.type, draw=Draw(draw_number(call), shift=0.0))


def bernoulli(call: Call, x: Value, p: Any = None) -> Value:
    keep = x.number if p is None else p
    if isinstance(keep, Value):
        keep = keep.number
    if keep is None:
        raise call.unsupported("a random draw whose probability is computed")
    return Value(call.type, draw=Draw(draw_number(call), keep=float(keep)))


def shifted(call: Call, value: Value, by: float) -> Value:
    draw = value.draw
    assert draw is not None
    if draw.shift is None:
        raise call.unsupported("a number added to a random mask")
    return Value(call.type, draw=replace(draw, shift=draw.shift + by))


def floored(call: Call, x: Value) -> Value:
    """``floor(keep + u)`` is 1 with probability ``keep``."""
    draw = x.draw
    if draw is None:
        return call(ops.Floor(), x)
    if draw.shift is None or not 0 <= draw.shift <= 1:
        raise call.unsupported("a random draw of this form")
    return replace(x, draw=Draw(draw.number, keep=draw.shift))


def compared(call: Call, x: Value, relation: str, bound: Any) -> Value:
    """``u > p`` keeps with probability ``1 - p``. ``u < keep`` is refused, because a mask is handed
    over to the original as large draws for what is kept.
    """
    draw = x.draw
    assert draw is not None
    number = bound.number if isinstance(bound, Value) else bound
    if draw.shift != 0 or number is None or relation not in (">", ">="):
        raise call.unsupported("a random draw of this form (write torch.rand(...) >= p)")
    return Value(call.type, draw=Draw(draw.number, keep=1 - number))


def scaled(call: Call, value: Value, divisor: Any) -> Value:
    draw = value.draw
    assert draw is not None
    number = divisor.number if isinstance(divisor, Value) else divisor
    if draw.shift is not None or number is None:
        raise call.unsupported("a random draw of this form")
    return replace(value, type=call.type, draw=replace(draw, scale=draw.scale / number))


def applied(call: Call, a: Any, b: Any) -> Value:
    """A value times a mask: a `Dropout`, and a product where the mask does not keep the mean."""
    a, b = (a, b) if isinstance(a, Value) and a.draw else (b, a)
    assert isinstance(a, Value)
    assert a.draw is not None
    if not isinstance(b, Value):
        return scaled(call, a, 1 / b)
    if b.draw or a.draw.shift is not None:
        raise call.unsupported("a product of random draws")
    x, scale = _undivided(call, b, a.draw)
    result = dropped(call, x, 1 - a.draw.keep, _shared(call, a.type, x.type), a.draw.number)
    return result if math.isclose(scale, 1) else call(ops.MultiplyScalar(scale), result)


def _undivided(call: Call, x: Value, draw: Draw) -> tuple[Value, float]:
    """``x / keep * mask`` is the dropout of ``x``: then the division is left out."""
    scale = draw.scale * draw.keep
    node = call.writer.made_by(x)
    if math.isclose(scale, 1) or node is None:
        return x, scale
    if isinstance(node.op, ops.Divide):
        divisor = call.writer.made_by(node.inputs[1])
        number = divisor.op.value if divisor and isinstance(divisor.op, ops.Scalar) else 0
    elif isinstance(node.op, ops.MultiplyScalar):
        number = 1 / node.op.value
    else:
        number = 0
    if not math.isclose(number, draw.keep):
        return x, scale
    source = node.inputs[0]
    kind = call.writer.type_of(source)
    return Value(kind, source, differentiable=x.differentiable), 1.0


def _shared(call: Call, mask: TensorType, x: TensorType) -> tuple[int, ...]:
    """The axes along which one draw stands for all."""
    if mask.rank != x.rank:
        raise call.unsupported(f"a random mask of shape {mask.shape} for a value of {x.shape}")
    return tuple(i for i, (m, n) in enumerate(zip(mask.shape, x.shape, strict=True)) if m != n)


def cast_draw(call: Call, value: Value) -> Value:
    return replace(value, type=call.type)


def refuse(call: Call, *_: object) -> Value:
    raise call.unsupported("random noise other than dropout")


RULES: dict[str, Rule] = {
    "alpha_dropout": lambda call, x, p, train: x if not train or p == 0 else refuse(call),
    "bernoulli": bernoulli,
    "dropout": dropout,
    "feature_alpha_dropout": lambda call, x, p, train: x if not train else refuse(call),
    "feature_dropout": feature_dropout,
    "floor": floored,
    "normal": refuse,
    "native_dropout": lambda call, x, p, train: (dropout(call, x, p, train), None),
    "rand": uniform,
    "rand_like": uniform,
    "randint": refuse,
    "randn": refuse,
    "randn_like": refuse,
    "uniform": lambda call, x, low, high: uniform(call) if (low, high) == (0, 1) else refuse(call),
}
