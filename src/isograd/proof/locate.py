"""Where two networks first part: the value that differs though all that it is made from agrees.

Both sides are recorded once in each mode, and the reference twice more, disturbed by one unit in
the last place, for the envelope; nothing is run again for a node. The stages are looked at in
order, and passes that no stage asks for are not made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from isograd.ir.graph import Graph
from isograd.ir.mapping import Link
from isograd.proof.compared import Item, Tensors, excerpt, judged, worst_place
from isograd.proof.correspondence import LOSS, Correspondence, Surroundings
from isograd.proof.judge import Deviation, idle
from isograd.proof.observe import GRADIENT
from isograd.proof.trial import Trial
from isograd.proof.witness import Witness
from isograd.result import FirstDivergence, Location, Place

DISTURBANCES = 2
"""How many disturbed runs of the reference the envelope is measured from: with one run of each
side, the search costs less than five passes, forward and backward, of both."""

Finding = tuple[Item, Deviation]


def disturbed(reference: Witness, trial: Trial) -> list[Witness]:
    """The reference at points one unit in the last place away from the trial's."""
    return [reference.at(trial.disturbed(seed)) for seed in range(1, DISTURBANCES + 1)]


def locate(
    reference: Witness, twin: Witness, disturbed: Sequence[Witness], known: Correspondence
) -> Location:
    """The first divergences, in the first stage that has some.

    ``disturbed`` are the reference one unit in the last place away, see `disturbed`. A value is
    blamed only if it differs by more than rounding can explain and all that it is made from agrees;
    where the envelope does not tell, the answer is `inconclusive`.
    """
    search = _Search(reference, twin, disturbed, known)
    for stage, items in search.stages():
        location = search.location(
            stage, [(item, judged(item)) for item in items if item.comparable]
        )
        if location.verdict != "equivalent":
            return location
    return Location("equivalent")


def deviations(
    reference: Witness, twin: Witness, disturbed: Sequence[Witness], known: Correspondence
) -> dict[str, dict[str, Deviation]]:
    """How far the twin is off in training mode at each of the reference's nodes, whether rounding
    explains it or not: by stage (``train-forward``, ``gradients``), the largest of what the node
    has there (its value and statistics; the gradients of its value and parameters)."""
    search = _Search(reference, twin, disturbed, known)
    stages = {"train-forward": search.in_training(), "gradients": search.gradients()}
    return {stage: _by_node(items, reference.graph) for stage, items in stages.items()}


def _by_node(items: Iterator[Item], graph: Graph) -> dict[str, Deviation]:
    nodes = {node.name for node in graph.nodes}
    found: dict[str, Deviation] = {}
    for item in items:
        name = item.key if item.key in nodes else item.node
        if name in nodes and item.comparable:
            one = judged(item)
            if name not in found or one.ratio > found[name].ratio:
                found[name] = one
    return found


class _Search:
    def __init__(
        self, reference: Witness, twin: Witness, disturbed: Sequence[Witness], known: Correspondence
    ) -> None:
        self.reference, self.twin, self.known = reference, twin, known
        self.everyone = (reference, twin, *disturbed)
        self.around = Surroundings(reference.graph, twin.graph, known.values)
        self.links = self.around.links

    # Stages -----------------------------------------------------------------------------------

    def stages(self) -> Iterator[tuple[str, Iterator[Item]]]:
        """Stage name to its items, those that others depend on first."""
        yield "forward", self._values(Tensors([w.evaluated.values for w in self.everyone]))
        yield "train-forward", self.in_training()
        yield "loss", self._loss()
        yield "gradients", self.gradients()
        yield "optimizer", self._optimizer()

    def _values(self, values: Tensors) -> Iterator[Item]:
        for name in values.sides[0]:
            if name in self.links:
                before = self.around.made_from[name]
                yield values.item(self.links[name], name, before, terms=before)
        pairs = zip(self.reference.graph.outputs, self.twin.graph.outputs, strict=False)
        for number, (ours, theirs) in enumerate(pairs):
            if ours not in self.links or self.links[ours].twin != theirs:
                before = self.around.output(ours, theirs)
                link, key = Link(ours, theirs), f"output {number}"
                yield values.item(link, ours, before, terms=before, key=key)

    def in_training(self) -> Iterator[Item]:
        """Every value, and what running statistics come to."""
        yield from self._values(Tensors([w.trained.values for w in self.everyone]))
        statistics = Tensors([w.trained.statistics for w in self.everyone])
        for link, owner in self._owned(statistics):
            before = (owner, *self.around.made_from.get(owner, ()))
            yield statistics.item(link, owner, before, key=_parameter(link))

    def _loss(self) -> Iterator[Item]:
        losses = Tensors([{LOSS: np.array(w.loss_value)} for w in self.everyone])
        yield losses.item(Link(LOSS, LOSS), LOSS, ())

    def gradients(self) -> Iterator[Item]:
        """Of every value and parameter, those that others are made from first."""
        yield from self._cotangents()
        gradients = Tensors([w.gradients for w in self.everyone], GRADIENT)
        tensors = self.reference.graph.parameters, self.twin.graph.parameters
        for name in reversed(list(self.reference.trained.values)):
            link = self.links.get(name)
            if link is None or not gradients.have(link):
                continue
            if name in tensors[0] or link.twin in tensors[1]:
                continue  # the name stands for the parameter's whole gradient
            before = self.around.read_by[name]
            node = before[0] if len(before) == 1 else name
            yield gradients.item(link, node, before, terms=before)
        for link, owner in self._owned(gradients):
            yield gradients.item(link, owner, (owner,), terms=(owner,), key=_parameter(link))

    def _cotangents(self) -> Iterator[Item]:
        """What the loss gives to the outputs."""
        for pair in zip(self.reference.cotangents, self.twin.cotangents, strict=False):
            link = self.links.get(pair[0])
            slopes = Tensors([w.cotangents for w in self.everyone], GRADIENT)
            link = link if link and link.twin == pair[1] else Link(*pair)
            yield slopes.item(link, LOSS, (), key=LOSS)

    def _optimizer(self) -> Iterator[Item]:
        """Parameters without a gradient are left out: adaptive steps divide rounding by itself."""
        names = self.reference.graph.trainable
        resting = idle({name: self.reference.gradients[name] for name in names})
        updated = Tensors([w.updated for w in self.everyone])
        for link, owner in self._owned(updated):
            if link.reference not in resting:
                yield updated.item(link, owner, (), key=_parameter(link))

    def _owned(self, tensors: Tensors) -> Iterator[tuple[Link, str]]:
        """The links of parameters that both sides have, with the nodes that use them."""
        for link in self.known.parameters:
            if tensors.have(link) and link.reference in self.around.owners:
                yield link, self.around.owners[link.reference]

    # Findings ---------------------------------------------------------------------------------

    def location(self, stage: str, findings: Sequence[Finding]) -> Location:
        """What a stage's findings come to."""
        odd = {item.key for item, found in findings if found.verdict != "equivalent"}
        if not odd:
            return Location("equivalent", stage)
        first = [
            (item, found)
            for item, found in findings
            if item.key in odd and odd.isdisjoint(item.before)
        ]
        blamed = [(item, found) for item, found in first if found.verdict == "different"]
        if not blamed:
            doubts = (f"{item.names[0]}: {found.detail}" for item, found in first)
            return Location("inconclusive", stage, detail=next(doubts, ""))
        along = self._along(findings)
        found = [self._divergence(stage, *finding, along) for finding in _one_each(blamed)]
        return Location("different", stage, found)

    def _along(self, findings: Sequence[Finding]) -> list[tuple[int, str, float]]:
        """The error along the depth; for each node the largest."""
        largest: dict[str, float] = {}
        depths = self.around.depths
        for item, found in findings:
            name = item.key if item.key in depths else item.node
            largest[name] = max(largest.get(name, 0.0), found.ratio)
        end = 1 + max(depths.values(), default=0)
        return sorted((depths.get(name, end), name, ratio) for name, ratio in largest.items())

    def _divergence(
        self, stage: str, item: Item, found: Deviation, along: list[tuple[int, str, float]]
    ) -> FirstDivergence:
        link = self.links.get(item.node, Link(item.node, item.node))
        ours = Place(_source(self.reference.graph, link.reference), item.names[0])
        theirs = Place(_source(self.twin.graph, link.twin), item.names[1])
        if item.reference.shape == item.twin.shape:
            here, there = worst_place(item)
            ours.index, theirs.index = list(here), list(there)
            ours.value = excerpt(item.reference, here)
            theirs.value = excerpt(item.transform(item.twin), there)
        return FirstDivergence(
            stage, item.node, item.names[0], ours, theirs,
            found.ratio, found.max_abs, found.envelope, along, found.detail,
        )  # fmt: skip


def _one_each(findings: Sequence[Finding]) -> list[Finding]:
    """Of several tensors of one node, such as both statistics of a normalisation, the worst."""
    worst: dict[str, Finding] = {}
    for item, found in findings:
        if item.node not in worst or found.ratio > worst[item.node][1].ratio:
            worst[item.node] = item, found
    return list(worst.values())


def _parameter(link: Link) -> str:
    """A key that no value has."""
    return f"parameter {link.reference}"


def _source(graph: Graph, name: str) -> str | None:
    return next((node.source for node in graph.nodes if node.name == name), None)
