"""Ops without a rule of their own, in terms of simpler ones, as PyTorch itself defines them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import fx
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._pytree import tree_flatten, tree_unflatten

SAFE = frozenset({
    "addr", "cross", "diff", "hardshrink", "hypot", "logit",
    "pairwise_distance", "rot90", "sinc", "softshrink", "tensordot", "threshold", "xlogy",
})  # fmt: skip
"""Ops whose definition has their gradient, too. Others (``cosine_similarity``, ``rrelu``) are
defined with parts that gradients do not pass."""


def decomposed(node: fx.Node) -> tuple[fx.Graph, list[fx.Node]] | None:
    """The program that computes the node, and the nodes whose values are its inputs, in order; None
    where PyTorch has no definition by simpler ops.
    """
    function = _definition(node.target)
    if function is None or node.target._opname not in SAFE:  # type: ignore[union-attr]
        return None
    flat, spec = tree_flatten((node.args, node.kwargs))
    sources = [item for item in flat if _is_tensor(item)]
    known = [item.meta["val"] if isinstance(item, fx.Node) else item for item in flat]
    places = [i for i, item in enumerate(flat) if _is_tensor(item)]

    def compute(*tensors: torch.Tensor) -> Any:
        given = list(known)
        for place, tensor in zip(places, tensors, strict=True):
            given[place] = tensor
        args, kwargs = tree_unflatten(given, spec)
        return function(*args, **kwargs)

    examples = [source.meta["val"] for source in sources]
    if not examples:
        return None
    traced = make_fx(compute, pre_dispatch=True)(*examples).graph
    for inner in traced.nodes:
        inner.meta["stack_trace"] = node.meta.get("stack_trace")
        inner.meta["nn_module_stack"] = node.meta.get("nn_module_stack")
    if any(inner.target is node.target for inner in traced.nodes):
        return None
    return traced, sources


def _definition(target: Any) -> Callable[..., Any] | None:
    if target in torch._decomp.decomposition_table:
        return torch._decomp.decomposition_table[target]
    return target.decompose if target._can_decompose() else None


def _is_tensor(item: Any) -> bool:
    return isinstance(item, fx.Node) and isinstance(item.meta.get("val"), torch.Tensor)
