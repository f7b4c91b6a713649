"""`torch.jit.trace`, and what it warns of."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from isograd.references import is_user_file
from isograd.views import Event
from isograd.views.decisions import EVENT_OF, Line, shown, statement_at

_DONE = {
    "loop": "A loop of Python's is in the trace as often as it ran at this call",
    "rounds": "A loop of Python's is in the trace with the number of rounds of this call",
    "branch": "A branch of Python's is in the trace as it was chosen at this call",
    "value": "A value that Python read is a constant in the trace",
}


def trace(model: nn.Module, inputs: Sequence[Tensor]) -> tuple[torch.jit.ScriptModule, list[Event]]:
    """The trace of one call, and its warnings at lines of the user's."""
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        traced = torch.jit.trace(model, tuple(inputs), check_trace=False, strict=False)
    lines = Counter(
        (warning.filename, warning.lineno)
        for warning in noted
        if issubclass(warning.category, torch.jit.TracerWarning) and is_user_file(warning.filename)
    )
    return traced, [_event(line, count) for line, count in lines.items()]


def _event(line: Line, count: int) -> Event:
    kind = statement_at(*line)
    text = f"{_DONE[kind]}; torch.jit.trace only warns of it (TracerWarning)."
    return Event(EVENT_OF[kind], text, shown(line), count)
