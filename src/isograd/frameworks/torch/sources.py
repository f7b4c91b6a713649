"""Values from nothing in PyTorch: parameters by themselves, constants, counts.

``dtype`` and ``device`` are those of the module, which its emitted class finds out.
"""

from __future__ import annotations

from isograd.frameworks.dialect import Layer, Site
from isograd.frameworks.formatting import Source, call, listed
from isograd.frameworks.notation import Expression, number
from isograd.ir import ops
from isograd.ir.mapping import Transform
from isograd.ir.ops import Op

_DTYPES = {"float": "dtype", "int": "torch.long", "bool": "torch.bool"}


def parameter(site: Site) -> Layer:
    """The framework's name is empty: the attribute itself is the parameter."""
    op = site.node.op
    assert isinstance(op, ops.Parameter)
    return Layer(call("nn.Parameter", call("torch.empty", op.shape)), {"value": ("", Transform())})


def buffer(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.Buffer)
    options = {} if op.dtype == "float" else {"dtype": _DTYPES[op.dtype]}
    zeros = call("torch.zeros", op.shape, **options)
    return Layer(call("nn.Buffer", zeros), {"value": ("", Transform())})


def scalar(site: Site) -> Source:
    """The number itself where all that read it take numbers."""
    op = site.node.op
    assert isinstance(op, ops.Scalar)
    if site.inline:
        return number(op.value)
    return _filled((), op.value, op.dtype)


def full(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Full)
    shape = listed(tuple(str(site.size(size)) for size in op.shape))
    return _filled(shape, op.value, op.dtype)


def _filled(shape: object, value: float | bool, dtype: str) -> Source:
    """``torch.jit.trace`` has no ``full`` whose value is a truth value."""
    options = {"dtype": _DTYPES[dtype], "device": "device"}
    if dtype == "bool":
        return call("torch.ones" if value else "torch.zeros", shape, **options)
    return call("torch.full", shape, number(value), **options)


def arange(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Arange)
    start = () if op.start == 0 and op.step == 1 else (site.size(op.start),)
    step = () if op.step == 1 else (op.step,)
    return call("torch.arange", *start, site.size(op.stop), *step, device="device")


EXPRESSIONS: dict[type[Op], Expression] = {
    ops.Parameter: lambda site: site.layer,
    ops.Buffer: lambda site: site.layer,
    ops.Scalar: scalar,
    ops.Full: full,
    ops.Arange: arange,
}
"""Op to its expression."""
