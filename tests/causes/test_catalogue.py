"""Every entry of the catalogue says all that it has to, and names what is planted for it."""

from __future__ import annotations

import string
from collections import Counter

import pytest

from isograd.causes.catalogue import CONDITIONS, Entry, catalogue, known_ids
from isograd.causes.interventions import interventions
from isograd.ir.alignment import Alignment, align
from isograd.ir.ops import Op
from isograd.training import Recipe
from planted_networks import NETWORKS
from plants import plants_in
from recipe_plants import RECIPES

RECIPE = Recipe("mean_squared_error")

TURNED = {"weights-tied": "weights-untied", "weights-untied": "weights-tied"}
"""What is planted in the twin bears another name if it is planted in the reference."""

GRAPHS = [(name, network.make(), network.loss) for name, network in NETWORKS.items()]
PLANTED = [
    pytest.param(graph, planted, id=f"{name}-{planted.id}-{number}")
    for name, graph, loss in GRAPHS
    for number, planted in enumerate(plants_in(graph, loss))
]


def ids(found: Alignment) -> set[str]:
    return {one.id for one in interventions(found, RECIPE, RECIPE)}


def others(graph, planted) -> set[str]:
    """What follows from it: a product has its axes in another order than a layer, so that what
    comes behind names them otherwise. Interventions find that to change nothing."""
    crossed = graph.name == "signal" and planted.id == "transposed-weight"
    return {"reduced-axes"} if crossed else set()


@pytest.mark.parametrize(("graph", "planted"), PLANTED)
def test_an_entry_names_what_is_planted_for_it_and_nothing_else(graph, planted):
    beside = others(graph, planted)
    assert ids(align(graph, planted.graph)) == {planted.id} | beside
    turned = TURNED.get(planted.id, planted.id)
    assert ids(align(planted.graph, graph)) == {turned} | beside


@pytest.mark.parametrize(("name", "graph", "loss"), GRAPHS, ids=[name for name, *_ in GRAPHS])
def test_nothing_is_named_where_nothing_is_planted(name, graph, loss):
    assert not ids(align(graph, graph))


@pytest.mark.parametrize("plant", RECIPES, ids=[plant.id for plant in RECIPES])
def test_an_entry_names_what_is_planted_in_a_recipe(plant):
    recipe = plant.before(Recipe(plant.losses[0], plant.optimizer))
    (found,) = interventions(Alignment(), recipe, plant.change(recipe))
    assert found.id == plant.id
    assert not interventions(Alignment(), recipe, recipe)


def test_ids_are_unique():
    assert max(Counter(known_ids()).values()) == 1


@pytest.mark.parametrize("entry", catalogue(), ids=known_ids())
def test_an_entry_is_complete(entry: Entry):
    assert entry.summary.endswith(".")
    assert entry.source
    assert entry.fix.keys() == {"torch", "tensorflow"}
    assert all(entry.fix.values())
    for text in (entry.summary, *entry.fix.values()):
        names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
        assert names <= {"reference", "twin"}, text
    assert {*entry.ops} <= {*Op.registry}
    stands = " ".join(entry.stands).replace("/", " ").split()
    assert {*stands} <= {*Op.registry}
    assert not entry.when or entry.when in CONDITIONS


def test_every_entry_looks_for_something():
    """But for a softmax and the loss that reckons with it, two differences that are one."""
    lost = [e.id for e in catalogue() if not (e.ops or e.stands or e.fields or e.tied)]
    assert lost == ["outputs-are-probabilities"]


@pytest.mark.parametrize("field", ["reference", "twin"])
def test_the_user_is_told_what_was_found(field):
    """A sentence with placeholders resolves to the two values."""
    for _, graph, loss in GRAPHS[:1]:
        for planted in plants_in(graph, loss):
            found, *_ = interventions(align(graph, planted.graph), RECIPE, RECIPE)
            assert getattr(found, field) in found.summary or "{" not in found.entry.summary
