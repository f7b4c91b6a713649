"""One run of `benchmarks/causes.py`: plant, emit both networks, read them back, explain."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from disguises import disguised
from isograd.explanation import Explanation
from isograd.frameworks import part
from isograd.frameworks.source import load_class
from isograd.ir.alignment import align
from isograd.ir.graph import Graph
from isograd.ir.inputs import InputSpec
from isograd.ir.mapping import Permute
from isograd.ir.ops import Embedding
from isograd.models import Model, load
from isograd.run.pair import pair_up
from isograd.run.reasons import explain_pair
from isograd.training import Recipe
from planted_networks import NETWORKS
from plants import Planted, plants_in
from recipe_plants import ADAM, RECIPES, RecipePlant, replace_in

BATCH_SIZE = 4
RECORDED = (1, 3)

TURNED = {"weights-tied": "weights-untied", "weights-untied": "weights-tied"}
"""What is planted in the twin bears another name if it is planted in the reference."""


@dataclass(frozen=True)
class Run:
    """What is planted (``graph:id:number`` or ``recipe:id:0``), and where: in the reference if it
    is ``turned``, or in the twin. ``reference`` is the framework of the reference, ``disguise``
    writes the twin otherwise."""

    network: str
    plants: tuple[str, ...]
    seed: int
    reference: str
    turned: bool = False
    disguise: bool = False

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(plant.split(":")[1] for plant in self.plants)

    @property
    def label(self) -> str:
        what = "+".join(self.ids) or "nothing"
        where = "reference" if self.turned else "twin"
        return f"{what} in the {where} of {self.network}, {self.reference} first, {self.seed}"


@dataclass
class Row:
    """What was planted and what was found."""

    label: str
    network: str
    planted: list[dict[str, Any]]
    verdict: str = ""
    detected: bool = False
    causes: list[dict[str, Any]] = field(default_factory=list)
    harmless: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    rest: str = ""
    seconds: float = 0.0
    error: str = ""


def run_one(run: Run) -> Row:
    """Plants, emits, reads back and explains; an error is part of the row."""
    row = Row(
        run.label, run.network, [{"id": name, "named": False, "placed": None} for name in run.ids]
    )
    start = perf_counter()
    try:
        _Attempt(run, row).carry_out()
    except Exception as error:  # whatever a framework raises is a miss of its own
        row.error = f"{type(error).__name__}: {error}"
        row.verdict = "error"
    row.seconds = perf_counter() - start
    return row


class NoPlace(Exception):
    """What was planted first left no place for this one."""


class _Attempt:
    def __init__(self, run: Run, row: Row) -> None:
        self.run, self.row = run, row
        self.network = NETWORKS[run.network]
        self.base = self.network.make()
        self.planted: dict[str, Planted] = {}
        self.recipe_plants: dict[str, RecipePlant] = {}

    def carry_out(self) -> None:
        changed = self._changed()
        if self.run.disguise:
            changed = disguised(changed, random.Random(self.run.seed))
        first, second = (changed, self.base) if self.run.turned else (self.base, changed)
        frameworks = [self.run.reference, *({"torch", "tensorflow"} - {self.run.reference})]
        with tempfile.TemporaryDirectory(prefix="isograd-") as folder:
            ours, theirs = (
                native(graph, framework, Path(folder) / f"{framework}.py")
                for graph, framework in zip((first, second), frameworks, strict=True)
            )
            found = explain_pair(
                pair_up(ours, theirs), self._recipes(), seed=self.run.seed, recorded=RECORDED
            )
        self._record(found, ((first, ours), (second, theirs)))

    def _changed(self) -> Graph:
        graph = self.base
        for plant in self.run.plants:
            where, name, number = plant.split(":")
            if where == "recipe":
                self.recipe_plants[name] = next(one for one in RECIPES if one.id == name)
                continue
            self.planted[name] = self._again(graph, name, int(number))
            graph = self.planted[name].graph
        return graph

    def _again(self, graph: Graph, name: str, number: int) -> Planted:
        """The plant, in a graph that may have another one already."""
        wanted = list(plants_in(self.base, self.network.loss))[number]
        found = [p for p in plants_in(graph, self.network.loss) if p.id == name]
        at_place = [one for one in found if one.places == wanted.places]
        if not at_place:
            raise NoPlace(name)
        return at_place[0]

    def _recipes(self) -> tuple[Recipe, Recipe]:
        plants = list(self.recipe_plants.values())
        optimizer = plants[0].optimizer if plants else ADAM
        base = replace_in(Recipe(self.network.loss, optimizer, BATCH_SIZE))
        for plant in plants:
            base = plant.before(base)
        changed = base
        for plant in plants:
            changed = plant.change(changed)
        return (changed, base) if self.run.turned else (base, changed)

    def _record(self, found: Explanation, sides: Iterable[tuple[Graph, Model]]) -> None:
        row = self.row
        row.verdict, row.rest = found.verdict, found.rest
        row.harmless, row.unclear = found.harmless, found.unclear
        nodes = {cause.id: _nodes(cause.places) for cause in found.causes}
        row.causes = [
            {"id": c.id, "nodes": nodes[c.id], "reference": c.reference, "twin": c.twin}
            for c in found.causes
        ]
        harmless = any(plant.harmless for plant in self.recipe_plants.values())
        named = {cause.id for cause in found.causes}
        row.detected = found.verdict != "equivalent" or (harmless and len(self.run.ids) == 1)
        places = list(sides)
        for one in row.planted:
            name = TURNED.get(one["id"], one["id"]) if self.run.turned else one["id"]
            plant = self.recipe_plants.get(one["id"])
            one["named"] = name in named or bool(plant and plant.harmless and row.harmless)
            if one["id"] in self.planted:
                wanted = _expected(self.planted[one["id"]], places)
                one["placed"] = bool(wanted & {n for some in nodes.values() for n in some})


def _nodes(places: Iterable[tuple[Any, Any]]) -> list[str]:
    """The names of the nodes on both sides, each with the side."""
    return [
        f"{side}:{spot.node}"
        for pair in places
        for side, spot in zip(("reference", "twin"), pair, strict=True)
        if spot
    ]


def _expected(planted: Planted, sides: Iterable[tuple[Graph, Model]]) -> set[str]:
    """What the planted nodes are called in the networks that were read back."""
    found = set()
    for side, (graph, model) in zip(("reference", "twin"), sides, strict=True):
        known = align(graph, model.graph).nodes
        readers = graph.consumers()
        for name in planted.places & readers.keys():
            views = [name] if name in known else [one.name for one in readers[name]]
            found |= {f"{side}:{known[one]}" for one in views if one in known}
    return found


def native(graph: Graph, framework: str, path: Path) -> Model:
    """The graph emitted in a framework, and read back as somebody's network."""
    emitted = part(framework, "emitter").emit(graph)
    path.write_text(emitted.source, encoding="utf-8")
    network = load_class(path, emitted.class_name)()
    tables = {n.inputs[0]: n.op.num_embeddings for n in graph.nodes if isinstance(n.op, Embedding)}
    specs = []
    for name, kind in graph.inputs.items():
        shape = kind.shape
        for step in emitted.values[name].steps:
            assert isinstance(step, Permute)
            shape = tuple(shape[axis] for axis in step.axes)
        specs.append(InputSpec(name, shape, kind.dtype, tables.get(name)))
    if framework == "tensorflow":
        _build(network, specs)
    return load(network, specs)


def _build(network: Any, specs: Sequence[InputSpec]) -> None:
    """Keras makes weights when a network is first called."""
    kinds = {"float": "float32", "int": "int64", "bool": "bool"}
    samples = [
        np.zeros([size if isinstance(size, int) else 2 for size in spec.shape], kinds[spec.dtype])
        for spec in specs
    ]
    network(samples[0] if len(samples) == 1 else samples)
