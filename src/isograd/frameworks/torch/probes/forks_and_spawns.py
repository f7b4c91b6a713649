"""The step is run, then run again in a child process that is forked, and in one that is spawned."""

from __future__ import annotations

from typing import Any

import torch

from isograd.probes.watching import in_child


def work(name: str) -> float:
    """A step large enough for several threads, with its gradient; the mode is opened anew."""
    from isograd.frameworks.torch.probes.modes import open_mode

    x = torch.full((512, 512), 0.01, requires_grad=True)
    y = torch.full((512, 512), 0.01)
    (gradient,) = torch.autograd.grad(open_mode(name).run(product, x, y)(x, y), x)
    return float(gradient.sum())


def product(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch.tanh(x @ y).sum()


def observe(mode: Any) -> dict[str, Any]:
    here = work(mode.name)
    return {
        "here": here,
        "threads": torch.get_num_threads(),
        "children": {how: in_child(how, work, mode.name) for how in ("fork", "spawn")},
    }
