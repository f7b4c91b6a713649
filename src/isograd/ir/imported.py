"""What an importer makes of a user's network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from isograd.ir.graph import Graph, Weights
from isograd.ir.inputs import InputSpec
from isograd.ir.mapping import TensorMap, Transform


@dataclass(frozen=True)
class Imported:
    """A graph with the network's own weights, and how both correspond to the original.

    ``parameters`` maps each of the original's tensors to the graph's; constants that the original
    makes in its forward pass are mapped under a name that it does not have. ``values`` holds for
    each graph input, output and `Dropout` the transform from the logical layout to the original's.
    ``randoms`` names the `Dropout` nodes in the order in which the original draws. ``aliases`` maps
    further names of shared tensors to the one that is mapped, ``modules`` a module's path to its
    class. ``inputs`` are as the user gave them. ``declared`` says what the original's own training
    does differently, which is no part of the graph.
    """

    graph: Graph
    weights: Weights
    parameters: TensorMap
    values: Mapping[str, Transform]
    randoms: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[InputSpec, ...] = ()
    declared: tuple[str, ...] = ()
