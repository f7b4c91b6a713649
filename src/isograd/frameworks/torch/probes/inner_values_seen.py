"""What goes through an inner layer, and its gradient, without a change to the network: hooks."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from isograd.probes.watching import attempt

STEPS = 3
X = torch.ones(2, 3)


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))


def what_is_right(net: nn.Sequential, kind: str) -> Tensor:
    value = torch.tanh(net[0](X)).detach()
    upstream: Tensor = next(net[2].parameters())
    return value if kind == "value" else (upstream / len(X)).expand_as(value).detach()


def attach(layer: nn.Module, kind: str, seen: list[Tensor]) -> None:
    if kind == "value":
        layer.register_forward_hook(lambda module, inputs, output: seen.append(output.detach()))
    else:
        layer.register_full_backward_hook(lambda module, into, out: seen.extend(out))


def watched(mode: Any, kind: str, late: bool) -> dict[str, Any]:
    """How often a hook of the inner layer fires in each step, and whether what it sees is right.
    ``late``: it is attached after the first call."""
    seen: list[Tensor] = []
    net = network()
    right = what_is_right(net, kind)
    if not late:
        attach(net[1], kind, seen)
    run = mode.run(net, X)
    run(X).mean().backward()
    if late:
        attach(net[1], kind, seen)
    counts = []
    for _ in range(STEPS):
        before = len(seen)
        run(X).mean().backward()
        counts.append(len(seen) - before)
    return {"each step": counts, "right": bool(seen) and torch.allclose(seen[-1], right)}


def observe(mode: Any) -> dict[str, Any]:
    return {
        "how": "a hook of the layer",
        "seen": {
            f"{kind}, {when}": attempt(watched, mode, kind, late)
            for kind in ("value", "gradient")
            for when, late in (("attached first", False), ("attached while it runs", True))
        },
    }
