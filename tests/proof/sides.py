"""Sides in this process, with room for a planted mistake."""

from __future__ import annotations

import itertools
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from isograd.frameworks import part
from isograd.frameworks.protocol import Emitted
from isograd.frameworks.side import Side, plan
from isograd.ir.graph import Graph
from isograd.ir.mapping import Link, TensorMap, Transform
from isograd.proof import Baseline, establish, make_trial, prove_side
from isograd.proof.trial import RECORDED_STEPS
from isograd.result import Proof
from isograd.training import Recipe

_folder = tempfile.TemporaryDirectory()
_numbers = itertools.count()

BATCH = 16


def side(
    graph: Graph,
    label: str,
    dtype: str,
    recipe: Recipe,
    *,
    emitted: Emitted | None = None,
    idiomatic: bool = False,
) -> Side:
    framework, mode = label.split("/")
    emitted = emitted or part(framework, "emitter").emit(graph, idiomatic=idiomatic)
    path = Path(_folder.name) / f"model_{next(_numbers)}.py"
    path.write_text(emitted.source)
    options: Any = {"dtype": dtype, "shared_masks": True, "idiomatic": idiomatic}
    executor = part(framework, "modes").open_executor(
        plan(graph, emitted, path, mode, recipe, **options)
    )
    return Side(graph, emitted, executor)


def baseline(graph: Graph, recipe: Recipe, recorded: tuple[int, ...] = RECORDED_STEPS) -> Baseline:
    """The reference is PyTorch's eager mode, the data random; it is looked at after the steps that
    are ``recorded``."""
    return establish(
        side(graph, "torch/eager", "float64", recipe),
        side(graph, "torch/eager", "float32", recipe),
        make_trial(graph, recipe, None, recorded=recorded),
    )


def proof_of(found: Baseline, graph: Graph, label: str, recipe: Recipe, **planted: Any) -> Proof:
    return prove_side(
        found,
        side(graph, label, "float64", recipe, **planted),
        side(graph, label, "float32", recipe, **planted),
    )


def with_op(graph: Graph, node: str, **attributes: Any) -> Graph:
    """The graph with other attributes for one op."""
    nodes = tuple(
        replace(one, op=replace(one.op, **attributes)) if one.name == node else one
        for one in graph.nodes
    )
    return replace(graph, nodes=nodes)


def with_transform(emitted: Emitted, parameter: str, extra: Any) -> Emitted:
    """The mapping with one more step for one parameter."""
    links = tuple(
        Link(link.reference, link.twin, link.transform >> Transform((extra,)))
        if link.reference == parameter
        else link
        for link in emitted.parameters.links
    )
    return replace(emitted, parameters=TensorMap(links))


def stages(proof: Proof) -> dict[str, str]:
    return {stage.name: stage.verdict for stage in proof.stages}
