"""Random networks with a planted change, and what a proof says of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from planted_changes import changes
from random_graphs import networks
from round_trip import inputs_of, module_of
from twins import draw, run_torch

from isograd.ir.graph import Graph
from isograd.models import Model, load
from isograd.run.pair import prove_twin
from isograd.training import Recipe

RECIPE = Recipe(loss="mean_squared_error", batch_size=4)
SOME = (1, 10)
"""Training steps after which networks are compared: what is planted acts from the first one on."""

OBSERVABLE = 1e-3
"""How far a planted change must move some output, gradient or statistic, relative to the largest
value there: what moves nothing is no mistake."""


def as_users(graph: Graph) -> Model:
    """The emitted module as a user's network; training must move something in it."""
    found = run_torch(graph, *draw(graph, batch=3))
    assume(any(found[f"d {name}"].any() for name in graph.trainable))
    return load(module_of(graph), inputs_of(graph))


@st.composite
def mistakes(draw_, batched: bool = False) -> tuple[Graph, Graph]:
    """A network, and the same with one planted change that can be observed."""
    graph = draw_(networks(batched=batched))
    found = [changed for _, changed in changes(graph)]
    assume(found)
    changed = draw_(st.sampled_from(found))
    assume(is_observable(graph, changed))
    return graph, changed


def is_observable(graph: Graph, changed: Graph) -> bool:
    """Whether both networks differ by themselves, in one framework: a gradient at the scale of all
    gradients, as one that cancels to nothing is rounding alone."""
    given_ = draw(graph, batch=3)
    before, after = run_torch(graph, *given_), run_torch(changed, *given_)
    sizes = (np.abs(array).max(initial=0) for name, array in before.items() if name[:2] == "d ")
    gradients = max(sizes, default=0)
    return any(
        np.abs(after[name] - 1.0 * array).max(initial=0)
        > OBSERVABLE * (gradients if name[:2] == "d " else np.abs(array).max(initial=0))
        for name, array in before.items()
    )


def assert_not_different(graph: Graph) -> None:
    """A proof of the network's twin finds no difference."""
    proof = prove_twin(as_users(graph), "tensorflow", RECIPE, recorded=SOME)
    assert proof.verdict in ("equivalent", "inconclusive")


def assert_not_proven(graph: Graph, data: st.DataObject) -> None:
    """A twin with a planted change that can be observed is not called equivalent."""
    model = as_users(graph)
    found = [changed for _, changed in changes(model.graph) if is_observable(model.graph, changed)]
    assume(found)
    planted = replace(model, graph=data.draw(st.sampled_from(found)))
    assert prove_twin(planted, "tensorflow", RECIPE, recorded=SOME).verdict != "equivalent"
