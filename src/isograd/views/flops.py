"""Floating-point operations of each op's forward pass: one small formula for each.

A multiplication and an addition are two operations; a function of one element (``exp``, ``tanh``,
``gelu``) is one, whatever a processor needs for it, and so is a comparison of numbers. What only
moves, chooses or counts has none. The conventions are those of TensorFlow's profiler
(``tensorflow/python/profiler/internal/flops_registry.py``), and for products also those of
``torch.utils.flop_counter``: zeros of a padding count, and a causal mask saves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from isograd.ir import ops
from isograd.ir.ops.base import Op

Sizes = tuple[int, ...]


@dataclass(frozen=True)
class Sized:
    """A node with a number for every size: those of its inputs, of its value, and of its parameters
    by role. ``kinds`` are the inputs' kinds of element."""

    op: Any
    inputs: tuple[Sizes, ...]
    output: Sizes
    parameters: Mapping[str, Sizes]
    kinds: tuple[str, ...]

    @property
    def read(self) -> int:
        """Elements of the first input."""
        return prod(self.inputs[0])

    @property
    def made(self) -> int:
        """Elements of the value."""
        return prod(self.output)


Formula = Callable[[Sized], int | None]


def products(node: Sized) -> int | None:
    """The multiplications and additions of matrix products and convolutions alone; None for an op
    whose operations are not known."""
    if type(node.op) in PRODUCTS:
        return PRODUCTS[type(node.op)](node)
    return 0 if type(node.op) in OTHERS else None


def others(node: Sized) -> int | None:
    """All operations but the products; None for an op whose operations are not known. What computes
    with whole numbers or truth values alone has none."""
    if type(node.op) not in OTHERS:
        return None
    if node.kinds and "float" not in node.kinds:
        return 0
    return OTHERS[type(node.op)](node)


# Products ---------------------------------------------------------------------------------------


def _linear(node: Sized) -> int:
    return 2 * node.made * node.inputs[0][-1]


def _matmul(node: Sized) -> int:
    return 2 * node.made * node.inputs[0][-1]


def _conv(node: Sized) -> int:
    kernels = node.parameters["weight"] if node.parameters else node.inputs[1]
    return 2 * node.made * prod(kernels[1:])


def _conv_transpose(node: Sized) -> int:
    return 2 * node.read * prod(node.parameters["weight"][1:])


def _attention(node: Sized) -> int:
    return 2 * _scores(node) * node.inputs[0][-1] + 2 * node.made * node.inputs[1][-2]


def _recurrent(node: Sized) -> int:
    *batch, _ = node.inputs[0]
    return (
        2 * prod(batch) * (prod(node.parameters["weight_ih"]) + prod(node.parameters["weight_hh"]))
    )


def _einsum(node: Sized) -> int | None:
    """Of two operands; with more, the number depends on their order, which is the framework's."""
    summed = _summed(node)
    if summed is None or len(node.inputs) != 2:
        return 0 if len(node.inputs) == 1 else None
    sizes, contracted = summed
    return 2 * prod(sizes.values()) if contracted else 0


# What is around them ----------------------------------------------------------------------------


def _none(node: Sized) -> int:
    return 0


def _each(node: Sized) -> int:
    """One for each element of the value."""
    return node.made


def _five(node: Sized) -> int:
    """The largest, the difference from it, exp, the sum, and the division (or difference)."""
    return 5 * node.made


def _reduced(node: Sized) -> int:
    return node.read - node.made


def _averaged(node: Sized) -> int:
    """Additions, and one division for each value."""
    return node.read


def _variance(node: Sized) -> int:
    """The mean; the difference from it, its square, and the mean of that."""
    return 4 * node.read


def _log_sum_exp(node: Sized) -> int:
    """The largest; the difference from it, exp and sum; log, and the largest added again."""
    return 2 * _reduced(node) + 2 * node.read + 2 * node.made


def _bias(node: Sized) -> int:
    return node.made if "bias" in node.parameters else 0


def _scores(node: Sized) -> int:
    """Elements of q k^T."""
    return prod(node.output[:-1]) * node.inputs[1][-2]


def _attention_weights(node: Sized) -> int:
    """Scale, softmax and, where it is one of numbers, the mask that is added."""
    added = len(node.inputs) == 4 and node.kinds[3] == "float"
    return (6 + added) * _scores(node)


def _batch_norm(node: Sized) -> int:
    """Mean and variance, the normalised value, both running statistics."""
    channels = node.inputs[0][1]
    running = 7 * channels  # (1 - momentum) old + momentum new, of both; Bessel's factor
    return _normalised(node, channels) + running


def _layer_norm(node: Sized) -> int:
    return _normalised(node, node.read // prod(node.op.normalized_shape))


def _group_norm(node: Sized) -> int:
    return _normalised(node, node.inputs[0][0] * node.op.groups)


def _normalised(node: Sized, groups: int) -> int:
    """(x - mean) * rsqrt(variance + eps), one of each for a group; then scale and shift."""
    affine = sum(role in node.parameters for role in ("weight", "bias"))
    return _variance(node) + 2 * groups + (2 + affine) * node.read


def _rms_norm(node: Sized) -> int:
    rows = node.read // prod(node.op.normalized_shape)
    return 2 * node.read + 2 * rows + (1 + len(node.parameters)) * node.read


def _windows(node: Sized) -> int:
    """What each window holds, its padding included."""
    return node.made * prod(node.op.kernel_size)


def _adaptive(node: Sized) -> int:
    axes = zip(node.inputs[0][2:], node.output[2:], strict=True)
    return prod(node.output[:2]) * prod(_covered(before, after) for before, after in axes)


def _covered(before: int, after: int) -> int:
    """Elements under all places of an axis; see `isograd.ir.ops.AdaptiveAvgPool`."""
    return sum(-(-(i + 1) * before // after) - i * before // after for i in range(after))


def _resize(node: Sized) -> int:
    """The weighted sum of the two next places along each axis; the weights are made once."""
    if node.op.mode == "nearest":
        return 0
    return node.made * (2 * 2 ** (len(node.output) - 2) - 1)


def _gates(node: Sized) -> int:
    """Products and biases added up for each gate, then what the cell makes of the gates."""
    sums = {"none": 1, "single": 2}.get(node.op.bias, 3)
    return node.made * (sums * node.op.gates + CELLS[type(node.op)])


def _einsum_others(node: Sized) -> int | None:
    """Sums over what one operand has alone; products of elements where nothing is contracted."""
    summed = _summed(node)
    if summed is None:
        return None
    sizes, contracted = summed
    left = [[sizes[a] for a in term if a in sizes] for term in node.op.terms[:-1]]
    alone = sum(prod(shape) - prod(kept) for shape, kept in zip(node.inputs, left, strict=True))
    multiplied = prod(sizes.values()) if len(left) == 2 and not contracted else 0
    return alone + multiplied


def _summed(node: Sized) -> tuple[dict[str, int], bool] | None:
    """The sizes of the letters that are left once each operand is summed over what it has alone,
    and whether one of them is contracted."""
    *terms, result = node.op.terms
    if len(terms) > 2:
        return None
    sizes = {
        letter: size
        for term, shape in zip(terms, node.inputs, strict=True)
        for letter, size in zip(term, shape, strict=True)
        if letter in result or (len(terms) == 2 and all(letter in other for other in terms))
    }
    return sizes, bool(sizes.keys() - set(result))


# Tables -----------------------------------------------------------------------------------------

CELLS: dict[type[Op], int] = {
    ops.LSTM: 9,  # three sigmoids, two tanh; f c, i g and o tanh(c); one addition
    ops.GRU: 8,  # two sigmoids, one tanh; r a, 1 - z, its product with n, z h; one addition
    ops.RNN: 1,
}
"""Operations for each element of a state and each step, once the gates' sums are there."""

PRODUCTS: dict[type[Op], Formula] = {
    ops.Attention: _attention,
    ops.Conv: _conv,
    ops.ConvTranspose: _conv_transpose,
    ops.Convolve: _conv,
    ops.Einsum: _einsum,
    ops.GRU: _recurrent,
    ops.LSTM: _recurrent,
    ops.Linear: _linear,
    ops.MatMul: _matmul,
    ops.RNN: _recurrent,
}

_MOVES: tuple[type[Op], ...] = (
    ops.Arange, ops.BroadcastTo, ops.Buffer, ops.Cast, ops.CellState, ops.Concat, ops.Embedding,
    ops.ExpandDims, ops.Flatten, ops.Flip, ops.Full, ops.HiddenState, ops.OneHot, ops.Pad,
    ops.Parameter, ops.RepeatInterleave, ops.Reshape, ops.Roll, ops.Scalar, ops.Select, ops.Slice,
    ops.Squeeze, ops.Take, ops.TakeAlongAxis, ops.Tile, ops.Transpose, ops.Triangle, ops.Where,
)  # fmt: skip

_LOGIC: tuple[type[Op], ...] = (
    ops.All, ops.Any, ops.LogicalAnd, ops.LogicalNot, ops.LogicalOr, ops.LogicalXor,
)  # fmt: skip

_ELEMENTWISE: tuple[type[Op], ...] = (
    ops.Abs, ops.Acos, ops.Add, ops.AddScalar, ops.Asin, ops.Atan, ops.Atan2, ops.CELU, ops.Ceil,
    ops.Clip, ops.Compare, ops.CompareScalar, ops.Cos, ops.Cosh, ops.CumSum, ops.Divide,
    ops.Dropout, ops.ELU, ops.Erf, ops.Exp, ops.Expm1, ops.Floor, ops.FloorDivide, ops.GELU,
    ops.HardSigmoid, ops.HardSwish, ops.HardTanh, ops.LeakyReLU, ops.Log, ops.Log1p,
    ops.LogSigmoid, ops.Maximum, ops.Minimum, ops.Mish, ops.Multiply, ops.MultiplyScalar,
    ops.Negative, ops.PReLU, ops.Power, ops.PowerScalar, ops.ReLU, ops.Reciprocal, ops.Remainder,
    ops.Round, ops.Rsqrt, ops.SELU, ops.SiLU, ops.Sigmoid, ops.Sign, ops.Sin, ops.Sinh,
    ops.Softplus, ops.Softsign, ops.Sqrt, ops.Square, ops.Subtract, ops.Tan, ops.Tanh,
)  # fmt: skip

OTHERS: dict[type[Op], Formula] = {
    **dict.fromkeys((*_MOVES, *_LOGIC, ops.MatMul), _none),
    **dict.fromkeys(_ELEMENTWISE, _each),
    **dict.fromkeys((ops.Linear, ops.Conv, ops.ConvTranspose), _bias),
    **dict.fromkeys((ops.LSTM, ops.GRU, ops.RNN), _gates),
    **dict.fromkeys((ops.Softmax, ops.LogSoftmax), _five),
    **dict.fromkeys((ops.Sum, ops.Prod, ops.Max, ops.Min, ops.ArgMax, ops.ArgMin), _reduced),
    **dict.fromkeys((ops.AvgPool, ops.MaxPool), _windows),
    **dict.fromkeys((ops.AdaptiveAvgPool, ops.AdaptiveMaxPool), _adaptive),
    ops.Attention: _attention_weights,
    ops.BatchNorm: _batch_norm,
    ops.Convolve: _none,
    ops.Einsum: _einsum_others,
    ops.GlobalAvgPool: _averaged,
    ops.GlobalMaxPool: _reduced,
    ops.GroupNorm: _group_norm,
    ops.LayerNorm: _layer_norm,
    ops.LogSumExp: _log_sum_exp,
    ops.Mean: _averaged,
    ops.RMSNorm: _rms_norm,
    ops.Resize: _resize,
    ops.Variance: _variance,
}
