"""Operators that treat every element alike."""

from __future__ import annotations

import math
import operator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from isograd.frameworks.torch.onnx.operators.kinds import Attributes, Operator, of_one, of_two
from isograd.frameworks.torch.onnx.values import (
    Value,
    elementwise,
    is_sizes,
    number,
    tensor,
)

TYPES = {
    1: torch.float32,
    6: torch.int32,
    7: torch.int64,
    9: torch.bool,
    11: torch.float64,
}
"""ONNX's numbers of the element types that a network may compute with."""


def divide(a: Tensor, b: Tensor) -> Tensor:
    """Whole numbers are divided towards zero."""
    whole = not (a.is_floating_point() or b.is_floating_point())
    return torch.div(a, b, rounding_mode="trunc") if whole else a / b


def _divided(a: Any, b: Any) -> Any:
    if isinstance(a, int) and isinstance(b, int):
        return int(a / b)
    return a // b  # sizes are never below zero


def clip(attributes: Attributes, x: Value, low: Value = None, high: Value = None) -> Value:
    low = attributes.get("min") if low is None else number(low)
    high = attributes.get("max") if high is None else number(high)
    return torch.clamp(tensor(x), low, high)


def cast(attributes: Attributes, x: Value) -> Value:
    kind = TYPES.get(attributes["to"])
    if kind is None:
        raise ValueError(f"a cast to element type {attributes['to']}")
    if is_sizes(x) and not kind.is_floating_point:
        return x
    return tensor(x).to(torch.get_default_dtype() if kind.is_floating_point else kind)


def where(attributes: Attributes, condition: Value, a: Value, b: Value) -> Value:
    if all(map(is_sizes, (condition, a, b))):
        return elementwise(lambda c, p, q: p if c else q, (condition, a, b))
    return torch.where(tensor(condition).bool(), tensor(a), tensor(b))


def gelu(attributes: Attributes, x: Value) -> Value:
    return F.gelu(tensor(x), approximate=attributes.get("approximate", "none"))


def prelu(attributes: Attributes, x: Value, slope: Value) -> Value:
    x, slope = tensor(x), tensor(slope)
    return torch.where(x >= 0, x, slope * x)


def hard_sigmoid(attributes: Attributes, x: Value) -> Value:
    alpha, beta = attributes.get("alpha", 0.2), attributes.get("beta", 0.5)
    if math.isclose(alpha, 1 / 6, rel_tol=1e-6) and beta == 0.5:
        return F.hardsigmoid(tensor(x))
    return torch.clamp(tensor(x) * alpha + beta, 0, 1)


OPERATORS: dict[str, Operator] = {
    "Abs": of_one(torch.abs),
    "Acos": of_one(torch.acos),
    "Add": of_two(operator.add, operator.add),
    "And": of_two(torch.logical_and),
    "Asin": of_one(torch.asin),
    "Atan": of_one(torch.atan),
    "Cast": cast,
    "Ceil": of_one(torch.ceil),
    "Celu": lambda attributes, x: F.celu(tensor(x), attributes.get("alpha", 1.0)),
    "Clip": clip,
    "Cos": of_one(torch.cos),
    "Cosh": of_one(torch.cosh),
    "Div": of_two(divide, _divided),
    "Elu": lambda attributes, x: F.elu(tensor(x), attributes.get("alpha", 1.0)),
    "Equal": of_two(torch.eq, operator.eq),
    "Erf": of_one(torch.erf),
    "Exp": of_one(torch.exp),
    "Floor": of_one(torch.floor),
    "Gelu": gelu,
    "Greater": of_two(torch.gt),
    "GreaterOrEqual": of_two(torch.ge),
    "HardSigmoid": hard_sigmoid,
    "HardSwish": of_one(F.hardswish),
    "Identity": lambda attributes, x: x,
    "LeakyRelu": lambda a, x: F.leaky_relu(tensor(x), a.get("alpha", 0.01)),
    "Less": of_two(torch.lt),
    "LessOrEqual": of_two(torch.le),
    "Log": of_one(torch.log),
    "Max": of_two(torch.maximum, max),
    "Min": of_two(torch.minimum, min),
    "Mish": of_one(F.mish),
    "Mod": of_two(torch.remainder, operator.mod),
    "Mul": of_two(operator.mul, operator.mul),
    "Neg": of_one(torch.neg),
    "Not": of_one(torch.logical_not),
    "Or": of_two(torch.logical_or),
    "PRelu": prelu,
    "Pow": of_two(torch.pow),
    "Reciprocal": of_one(torch.reciprocal),
    "Relu": of_one(F.relu),
    "Round": of_one(torch.round),
    "Selu": of_one(F.selu),
    "Sigmoid": of_one(torch.sigmoid),
    "Sign": of_one(torch.sign),
    "Sin": of_one(torch.sin),
    "Sinh": of_one(torch.sinh),
    "Softplus": of_one(F.softplus),
    "Softsign": of_one(F.softsign),
    "Sqrt": of_one(torch.sqrt),
    "Sub": of_two(operator.sub, operator.sub),
    "Tan": of_one(torch.tan),
    "Tanh": of_one(torch.tanh),
    "Where": where,
    "Xor": of_two(torch.logical_xor),
}
"""Operator to its form."""
