"""Structured pruning: channels, hidden units and heads that are really taken out of a network.

Which ones: those whose weights have the smallest norm, over all slices of all parameters that go
with them (Li et al., ICLR 2017, arXiv 1608.08710, for filters; Fang et al., CVPR 2023, arXiv
2301.12900, for what is coupled). What goes together is found by `isograd.compress.flow`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import floor

import numpy as np
from numpy.typing import NDArray

from isograd.compress.flow import Flow, Place, follow
from isograd.compress.rewriting import indices, rewrite, sliced
from isograd.compress.rules import RULES, left_whole
from isograd.compress.units import STAYS, Labels, Units
from isograd.ir.graph import Graph, Weights


@dataclass(frozen=True)
class Group:
    """Layers that lose their channels together: the places where these begin, and how many there
    were and are, each counted once however many layers it is in. ``reason`` says why nothing was
    taken, where the group was left whole."""

    makers: tuple[str, ...]
    units: int
    kept: int
    reason: str = ""


@dataclass(frozen=True)
class Pruned:
    """A smaller network. ``kept`` holds, for each parameter that lost something, the indices of
    the old one along each axis: ``new = old[np.ix_(*kept[name])]``."""

    graph: Graph
    weights: Weights
    kept: dict[str, tuple[NDArray[np.int64], ...]] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()


def prune(graph: Graph, weights: Weights, amount: float, norm: int = 1) -> Pruned:
    """Takes the fraction ``amount`` (at least 0, below 1) of the channels of each group out of
    ``graph``, rounded down; one is always left. ``norm`` is 1 or 2.

    Inputs and outputs keep their sizes; groups that meet an op that cannot do without a part of
    its input are left whole, and say so.
    """
    if not 0 <= amount < 1:
        raise ValueError(f"the amount must be at least 0 and below 1, got {amount}")
    flow = follow(graph, RULES, left_whole)
    members = _groups(flow)
    scores = importance(graph, weights, flow, norm)
    chosen = {unit for units in members.values() for unit in _weakest(units, scores, amount)}
    removed = _with_one_left(flow, scores, chosen)
    return _taken(graph, weights, flow, members, removed)


def importance(graph: Graph, weights: Weights, flow: Flow, norm: int = 1) -> NDArray[np.floating]:
    """The norm of all trained weights that go with each unit, by unit."""
    scores = np.zeros(len(flow.units))
    for name in graph.trainable:
        array = np.abs(weights[name].astype(np.float64)) ** norm
        for axis, labels in enumerate(flow.parameters[name]):
            if labels is not None:
                others = tuple(i for i in range(array.ndim) if i != axis)
                np.add.at(scores, flow.units.roots(labels), array.sum(axis=others))
    return np.asarray(scores ** (1 / norm))


def _groups(flow: Flow) -> dict[tuple[Place, ...], list[int]]:
    """Places where channels begin that share units, and the units that need not stay."""
    places, together = list(flow.makes), Units()
    numbers = together.fresh(len(places))
    first: dict[int, int] = {}
    for number, place in zip(numbers.tolist(), places, strict=True):
        for unit in _free(flow, flow.makes[place]):
            other = first.setdefault(unit, number)
            together.unite(np.array([other]), np.array([number]), "")
    found: dict[int, list[Place]] = defaultdict(list)
    for root, place in zip(together.roots(numbers).tolist(), places, strict=True):
        found[root].append(place)
    return {
        tuple(group): sorted({unit for p in group for unit in _free(flow, flow.makes[p])})
        for group in found.values()
    }


def _free(flow: Flow, labels: Labels) -> list[int]:
    return [unit for unit in np.unique(flow.units.roots(labels)).tolist() if unit != STAYS]


def _weakest(units: list[int], scores: NDArray[np.floating], amount: float) -> list[int]:
    count = min(floor(amount * len(units) + 1e-9), len(units) - 1)
    return sorted(units, key=lambda unit: (scores[unit], unit))[: max(count, 0)]


def _with_one_left(flow: Flow, scores: NDArray[np.floating], chosen: set[int]) -> set[int]:
    """``chosen`` without the strongest of each axis that would lose everything."""
    removed = set(chosen)
    for labels in flow.labels():
        here = set(np.unique(flow.units.roots(labels)).tolist())
        if here and here <= removed:
            removed.discard(max(here, key=lambda unit: (scores[unit], unit)))
    return removed


def _taken(
    graph: Graph,
    weights: Weights,
    flow: Flow,
    members: dict[tuple[Place, ...], list[int]],
    removed: set[int],
) -> Pruned:
    gone = np.array(sorted(removed), np.int64)

    def keep(labels: Labels) -> NDArray[np.bool_]:
        return ~np.isin(flow.units.roots(labels), gone)

    smaller = rewrite(graph, flow, keep)
    kept = {
        name: tuple(indices(flow.parameters[name], keep))
        for name, spec in graph.parameters.items()
        if smaller.parameters[name].shape != spec.shape
    }
    groups = tuple(_described(flow, members, removed))
    return Pruned(smaller, sliced(weights, flow, keep), kept, groups)


def _described(
    flow: Flow, members: dict[tuple[Place, ...], list[int]], removed: set[int]
) -> Iterator[Group]:
    for places, units in members.items():
        makers = tuple(dict.fromkeys(name for name, _ in places))
        labels = np.unique(np.concatenate([flow.makes[place] for place in places]))
        if units:
            yield Group(makers, len(units), len(units) - len(removed & set(units)))
        elif labels.any():
            reason = next(filter(None, map(flow.units.reason, labels.tolist())))
            yield Group(makers, len(labels), len(labels), reason)
