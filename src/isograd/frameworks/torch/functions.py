"""Elementwise ops in PyTorch: functions of one value, arithmetic, comparisons, activations."""

from __future__ import annotations

import numpy as np

from isograd.frameworks.dialect import Layer, Site
from isograd.frameworks.formatting import Source, call
from isograd.frameworks.notation import Expression, function, number, operator
from isograd.ir import ops
from isograd.ir.mapping import Transform
from isograd.ir.ops import Op


def clip(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Clip)
    bounds = {"min": op.minimum, "max": op.maximum}
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    return call(f"{site.x}.clamp", **given)


def cast(site: Site) -> Source:
    """``dtype`` is the precision of the module, which its emitted class finds out."""
    op = site.node.op
    assert isinstance(op, ops.Cast)
    if op.dtype == site.types[0].dtype:
        return site.x
    return call(f"{site.x}.to", {"int": "torch.long", "bool": "torch.bool"}.get(op.dtype, "dtype"))


def compare(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Compare)
    return operator(op.relation)(site)


def compare_scalar(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.CompareScalar)
    return f"{site.x} {op.relation} {number(op.value)}"


def hard_tanh(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.HardTanh)
    if (op.minimum, op.maximum) == (0, 6):
        return call("F.relu6", site.x)
    return call("F.hardtanh", site.x, op.minimum, op.maximum)


def softplus(site: Site) -> Source:
    """F.softplus overflows where its threshold does not stop it."""
    op = site.node.op
    assert isinstance(op, ops.Softplus)
    if op.threshold is None and op.beta == 1:
        return f"-F.logsigmoid(-{site.x})"
    if op.threshold is None:
        return f"-F.logsigmoid({site.x} * {-op.beta!r}) / {op.beta!r}"
    default = ops.Softplus()
    options = {
        name: getattr(op, name)
        for name in ("beta", "threshold")
        if getattr(op, name) != getattr(default, name)
    }
    return call("F.softplus", site.x, **options)


def celu(site: Site) -> Source:
    """The gradient of F.celu rounds alpha to float32."""
    op = site.node.op
    assert isinstance(op, ops.CELU)
    if float(np.float32(op.alpha)) == op.alpha:
        return call("F.celu", site.x, op.alpha)
    return f"F.elu({site.x} / {op.alpha!r}) * {op.alpha!r}"


def floor_divide(site: Site) -> Source:
    """The operator has no gradient, not even 0."""
    if site.node.type.dtype == "int":
        return operator("//")(site)
    return call("torch.div", *site.arguments, rounding_mode='"floor"')


def prelu(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.PReLU)
    count = () if op.num_parameters == 1 else (op.num_parameters,)
    return Layer(call("nn.PReLU", *count), {"weight": ("weight", Transform())})


EXPRESSIONS: dict[type[Op], Expression] = {
    ops.Sign: function("torch.sign"),
    ops.Floor: function("torch.floor"),
    ops.Ceil: function("torch.ceil"),
    ops.Round: function("torch.round"),
    ops.Expm1: function("torch.expm1"),
    ops.Log1p: function("torch.log1p"),
    ops.Rsqrt: function("torch.rsqrt"),
    ops.Reciprocal: function("torch.reciprocal"),
    ops.Erf: function("torch.erf"),
    ops.Sin: function("torch.sin"),
    ops.Cos: function("torch.cos"),
    ops.Tan: function("torch.tan"),
    ops.Asin: function("torch.asin"),
    ops.Acos: function("torch.acos"),
    ops.Atan: function("torch.atan"),
    ops.Sinh: function("torch.sinh"),
    ops.Cosh: function("torch.cosh"),
    ops.Clip: clip,
    ops.Cast: cast,
    ops.FloorDivide: floor_divide,
    ops.Remainder: operator("%"),
    ops.Power: operator("**"),
    ops.Atan2: function("torch.atan2"),
    ops.Compare: compare,
    ops.CompareScalar: compare_scalar,
    ops.LogicalAnd: operator("&"),
    ops.LogicalOr: operator("|"),
    ops.LogicalXor: operator("^"),
    ops.LogicalNot: lambda site: f"~{site.x}",
    ops.Where: function("torch.where"),
    ops.HardTanh: hard_tanh,
    ops.ELU: function("F.elu", "alpha"),
    ops.SELU: function("F.selu"),
    ops.CELU: celu,
    ops.Softplus: softplus,
    ops.Softsign: function("F.softsign"),
    ops.Mish: function("F.mish"),
    ops.LogSigmoid: function("F.logsigmoid"),
    ops.PReLU: lambda site: call(site.layer, site.x),
}
"""Op to its expression."""
