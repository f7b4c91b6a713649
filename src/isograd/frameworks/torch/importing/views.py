"""Writing into a view of a tensor, as the op on the whole tensor that it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from isograd.frameworks.torch.importing.call import Call, axis_of
from isograd.frameworks.torch.importing.rules.indexing import bounds
from isograd.frameworks.torch.importing.values import Value
from isograd.ir import ops
from isograd.ir.ops.base import static
from isograd.ir.sizes import Dim

Scatter = Callable[..., Value]
"""``scatter(call, old, new, *arguments)``: the whole tensor, which was ``old``, after its view by
these arguments became ``new``."""


def same(call: Call, old: Value, new: Value, *_: object) -> Value:
    return new


def reshaped(call: Call, old: Value, new: Value, *_: object) -> Value:
    return call.reshape(new, old.type.shape)


def transposed(call: Call, old: Value, new: Value, first: int, second: int) -> Value:
    axes = list(range(old.type.rank))
    i, j = axis_of(first, old), axis_of(second, old)
    axes[i], axes[j] = j, i
    return call.transpose(new, axes)


def permuted(call: Call, old: Value, new: Value, axes: Sequence[int]) -> Value:
    order = [axis_of(axis, old) for axis in axes]
    return call.transpose(new, [order.index(i) for i in range(len(order))])


def selected(call: Call, old: Value, new: Value, axis: int, index: Dim) -> Value:
    axis = axis_of(axis, old)
    start = static(index, "an index")
    if start < 0:
        start += static(old.type.shape[axis], "the size of an axis that is written from its end")
    return _placed(call, old, call(ops.ExpandDims(axis), new), axis, start, start + 1)


def sliced(
    call: Call, old: Value, new: Value, axis: int, start: Dim | None, stop: Dim | None, step: Dim
) -> Value:
    axis = axis_of(axis, old)
    if step != 1:
        raise call.unsupported("writing into every other element")
    begin, end = bounds(old.type.shape[axis], start, stop)
    return _placed(call, old, new, axis, begin, end)


def _placed(call: Call, old: Value, new: Value, axis: int, start: Dim, stop: Dim) -> Value:
    """``old`` with ``new`` in the place of [start, stop) along one axis."""
    size = old.type.shape[axis]
    before = [] if start == 0 else [call(ops.Slice(axis, 0, start), old)]
    after = [] if stop == size else [call(ops.Slice(axis, stop, size), old)]
    return call(ops.Concat(axis), *before, new, *after) if before or after else new


SCATTERS: dict[str, Scatter] = {
    "alias": same,
    "view": reshaped,
    "_unsafe_view": reshaped,
    "squeeze": reshaped,
    "unsqueeze": reshaped,
    "unflatten": reshaped,
    "transpose": transposed,
    "t": lambda call, old, new: transposed(call, old, new, 0, 1),
    "permute": permuted,
    "select": selected,
    "slice": sliced,
}
"""How a view is written back."""

VIEWS = frozenset(SCATTERS) | {
    "chunk", "detach", "diagonal", "expand", "expand_as", "movedim", "mT", "narrow", "split",
    "split_with_sizes", "swapaxes", "tensor_split", "unbind", "unfold", "view_as",
}  # fmt: skip
"""Ops whose result shares the memory of their first argument."""

MAYBE_THE_SAME = frozenset({
    "_to_copy", "alpha_dropout", "contiguous", "dropout", "feature_dropout", "positive", "to",
    "type_as",
})  # fmt: skip
"""Ops that give their first argument back where there is nothing to do."""

COPIES = MAYBE_THE_SAME | {"reshape", "reshape_as", "flatten"}
"""Ops whose result shares the memory of their first argument at some times."""
