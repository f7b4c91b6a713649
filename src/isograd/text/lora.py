"""Low-rank adaptation (LoRA): a frozen network that learns through thin matrices beside its own.

``y = W x + b`` becomes ``y = W x + b + (alpha / r) B A x``, with A [r, in] drawn and B [out, r]
zero, so that the adapted network starts where the plain one stands; W is frozen. Source: Hu et al.,
2021, arXiv 2106.09685, section 4.1. A is drawn as its authors' code does it (loralib's ``Linear``):
uniform in +-1/sqrt(in). It is a rewrite of the graph: every framework gets the same network.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from isograd.errors import UsageError
from isograd.ir.graph import Graph, Node, Weights
from isograd.ir.ops import Add, Initializer, Linear, MultiplyScalar, Op, ParameterSpec

USUAL = ("query", "value", "q_proj", "v_proj", "c_attn")
"""Last names of the projections that are adapted by default: query and value, as in the paper
(section 4.2); GPT-2 has one projection for both, and for the key."""

A, B = "lora_A", "lora_B"


@dataclass(frozen=True)
class Adaptation:
    """What is adapted: ``rank`` r and ``alpha`` as in the paper, ``targets`` the last names of the
    linear layers, as they stand in the scopes of nodes."""

    rank: int
    alpha: float = 16.0
    targets: tuple[str, ...] = USUAL

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise UsageError(f"LoRA of rank {self.rank} has no parameters.", hint="Write --lora 8.")
        if not 0.0 < self.alpha < math.inf:
            raise UsageError(f"alpha must be finite and above 0, not {self.alpha}.")

    @property
    def scale(self) -> float:
        """The factor of what is learned."""
        return self.alpha / self.rank


@dataclass(frozen=True)
class Site:
    """One adapted layer: its scope, and the names of its weight and of the two thin matrices."""

    scope: str
    weight: str
    a: str
    b: str


@dataclass(frozen=True)
class Adapted:
    """A graph with adapters: only those, and what was named besides, is trainable."""

    graph: Graph
    weights: Weights
    plain: Graph
    adaptation: Adaptation
    sites: tuple[Site, ...]


def adapt(
    graph: Graph,
    weights: Weights,
    adaptation: Adaptation,
    *,
    seed: int = 0,
    trained: Collection[str] = (),
) -> Adapted:
    """The graph with an adapter beside each target. ``trained`` names parameters that go on
    training as they are, such as those of a new head; all others are frozen.

    Raises `UsageError` where no layer bears one of the names, or the rank is above its sizes.
    """
    nodes: list[Node] = []
    added: dict[str, ParameterSpec] = {}
    sites: list[Site] = []
    for node in graph.nodes:
        if (
            not isinstance(node.op, Linear)
            or node.scope.rpartition(".")[2] not in adaptation.targets
        ):
            nodes.append(node)
            continue
        _check_rank(adaptation, node, graph)
        nodes += _beside(node, adaptation.scale, adaptation.rank)
        site = Site(node.scope, node.parameters["weight"], f"{node.scope}.{A}", f"{node.scope}.{B}")
        added |= _specs(site, graph.parameters[site.weight].shape, adaptation.rank)
        sites.append(site)
    if not sites:
        raise _no_target(graph, adaptation)
    base = {
        name: replace(spec, trainable=spec.trainable and name in trained)
        for name, spec in graph.parameters.items()
    }
    adapted = replace(graph, nodes=tuple(nodes), parameters=base | added)
    drawn = replace(graph, nodes=(), outputs=(), parameters=added).initialize(seed)
    sites = list(dict.fromkeys(sites))
    return Adapted(adapted, weights | drawn, graph, adaptation, tuple(sites))


def merge(adapted: Adapted, weights: Weights) -> Weights:
    """Weights of the plain graph that computes what the adapted one does with these:
    W + (alpha / r) B A, in float64."""
    merged = {name: weights[name] for name in adapted.plain.parameters}
    for site in adapted.sites:
        learned = np.asarray(weights[site.b], np.float64) @ np.asarray(weights[site.a], np.float64)
        merged[site.weight] = merged[site.weight] + adapted.adaptation.scale * learned
    return merged


def save_adapter(adapted: Adapted, weights: Weights, folder: Path) -> None:
    """Writes ``adapter_model.safetensors`` and ``adapter_config.json`` under the names that the
    ``peft`` library uses, which can put it on the checkpoint that it was learned on. What trains
    besides the adapters lies there, too.

    Raises `UsageError` when the folder cannot be written.
    """
    names = {site.a: f"{site.a}.weight" for site in adapted.sites}
    names |= {site.b: f"{site.b}.weight" for site in adapted.sites}
    arrays = {
        f"base_model.model.{names.get(name, name)}": np.ascontiguousarray(weights[name], np.float32)
        for name in adapted.graph.trainable
    }
    saved = {name.rpartition(".")[0] for name in adapted.graph.trainable if name not in names}
    config = {
        "peft_type": "LORA",
        "r": adapted.adaptation.rank,
        "lora_alpha": adapted.adaptation.alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": sorted({site.scope.rpartition(".")[2] for site in adapted.sites}),
        "modules_to_save": sorted(saved) or None,  # in full: they are matched by their end
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_file(arrays, folder / "adapter_model.safetensors")
        text = json.dumps(config, indent=2) + "\n"
        (folder / "adapter_config.json").write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"Cannot write: {error.strerror}.", where=str(folder)) from None


def _beside(node: Node, scale: float, rank: int) -> list[Node]:
    """The layer, the adapter that reads what it reads, and their sum under the layer's name."""
    (x,) = node.inputs
    base, down, up, scaled = (f"{node.name}_{word}" for word in ("frozen", "down", "up", "scaled"))
    thin = node.type.with_shape((*node.type.shape[:-1], rank))
    wide = int(node.type.shape[-1])

    def linear(name: str, size: int, source: str, parameter: str) -> Node:
        scope = f"{node.scope}.{parameter}"
        kind = thin if parameter == A else node.type
        op = Linear(size, bias=False)
        return Node(name, op, (source,), {"weight": scope}, scope, node.source, kind)

    def plain(name: str, op: Op, *inputs: str) -> Node:
        return Node(name, op, inputs, {}, node.scope, node.source, node.type)

    return [
        replace(node, name=base),
        linear(down, rank, x, A),
        linear(up, wide, down, B),
        plain(scaled, MultiplyScalar(scale), up),
        plain(node.name, Add(), base, scaled),
    ]


def _specs(site: Site, shape: tuple[int, ...], rank: int) -> dict[str, ParameterSpec]:
    wide, narrow = shape
    return {
        site.a: ParameterSpec((rank, narrow), Initializer("uniform", narrow**-0.5)),
        site.b: ParameterSpec((wide, rank), Initializer("constant", 0.0)),
    }


def _check_rank(adaptation: Adaptation, node: Node, graph: Graph) -> None:
    smaller = min(graph.parameters[node.parameters["weight"]].shape)
    if adaptation.rank >= smaller:
        raise UsageError(
            f"LoRA of rank {adaptation.rank} is no smaller than {node.scope!r}, whose rank is at "
            f"most {smaller}.",
            hint=f"Choose a rank below {smaller}.",
        )


def _no_target(graph: Graph, adaptation: Adaptation) -> UsageError:
    known = {n.scope.rpartition(".")[2]: None for n in graph.nodes if isinstance(n.op, Linear)}
    return UsageError(
        f"The model {graph.name!r} has no linear layer named {' or '.join(adaptation.targets)}.",
        hint=f"Its linear layers are {', '.join(known)}; name them with --target.",
    )
