"""What tracing does that no graph shows: how often ``torch.compile`` compiles, why, where it breaks
the graph, and what Python runs while ``torch.jit.trace`` records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from isograd.frameworks.protocol import Live, Subject
from isograd.frameworks.torch.executor import packed
from isograd.frameworks.torch.views.breaking import breaks_of, explained
from isograd.frameworks.torch.views.live import LiveNetwork
from isograd.frameworks.torch.views.recompiling import Compilations, compilations
from isograd.frameworks.torch.views.subjects import opened
from isograd.frameworks.torch.views.warned import trace
from isograd.views import Event
from isograd.views.running import lines_run, ran_once
from isograd.views.variations import Variation, variations


def watch(subject: Subject, live: Live | None) -> dict[str, list[Event]]:
    """What is seen of the user's own network, where there is one, or else of the emitted one:
    events by what made them, ``jit`` or ``compile``."""
    if live is not None:
        own = LiveNetwork(live)
        model, inputs = own.model, next(own.calls()).inputs
    else:
        executor = opened(subject, "eager")
        model, inputs = executor.model, tuple(tensor.cpu().numpy() for tensor in executor.data)
    tensors = [torch.from_numpy(array) for array in inputs]
    traced, warned = trace(model, tensors)
    ran = lines_run(partial(trace, model, tensors)), lines_run(partial(traced, *tensors))
    recorded = ran_once(*ran, "torch.jit.trace", theirs=live is not None)
    breaks = breaks_of(explained(model, tensors))
    again = recompiles(model, variations(inputs))
    compiled = [*breaks, *again.failures[:1], *again.recompiles]
    return {"jit": [*warned, *recorded], "compile": compiled}


def recompiles(network: Callable[..., Any], calls: Sequence[Variation]) -> Compilations:
    """What is compiled at these calls; those that the network itself refuses are left out."""

    def scaled(number: float, *inputs: Tensor) -> Tensor:
        return packed(network(*inputs)) * number

    possible = [(call.number, *map(torch.from_numpy, call.inputs)) for call in calls]
    return compilations(scaled, [call for call in possible if _accepts(scaled, call)])


def _accepts(function: Callable[..., Any], call: Sequence[Any]) -> bool:
    try:
        function(*call)
    except Exception:
        return False
    return True
