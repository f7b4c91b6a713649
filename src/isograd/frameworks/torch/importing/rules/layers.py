"""Ops with weights: matrix products, convolutions, embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isograd.frameworks.torch.importing.call import Call, Rule, axis_of, both, pair, plain
from isograd.frameworks.torch.importing.rules.arithmetic import add
from isograd.frameworks.torch.importing.rules.reduction import norm
from isograd.frameworks.torch.importing.values import Value
from isograd.ir import ops
from isograd.ir.ops.base import static


def linear(call: Call, x: Value, weight: Value, bias: Value | None = None) -> Value:
    if plain(weight, bias) and weight.type.rank == 2:
        features = static(weight.type.shape[0], "the number of output features")
        if bias is not None and _is_tied(call, weight):
            return call(ops.Add(), call.layer(ops.Linear(features, False), x, weight=weight), bias)
        return call.layer(ops.Linear(features, bias is not None), x, weight=weight, bias=bias)
    product = _product(call, x, call.transpose(weight, (1, 0)))
    return product if bias is None else call(ops.Add(), product, bias)


def _is_tied(call: Call, weight: Value) -> bool:
    """Whether the weight is that of something else, such as an embedding, so that a layer which
    also has a bias of its own could not hold both."""
    owners = (n for n in call.writer.nodes if weight.parameter in n.parameters.values())
    return any(not isinstance(node.op, ops.Linear) for node in owners)


def matmul(call: Call, a: Value, b: Value) -> Value:
    return call.reshape(_product(call, a, b), call.shape)


def _product(call: Call, a: Value, b: Value) -> Value:
    """A vector is a matrix of one row (on the left) or of one column (on the right)."""
    if a.type.rank == 1:
        a = call(ops.ExpandDims(0), a)
    if b.type.rank == 1:
        b = call(ops.ExpandDims(1), b)
    return call(ops.MatMul(), a, b)


def add_product(call: Call, x: Value, a: Value, b: Value, *_: object) -> Value:
    """``beta * x + alpha * a @ b``."""
    alpha, beta = call.options.get("alpha", 1), call.options.get("beta", 1)
    product = call(ops.MatMul(), a, b)
    x = x if beta == 1 else call(ops.MultiplyScalar(beta), x)
    return add(call, x, product, alpha)


def bilinear(call: Call, a: Value, b: Value, weight: Value, bias: Value | None) -> Value:
    """``sum over i, j of a[i] weight[o, i, j] b[j]``, of vectors or batches of them."""
    if a.type.rank != 2:
        raise call.unsupported("a bilinear layer of more than two axes")
    product = call(ops.Einsum("ni,oij,nj->no"), a, weight, b)
    return product if bias is None else call(ops.Add(), product, bias)


def weight_norm(call: Call, v: Value, g: Value, axis: int) -> Value:
    """``v g / |v|``, the norm being over all axes but one."""
    axis = axis_of(axis, v)
    others = [i for i in range(v.type.rank) if i != axis]
    return call(ops.Multiply(), v, call(ops.Divide(), g, norm(call, v, 2, others, True)))


def outer(call: Call, a: Value, b: Value) -> Value:
    return call(ops.Multiply(), call(ops.ExpandDims(1), a), b)


def convolution(call: Call, x: Value, weight: Value, bias: Value | None, *rest: Any) -> Value:
    stride, padding, dilation, groups = rest
    axes = weight.type.rank - 2
    if x.type.rank != axes + 2:
        raise call.unsupported("a convolution of an input without a batch axis")
    kernel = tuple(static(size, "a kernel's size") for size in weight.type.shape[2:])
    dilation = pair(dilation, axes)
    op = ops.Conv(
        static(weight.type.shape[0], "the number of output channels"),
        kernel,
        pair(stride, axes),
        _padding(padding, kernel, dilation),
        dilation,
        groups,
        bias is not None,
    )
    if plain(weight, bias):
        return call.layer(op, x, weight=weight, bias=bias)
    window = (op.kernel_size, op.stride, op.padding, op.dilation, op.groups)
    made = call(ops.Convolve(*window), x, weight)
    if bias is None:
        return made
    return call(ops.Add(), made, call.reshape(bias, (op.out_channels, *(1,) * axes)))


def _padding(
    given: str | Sequence[int], kernel: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    """``"same"`` puts the odd one behind."""
    if given == "valid":
        return ((0, 0),) * len(kernel)
    if isinstance(given, str):
        reach = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        return tuple((size // 2, size - size // 2) for size in reach)
    return both(given, len(kernel))


def transposed_convolution(
    call: Call, x: Value, weight: Value, bias: Value | None, *rest: Any
) -> Value:
    stride, padding, output_padding, groups, dilation = rest
    axes = weight.type.rank - 2
    if x.type.rank != axes + 2:
        raise call.unsupported("a convolution of an input without a batch axis")
    op = ops.ConvTranspose(
        static(weight.type.shape[1], "the number of output channels") * groups,
        tuple(static(size, "a kernel's size") for size in weight.type.shape[2:]),
        pair(stride, axes),
        both(padding, axes),
        pair(output_padding, axes),
        pair(dilation, axes),
        groups,
        bias is not None,
    )
    return call.layer_or(op, (x,), {"weight": weight, "bias": bias}, "a transposed convolution")


def embedding(call: Call, weight: Value, indices: Value, padding_idx: int, *rest: bool) -> Value:
    scale_grad_by_freq, _ = rest
    if scale_grad_by_freq:
        raise call.unsupported("an embedding whose gradient is scaled by frequency")
    if weight.parameter is None:
        if padding_idx >= 0:
            raise call.unsupported("an embedding with padding_idx and a computed table")
        return call(ops.Take(0), weight, indices)
    count, width = (static(size, "a table's size") for size in weight.type.shape)
    op = ops.Embedding(count, width, padding_idx if padding_idx >= 0 else None)
    return call.layer(op, indices, weight=weight)


RULES: dict[str, Rule] = {
    "_weight_norm": weight_norm,
    "addmm": add_product,
    "baddbmm": add_product,
    "bilinear": bilinear,
    "bmm": matmul,
    "conv1d": convolution,
    "conv2d": convolution,
    "conv3d": convolution,
    "conv_transpose1d": transposed_convolution,
    "conv_transpose2d": transposed_convolution,
    "conv_transpose3d": transposed_convolution,
    "dot": matmul,
    "embedding": embedding,
    "linear": linear,
    "matmul": matmul,
    "mm": matmul,
    "mv": matmul,
    "outer": outer,
}
