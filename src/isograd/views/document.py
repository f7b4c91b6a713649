"""What `isograd graph` found: one typed record, written as versioned JSON."""

from __future__ import annotations

from dataclasses import dataclass, field

from isograd.result import Saved
from isograd.views.view import View

SCHEMA = "isograd/graphs/1"


@dataclass
class Layer:
    """A node of isograd's graph, which the operations of all views belong to. ``flops`` are the
    floating-point operations of one forward pass of the batch (a multiplication and an addition
    are two), ``bytes`` what it reads and writes, parameters included; None where it is not known.
    """

    name: str
    op: str
    scope: str
    source: str | None
    inputs: list[str]
    type: str
    parameters: int
    flops: int | None = None
    bytes: int | None = None


@dataclass
class Change:
    """What a framework's optimiser did from one view to a later one. ``kind`` is ``fused``,
    ``rewritten``, ``folded``, ``eliminated``, ``layout`` or ``added``; ``operations`` names some of
    what it did that to, in the earlier view, or in the later one where it was added."""

    before: str
    after: str
    kind: str
    count: int
    text: str
    operations: list[str] = field(default_factory=list)


@dataclass
class Overlay:
    """A quantity that was measured for each layer. ``unit`` is ``us``, ``bytes`` or ``envelopes``.
    ``values`` hold it by layer; ``outside`` is what belongs to none of them, by phase (``loss``,
    ``update``, ``batch``, ``python``); ``total`` is what was measured for the whole, by itself, and
    ``noise`` the fraction by which measurements of the same thing differ. ``about`` says what is in
    it and what is not. What could not be measured has no values, and ``about`` says why."""

    framework: str
    quantity: str
    unit: str
    values: dict[str, float]
    outside: dict[str, float] = field(default_factory=dict)
    total: float | None = None
    noise: float | None = None
    about: str = ""

    @property
    def sum(self) -> float:
        """All parts of what adds up, to be held against the total."""
        return sum(self.values.values()) + sum(self.outside.values())


@dataclass
class Graphs(Saved):
    """The views of one network and one training step, in all frameworks.

    ``layers`` are isograd's own graph of it, to which the views are tied; it is empty where the
    network has none (because its control flow depends on data), and then only its own framework has
    views. ``aligned`` pairs views of two frameworks that correspond (``torch/autograd`` with
    ``tensorflow/backward``).
    """

    model: str
    training: str
    batch_size: int
    parameters: int
    versions: dict[str, str]
    views: list[View]
    layers: list[Layer] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    overlays: list[Overlay] = field(default_factory=list)
    schema: str = SCHEMA

    def view(self, id: str) -> View | None:
        """The view of this name (``torch/autograd``), if it was asked for."""
        return next((view for view in self.views if view.id == id), None)
