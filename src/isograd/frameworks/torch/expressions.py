"""Ops as PyTorch expressions of their arguments, as they stand in ``forward``."""

from __future__ import annotations

from isograd.frameworks.dialect import Site
from isograd.frameworks.formatting import Source, call, listed
from isograd.frameworks.notation import Expression, function, operator
from isograd.frameworks.scalars import plus, power, times
from isograd.frameworks.torch import functions, movement, recurrent, reductions, resizing, sources
from isograd.frameworks.torch.layers import short, symmetric_padding
from isograd.ir import ops
from isograd.ir.mapping import Transform
from isograd.ir.ops import Op
from isograd.ir.ops.windows import Padding


def layer(site: Site) -> Source:
    """A call of the layer."""
    return call(site.layer, site.x)


def conv(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Conv)
    if symmetric_padding(op) or not any(sum(op.padding, ())):
        return layer(site)
    return call(site.layer, _padded(site.x, op))


def convolve(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Convolve)
    padding = symmetric_padding(op)
    x = site.x if padding or not any(sum(op.padding, ())) else _padded(site.x, op)
    options: dict[str, object] = {"padding": short(padding)} if padding else {}
    for name, sizes in (("stride", op.stride), ("dilation", op.dilation)):
        options |= {name: short(sizes)} if set(sizes) != {1} else {}
    options |= {"groups": op.groups} if op.groups != 1 else {}
    return call(f"F.conv{len(op.kernel_size)}d", x, site.arguments[1], **options)


def _padded(x: str, op: ops.Conv | ops.Convolve) -> Source:
    """F.pad counts from the last axis."""
    padding = tuple(size for pair in reversed(op.padding) for size in pair)
    return call("F.pad", x, padding)


def max_pool(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.MaxPool)
    x, options = _windows(site.x, op, value='float("-inf")')
    if set(op.dilation) != {1}:
        options["dilation"] = short(op.dilation)
    if op.ceil_mode:
        options["ceil_mode"] = True
    function = f"F.max_pool{len(op.kernel_size)}d"
    return call(function, x, short(op.kernel_size), **options)


def avg_pool(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.AvgPool)
    if not op.count_include_pad and not _fits(op):
        return call("average_pool", site.x, op.kernel_size, op.stride, _flat(op.padding))
    x, options = _windows(site.x, op, value=0)
    if op.ceil_mode:
        options["ceil_mode"] = True
    if not op.count_include_pad and any(sum(op.padding, ())):
        options["count_include_pad"] = False
    function = f"F.avg_pool{len(op.kernel_size)}d"
    return call(function, x, short(op.kernel_size), **options)


def _windows(
    x: str, op: ops.MaxPool | ops.AvgPool, *, value: object
) -> tuple[Source, dict[str, object]]:
    """Options of a pooling function, and its argument, which is padded before if need be."""
    options: dict[str, object] = {}
    if op.stride != op.kernel_size:
        options["stride"] = short(op.stride)
    if not any(sum(op.padding, ())):
        return x, options
    if _fits(op):
        options["padding"] = short(tuple(before for before, _ in op.padding))
        return x, options
    return call("F.pad", x, _flat(op.padding), **({"value": value} if value else {})), options


def _fits(op: ops.MaxPool | ops.AvgPool) -> bool:
    """Whether PyTorch's pooling takes the padding: the same before and after, half a kernel."""
    pairs = zip(op.kernel_size, op.padding, strict=True)
    return all(before == after and 2 * before <= kernel for kernel, (before, after) in pairs)


def _flat(padding: Padding) -> tuple[int, ...]:
    """F.pad counts from the last axis."""
    return tuple(size for pair in reversed(padding) for size in pair)


def global_pool(function: str) -> Expression:
    """A reduction over all spatial axes."""

    def write(site: Site) -> Source:
        op = site.node.op
        assert isinstance(op, ops.GlobalAvgPool | ops.GlobalMaxPool)
        return _reduced(function, site, tuple(range(2, site.types[0].rank)), op.keepdims)

    return write


def _reduced(function: str, site: Site, axes: tuple[int, ...], keepdims: bool) -> Source:
    options = {"keepdim": True} if keepdims else {}
    return call(f"{site.x}.{function}", short(axes) if len(axes) == 1 else axes, **options)


def gelu(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.GELU)
    options = {} if op.approximate == "none" else {"approximate": '"tanh"'}
    return call("F.gelu", site.x, **options)


def leaky_relu(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.LeakyReLU)
    return call("F.leaky_relu", site.x, op.negative_slope)


def along_axis(function: str) -> Expression:
    """A function along one axis."""

    def write(site: Site) -> Source:
        op = site.node.op
        assert isinstance(op, ops.Softmax | ops.LogSoftmax)
        return call(function, site.x, dim=site.axis(op.axis))

    return write


def concat(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Concat)
    return call("torch.cat", listed(site.arguments), dim=site.axis(op.axis))


def reshape(site: Site) -> Source:
    """One unknown size is -1; more are computed from the inputs' shapes."""
    return call(f"{site.x}.reshape", *site.target_shape)


def flatten(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Flatten)
    last = site.types[0].rank - 1
    end = () if op.end_axis in (-1, last) else (op.end_axis,)
    return call(f"{site.x}.flatten", op.start_axis, *end)


def transpose(site: Site) -> Source:
    op = site.node.op
    assert isinstance(op, ops.Transpose)
    return permute(site.x, op.axes)


def permute(x: str, axes: tuple[int, ...]) -> Source:
    """``x`` with its axes in another order."""
    return call(f"{x}.permute", *axes)


def borrowed_linear(site: Site) -> Source:
    """A product with parameters that another layer holds."""
    return call("F.linear", site.x, *site.borrowed.values())


def borrowed_embedding(site: Site) -> Source:
    """Rows of a table that another layer holds."""
    op = site.node.op
    assert isinstance(op, ops.Embedding)
    options = {} if op.padding_idx is None else {"padding_idx": op.padding_idx}
    return call("F.embedding", site.x, site.borrowed["weight"], **options)


def restore(source: str, transform: Transform) -> Source | None:
    """A parameter's logical form; PyTorch holds no parameter otherwise."""
    return None if transform.steps else source


BORROW: dict[type[Op], Expression] = {
    ops.Parameter: lambda site: site.borrowed["value"],
    ops.Buffer: lambda site: site.borrowed["value"],
    ops.Linear: borrowed_linear,
    ops.Embedding: borrowed_embedding,
}
"""Op to its expression where its parameters are another layer's."""


EXPRESSIONS: dict[type[Op], Expression] = {
    **functions.EXPRESSIONS,
    **movement.EXPRESSIONS,
    **resizing.EXPRESSIONS,
    **recurrent.EXPRESSIONS,
    **reductions.EXPRESSIONS,
    **sources.EXPRESSIONS,
    ops.Linear: layer,
    ops.Embedding: layer,
    ops.Conv: conv,
    ops.Convolve: convolve,
    ops.BatchNorm: layer,
    ops.LayerNorm: layer,
    ops.RMSNorm: layer,
    ops.GroupNorm: layer,
    ops.Dropout: layer,
    ops.MaxPool: max_pool,
    ops.AvgPool: avg_pool,
    ops.GlobalAvgPool: global_pool("mean"),
    ops.GlobalMaxPool: global_pool("amax"),
    ops.ReLU: function("F.relu"),
    ops.LeakyReLU: leaky_relu,
    ops.GELU: gelu,
    ops.SiLU: function("F.silu"),
    ops.Sigmoid: function("torch.sigmoid"),
    ops.Tanh: function("torch.tanh"),
    ops.HardSwish: function("F.hardswish"),
    # The gradient of F.hardsigmoid rounds 1/6 to float32.
    ops.HardSigmoid: lambda site: f"F.relu6({site.x} + 3.0) / 6.0",
    ops.Softmax: along_axis("F.softmax"),
    ops.LogSoftmax: along_axis("F.log_softmax"),
    ops.Add: operator("+"),
    ops.Subtract: operator("-"),
    ops.Multiply: operator("*"),
    ops.Divide: operator("/"),
    ops.MatMul: operator("@"),
    ops.Maximum: function("torch.maximum"),
    ops.Minimum: function("torch.minimum"),
    ops.Negative: lambda site: f"-{site.x}",
    ops.Exp: function("torch.exp"),
    ops.Log: function("torch.log"),
    ops.Sqrt: function("torch.sqrt"),
    ops.Abs: function("torch.abs"),
    ops.Square: function("torch.square"),
    ops.AddScalar: plus,
    ops.MultiplyScalar: times,
    ops.PowerScalar: power,
    ops.Concat: concat,
    ops.Flatten: flatten,
    ops.Reshape: reshape,
    ops.Transpose: transpose,
}
"""Op to its expression."""
