"""Values from nothing in Keras: parameters by themselves, constants, counts."""

from __future__ import annotations

from isograd.frameworks.dialect import Layer, Site
from isograd.frameworks.formatting import Bracket, Source, call
from isograd.frameworks.notation import Expression, number
from isograd.ir import ops
from isograd.ir.mapping import Transform
from isograd.ir.ops import Op

_DTYPES = {"float": "self.compute_dtype", "int": '"int64"', "bool": '"bool"'}


def parameter(site: Site) -> Layer:
    """The framework's name is empty: the attribute itself is the parameter."""
    op = site.node.op
    assert isinstance(op, ops.Parameter)
    return Layer(call("self.add_weight", shape=_held(site, op.shape)), {"value": ("", Transform())})


def buffer(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.Buffer)
    options = {} if op.dtype == "float" else {"dtype": _DTYPES[op.dtype]}
    shape = _held(site, op.shape)
    weight = call("self.add_weight", shape=shape, initializer='"zeros"', trainable=False, **options)
    return Layer(weight, {"value": ("", Transform())})


def _held(site: Site, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape as the parameter's readers want it."""
    return tuple(shape[axis] for axis in site.result.order)


def value(site: Site) -> Source:
    """A tensor, because layers do not take variables."""
    return call("ops.convert_to_tensor", site.layer)


def scalar(site: Site) -> Source:
    """The number itself where all that read it take numbers."""
    op = site.node.op
    assert isinstance(op, ops.Scalar)
    if site.inline:
        return number(op.value)
    return call("ops.convert_to_tensor", number(op.value), dtype=_DTYPES[op.dtype])


def full(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Full)
    sizes = tuple(str(site.size(size)) for size in op.shape)
    shape = Bracket("(", sizes, ",)" if len(sizes) == 1 else ")")
    return call("ops.full", shape, number(op.value), dtype=_DTYPES[op.dtype])


def arange(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Arange)
    start = () if op.start == 0 and op.step == 1 else (site.size(op.start),)
    step = () if op.step == 1 else (op.step,)
    return call("ops.arange", *start, site.size(op.stop), *step, dtype='"int64"')


EXPRESSIONS: dict[type[Op], Expression] = {
    ops.Parameter: value,
    ops.Buffer: value,
    ops.Scalar: scalar,
    ops.Full: full,
    ops.Arange: arange,
}
"""Op to its expression."""
