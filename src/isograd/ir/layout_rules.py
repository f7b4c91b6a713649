"""How each op takes its inputs in a channels-last layout: one rule for each family.

A rule answers with the placement that it wants for each input, the placement of the result, and
what becomes of the parameters. It raises `Explicit` when the features of an input are reordered and
the op cannot absorb that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from isograd.ir import ops
from isograd.ir.graph import Node
from isograd.ir.layout_families import ALIKE, OF_TWO, RECURRENT, REDUCTIONS, SOURCES
from isograd.ir.mapping import Permute, Reorder, Transform
from isograd.ir.ops import Op
from isograd.ir.ops.base import TensorType, normalize_axis
from isograd.ir.placement import Order, Placement, channels_last, logical, logical_order


class Explicit(Exception):
    """These nodes must take their inputs in logical order."""

    def __init__(self, nodes: frozenset[str]) -> None:
        super().__init__(nodes)
        self.nodes = nodes


@dataclass(frozen=True)
class Site:
    """A node with the types of its inputs and how they are held."""

    node: Node
    types: tuple[TensorType, ...]
    placements: tuple[Placement, ...]

    @property
    def rank(self) -> int:
        """Of the first input."""
        return self.types[0].rank


@dataclass(frozen=True)
class Decision:
    """``parameters`` maps a role to the parameter's transform; a role left out is not moved.
    ``axes`` are the physical axes, counted from the end, that a layer is made for, if any: all uses
    of one layer find theirs in the same places.
    """

    demands: tuple[Placement, ...]
    result: Placement
    parameters: Mapping[str, Transform] = field(default_factory=dict)
    axes: Order = ()


Rule = Callable[[Site], Decision]


def logical_site(site: Site) -> Site:
    """The site with all inputs in logical order."""
    for place in site.placements:
        plain(place)
    return Site(site.node, site.types, tuple(logical(kind.rank) for kind in site.types))


def wants_channels_last(op: Op, x: TensorType) -> bool:
    """Whether ``op`` sees ``x`` as [N, C, *spatial]."""
    return isinstance(op, _SPATIAL) and x.rank >= 3


def as_it_comes(site: Site) -> Decision:
    """Ops that treat every element, or every line along an axis, alike."""
    return Decision(site.placements, site.placements[0])


def in_logical_order(site: Site) -> Decision:
    """Ops whose meaning hangs on the order of the axes."""
    return Decision(logical_site(site).placements, logical(site.node.type.rank))


def windows(site: Site) -> Decision:
    """Convolution and pooling."""
    place = Placement(channels_last(site.rank))
    return Decision((place,), place)


def convolve(site: Site) -> Decision:
    """Kernels lie as a layer holds them: the output channels last, the input channels before."""
    place = Placement(channels_last(site.rank))
    plain(site.placements[1])
    kernels = Placement((*range(2, site.rank), 1, 0))
    return Decision((place, kernels), place)


def batch_norm(site: Site) -> Decision:
    """Needs the channels physically last; with two dimensions these may be reordered features."""
    (place,) = site.placements
    if site.rank > 2 and place.order[-1] != 1:
        place = Placement(channels_last(site.rank))
    if site.rank == 2 and place.order != (0, 1):
        place = logical(2)
    return Decision((place,), place, _reordered(site, 0, place.features))


def group_norm(site: Site) -> Decision:
    """Needs the batch physically first and the channels last, and neighbours left together."""
    place = plain(site.placements[0])
    if (place.order[0], place.order[-1]) != (0, 1):
        place = Placement(channels_last(site.rank))
    return Decision((place,), place)


def layer_norm(site: Site) -> Decision:
    """Normalises whatever physical axes its logical ones have become."""
    (place,) = site.placements
    assert isinstance(site.node.op, ops.LayerNorm | ops.RMSNorm)
    count = len(site.node.op.normalized_shape)
    first = site.rank - count
    axes = tuple(axis - first for axis in place.order if axis >= first)
    steps: tuple[Permute | Reorder, ...] = (Permute(axes),) if axes != logical_order(count) else ()
    if place.features:
        steps += (Reorder(count - 1, place.features.sizes, place.features.order),)
    parameters = {role: Transform(steps) for role in site.node.parameters}
    held = tuple(i - site.rank for i, axis in enumerate(place.order) if axis >= first)
    return Decision((place,), place, parameters, held)


def linear(site: Site) -> Decision:
    """Needs its features physically last; reordered ones go into the weight."""
    (place,) = site.placements
    if place.order[-1] != site.rank - 1:
        place = logical(site.rank)
    moved = _reordered(site, 1, place.features)
    weight = {"weight": moved["weight"]} if moved else {}
    return Decision((place,), Placement(place.order), weight)


def embedding(site: Site) -> Decision:
    """Appends an axis."""
    place = plain(site.placements[0])
    return Decision((place,), Placement((*place.order, site.rank)))


def global_pool(site: Site) -> Decision:
    """A reduction over all spatial axes, in any order."""
    op = site.node.op
    assert isinstance(op, ops.GlobalAvgPool | ops.GlobalMaxPool)
    return _reduce(site, tuple(range(2, site.rank)), op.keepdims)


def reduction(site: Site) -> Decision:
    """A reduction in any order."""
    op = site.node.op
    assert isinstance(op, REDUCTIONS)
    return _reduce(site, tuple(normalize_axis(axis, site.rank) for axis in op.axes), op.keepdims)


def index(site: Site) -> Decision:
    """A reduction over one axis."""
    op = site.node.op
    assert isinstance(op, ops.ArgMax | ops.ArgMin)
    return _reduce(site, (normalize_axis(op.axis, site.rank),), op.keepdims)


def running_sum(site: Site) -> Decision:
    """Along one axis, whose elements must not be reordered."""
    place = plain(site.placements[0])
    return Decision((place,), place)


def dropout(site: Site) -> Decision:
    """A mask of size 1 along an axis cannot be reordered there."""
    op = site.node.op
    assert isinstance(op, ops.Dropout)
    return running_sum(site) if op.shared else as_it_comes(site)


def prelu(site: Site) -> Decision:
    """Several slopes belong to the channels, which have to be physically last."""
    op = site.node.op
    assert isinstance(op, ops.PReLU)
    return as_it_comes(site) if op.num_parameters == 1 else batch_norm(site)


def choice(site: Site) -> Decision:
    """A condition and two operands that broadcast: all in the order of the largest one, if they
    have its rank, are constants, or are in that order already.
    """
    if len({(place.order, place.features) for place in site.placements}) == 1:
        origins = frozenset().union(*(place.origins for place in site.placements))
        first = site.placements[0]
        return Decision(site.placements, Placement(first.order, first.features, origins))
    for place in site.placements:
        plain(place)
    rank = site.node.type.rank
    full = [p for p, kind in zip(site.placements, site.types, strict=True) if kind.rank == rank]
    best = max(full, key=lambda place: not place.is_logical, default=logical(rank))
    if any(kind.rank not in (0, rank) for kind in site.types):
        return in_logical_order(site)
    places = tuple(best if kind.rank == rank else logical(0) for kind in site.types)
    return Decision(places, best)


def transpose(site: Site) -> Decision:
    """Moves nothing: the axes get other names."""
    place = plain(site.placements[0])
    assert isinstance(site.node.op, ops.Transpose)
    return Decision((place,), place.transposed(site.node.op.axes))


def concat(site: Site) -> Decision:
    """All inputs in the order that most of them have."""
    orders = [plain(place).order for place in site.placements]
    best = max(orders, key=lambda order: (orders.count(order), order != logical_order(site.rank)))
    place = Placement(best)
    return Decision((place,) * len(orders), place)


def binary(site: Site) -> Decision:
    """Two operands that broadcast."""
    a, b = site.placements
    if a == b:
        return Decision((a, b), a)
    if a.features or b.features:
        return _binary_of_features(site)
    if len(a.order) != len(b.order):
        return _binary_of_ranks(site)
    extents = [sum(size != 1 for size in kind.shape) for kind in site.types]
    if extents[0] == extents[1]:
        place = b if a.is_logical else a
    else:
        place = a if extents[0] > extents[1] else b
    return Decision((place, place), place)


def flatten(site: Site) -> Decision:
    """Merges axes that lie next to each other; if their order is not the logical one, the result
    is a last axis with reordered features, or there has to be a transpose.
    """
    place, op = site.placements[0], site.node.op
    assert isinstance(op, ops.Flatten)
    start, end = (normalize_axis(axis, site.rank) for axis in (op.start_axis, op.end_axis))
    if start == end:
        return as_it_comes(site)
    plain(place)
    block = [i for i, axis in enumerate(place.order) if start <= axis <= end]
    if block != list(range(block[0], block[-1] + 1)):
        return in_logical_order(site)
    order = tuple(place.order[i] - start for i in block)
    result = _merged(place.order, start, end)
    sizes = site.types[0].shape[start : end + 1]
    if _same_elements_order(order, [size != 1 for size in sizes]):
        return Decision((place,), Placement(result))
    if block[-1] != site.rank - 1 or end != site.rank - 1:
        return in_logical_order(site)
    known = tuple(size for size in sizes if isinstance(size, int))
    features = Reorder(-1, known, order)
    return Decision((place,), Placement(result, features, frozenset({site.node.name})))


def _merged(order: Order, start: int, end: int) -> Order:
    rest = (axis for axis in order if not start < axis <= end)
    return tuple(axis if axis <= start else axis - (end - start) for axis in rest)


def _same_elements_order(order: Order, matters: list[bool]) -> bool:
    moving = [axis for axis in order if matters[axis]]
    return moving == sorted(moving)


def _binary_of_features(site: Site) -> Decision:
    """Reordered features meet the same ones, or a last axis of size 1 that is spread over them."""
    a, b = site.placements
    origins = a.origins | b.origins
    if (a.order, a.features) == (b.order, b.features):
        return Decision((a, b), Placement(a.order, a.features, origins))
    big, small = (0, 1) if a.features else (1, 0)
    place, other = site.placements[big], site.placements[small]
    if all(size == 1 for size in site.types[small].shape):
        return Decision((a, b), place)
    if other.features is None and place.order == other.order and site.types[small].shape[-1] == 1:
        return Decision((a, b), place)
    raise Explicit(origins)


def _binary_of_ranks(site: Site) -> Decision:
    """The operand of fewer axes is aligned with the last logical axes of the other: it is moved
    into their order, where these are the last ones physically too.
    """
    a, b = site.placements
    big, small = (0, 1) if len(a.order) > len(b.order) else (1, 0)
    place, other = site.placements[big], site.placements[small]
    rank, missing = len(place.order), len(place.order) - len(other.order)
    if all(size == 1 for size in site.types[small].shape):
        return Decision((a, b), place)
    if sorted(place.order[missing:]) != list(range(missing, rank)):
        return in_logical_order(site)
    moved = Placement(tuple(axis - missing for axis in place.order[missing:]))
    return Decision((place, moved) if big == 0 else (moved, place), place)


def _reduce(site: Site, axes: tuple[int, ...], keepdims: bool) -> Decision:
    place = plain(site.placements[0])
    return Decision((place,), place if keepdims else place.without(axes))


def plain(place: Placement) -> Placement:
    """The placement itself, which must not have reordered features."""
    if place.features:
        raise Explicit(place.origins)
    return place


def _reordered(site: Site, axis: int, features: Reorder | None) -> dict[str, Transform]:
    if features is None:
        return {}
    step = Reorder(axis, features.sizes, features.order)
    return {role: Transform((step,)) for role in site.node.parameters}


_WINDOWS = (ops.Conv, ops.MaxPool, ops.AvgPool)

_SPATIAL = (
    *_WINDOWS,
    ops.Convolve,
    ops.BatchNorm,
    ops.GroupNorm,
    ops.GlobalAvgPool,
    ops.GlobalMaxPool,
    ops.ConvTranspose,
    ops.Resize,
    ops.AdaptiveAvgPool,
    ops.AdaptiveMaxPool,
)

RULES: dict[type[Op], Rule] = {
    **dict.fromkeys(ALIKE, as_it_comes),
    **dict.fromkeys(OF_TWO, binary),
    **dict.fromkeys(_WINDOWS, windows),
    ops.Convolve: convolve,
    **dict.fromkeys((ops.GlobalAvgPool, ops.GlobalMaxPool), global_pool),
    **dict.fromkeys(REDUCTIONS, reduction),
    **dict.fromkeys((ops.ArgMax, ops.ArgMin), index),
    **dict.fromkeys(SOURCES, in_logical_order),
    ops.CumSum: running_sum,
    ops.Dropout: dropout,
    ops.PReLU: prelu,
    ops.Where: choice,
    **dict.fromkeys((ops.MatMul, ops.Reshape), in_logical_order),
    **dict.fromkeys(RECURRENT, in_logical_order),
    ops.BatchNorm: batch_norm,
    ops.GroupNorm: group_norm,
    ops.LayerNorm: layer_norm,
    ops.Linear: linear,
    ops.Embedding: embedding,
    ops.Concat: concat,
    ops.Flatten: flatten,
    ops.Transpose: transpose,
}
"""Op to its rule; every op has one."""
