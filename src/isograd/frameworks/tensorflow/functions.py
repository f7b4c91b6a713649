"""Elementwise ops in Keras: functions of one value, arithmetic, comparisons, activations."""

from __future__ import annotations

from isograd.frameworks.dialect import Layer, Site
from isograd.frameworks.formatting import Source, call
from isograd.frameworks.notation import Expression, function, number
from isograd.ir import ops
from isograd.ir.mapping import Transform
from isograd.ir.ops import Op

_RELATIONS = {
    "==": "ops.equal",
    "!=": "ops.not_equal",
    "<": "ops.less",
    "<=": "ops.less_equal",
    ">": "ops.greater",
    ">=": "ops.greater_equal",
}
"""The operators == and != compare identities, not elements, while a graph is recorded."""


def clip(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Clip)
    if op.minimum is None:
        return call("ops.minimum", site.x, op.maximum)
    if op.maximum is None:
        return call("ops.maximum", site.x, op.minimum)
    return call("ops.clip", site.x, op.minimum, op.maximum)


def cast(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Cast)
    if op.dtype == site.types[0].dtype:
        return site.x
    names = {"float": "self.compute_dtype", "int": '"int64"', "bool": '"bool"'}
    return call("ops.cast", site.x, names[op.dtype])


def compare(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Compare)
    return call(_RELATIONS[op.relation], *site.arguments)


def compare_scalar(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.CompareScalar)
    return call(_RELATIONS[op.relation], site.x, number(op.value))


def hard_tanh(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.HardTanh)
    if (op.minimum, op.maximum) == (0, 6):
        return call("ops.relu6", site.x)
    return call("hard_tanh", site.x, op.minimum, op.maximum)


def elu(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.ELU)
    return call("ops.elu", site.x, *(() if op.alpha == 1 else (op.alpha,)))


def softplus(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Softplus)
    if op.threshold is not None:
        return call("softplus", site.x, op.beta, op.threshold)
    if op.beta == 1:
        return call("ops.softplus", site.x)
    return f"ops.softplus({site.x} * {op.beta!r}) / {op.beta!r}"


def by_kind(of_floats: str, of_integers: str) -> Expression:
    """One function for floating-point numbers, another for integers."""

    def write(site: Site) -> Source:
        name = of_floats if site.node.type.dtype == "float" else of_integers
        return call(name, *site.arguments)

    return write


def prelu(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.PReLU)
    return Layer(call("PReLU", op.num_parameters), {"weight": ("alpha", Transform())})


EXPRESSIONS: dict[type[Op], Expression] = {
    ops.Sign: function("ops.sign"),
    ops.Floor: function("ops.floor"),
    ops.Ceil: function("ops.ceil"),
    ops.Round: function("ops.round"),
    ops.Expm1: function("ops.expm1"),
    ops.Log1p: function("ops.log1p"),
    ops.Rsqrt: function("ops.rsqrt"),
    ops.Reciprocal: function("ops.reciprocal"),
    ops.Erf: function("ops.erf"),
    ops.Sin: function("ops.sin"),
    ops.Cos: function("ops.cos"),
    ops.Tan: function("ops.tan"),
    ops.Asin: function("ops.arcsin"),
    ops.Acos: function("ops.arccos"),
    ops.Atan: function("ops.arctan"),
    ops.Sinh: function("ops.sinh"),
    ops.Cosh: function("ops.cosh"),
    ops.Clip: clip,
    ops.Cast: cast,
    ops.FloorDivide: by_kind("floor_divide", "ops.floor_divide"),
    ops.Remainder: by_kind("remainder", "ops.mod"),
    ops.Power: function("power"),
    ops.Atan2: function("arctan2"),
    ops.Compare: compare,
    ops.CompareScalar: compare_scalar,
    ops.LogicalAnd: function("ops.logical_and"),
    ops.LogicalOr: function("ops.logical_or"),
    ops.LogicalXor: function("ops.logical_xor"),
    ops.LogicalNot: function("ops.logical_not"),
    ops.Where: function("ops.where"),
    ops.HardTanh: hard_tanh,
    ops.ELU: elu,
    ops.SELU: function("selu"),
    ops.CELU: function("celu", "alpha"),
    ops.Softplus: softplus,
    ops.Softsign: function("ops.softsign"),
    ops.Mish: function("mish"),
    ops.LogSigmoid: function("ops.log_sigmoid"),
    ops.PReLU: lambda site: call(site.layer, site.x),
}
"""Op to its expression."""


FLOOR_DIVIDE = '''\
def floor_divide(a, b):
    """a / b rounded towards minus infinity, for the exact quotient.

    ops.floor_divide rounds the quotient to a floating-point number first.
    """
    return ops.round((a - ops.mod(a, b)) / b)
'''

REMAINDER = '''\
def remainder(a, b):
    """a - b floor(a / b), with the derivatives 1 and -floor(a / b) for the exact quotient.

    Those of ops.mod are for the quotient that was rounded first.
    """
    sloped = a - b * ops.stop_gradient(floor_divide(a, b))
    return sloped + ops.stop_gradient(ops.mod(a, b) - sloped)
'''

POWER = '''\
def power(a, b):
    """a to the power of b, whose derivatives at a = b = 0 are 0.

    That of ops.power with respect to a is not a number there.
    """
    zero = ops.logical_and(ops.equal(a, 0), ops.equal(b, 0))
    return ops.power(ops.where(zero, 1.0, a), b)
'''

ARCTAN2 = '''\
def arctan2(a, b):
    """The angle of the point (b, a), whose derivatives at the origin are 0.

    Those of ops.arctan2 are no numbers there.
    """
    origin = ops.logical_and(ops.equal(a, 0), ops.equal(b, 0))
    angle = ops.arctan2(ops.where(origin, 1.0, a), ops.where(origin, 1.0, b))
    return ops.where(origin, ops.stop_gradient(ops.arctan2(a, b)), angle)
'''

HARD_TANH = '''\
def hard_tanh(x, minimum, maximum):
    """x between two bounds, whose derivative is 0 at the bounds.

    That of ops.clip is 1 there.
    """
    return ops.where(x <= minimum, minimum, ops.where(x >= maximum, maximum, x))
'''

SELU = '''\
def selu(x):
    """Scaled exponential linear unit, whose derivative at 0 is the one from below.

    That of ops.selu is the one from above.
    """
    alpha, scale = 1.6732632423543772, 1.0507009873554805
    return scale * ops.where(x > 0, x, alpha * ops.expm1(ops.minimum(x, 0.0)))
'''

CELU = '''\
def celu(x, alpha):
    """Continuously differentiable exponential linear unit.

    The derivative of ops.celu at 0 is 2, where it should be 1.
    """
    return ops.where(x > 0, x, alpha * ops.expm1(ops.minimum(x, 0.0) / alpha))
'''

SOFTPLUS = '''\
def softplus(x, beta, threshold):
    """log(1 + exp(beta x)) / beta, and x itself where beta x is above the threshold.

    ops.softplus has no threshold.
    """
    return ops.where(x * beta > threshold, x, ops.softplus(x * beta) / beta)
'''

MISH = '''\
def mish(x):
    """x tanh(softplus(x)), which ops lacks."""
    return x * ops.tanh(ops.softplus(x))
'''

PRELU = '''\
class PReLU(keras.layers.Layer):
    """A learned slope below zero, one for all or one for each index of the last axis.

    The derivative of keras.layers.PReLU at 0 is 0; here it is the slope.
    """

    def __init__(self, num_parameters, **kwargs):
        super().__init__(**kwargs)
        self.alpha = self.add_weight(
            shape=(num_parameters,), initializer=keras.initializers.Constant(0.25), name="alpha"
        )

    def call(self, x):
        return ops.where(x > 0, x, self.alpha * x)
'''

EXACT: dict[str, str] = {
    "floor_divide": FLOOR_DIVIDE,
    "remainder": REMAINDER,
    "power": POWER,
    "arctan2": ARCTAN2,
    "hard_tanh": HARD_TANH,
    "mish": MISH,
    "selu": SELU,
    "celu": CELU,
    "softplus": SOFTPLUS,
    "PReLU": PRELU,
}
"""Name to source of the exact forms that these expressions call."""
