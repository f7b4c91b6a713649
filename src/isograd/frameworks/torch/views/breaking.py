"""Where `torch.compile` breaks the graph of a network, and what it says where it may not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from isograd.frameworks.torch.importing import exporting
from isograd.frameworks.torch.importing.exporting import in_mode
from isograd.frameworks.torch.views.failing import need
from isograd.references import first_line, is_user_file
from isograd.views import Event
from isograd.views.decisions import shown


def explained(model: nn.Module, inputs: Sequence[Tensor]) -> Any:
    """What `torch._dynamo.explain` finds: graphs, breaks and reasons."""
    explain = need("torch._dynamo.explain")
    torch._dynamo.reset()
    try:
        with in_mode(model, True):
            return explain(model)(*inputs)
    finally:
        torch._dynamo.reset()


def breaks_of(explanation: Any) -> list[Event]:
    """Each break, at the user's line."""
    return [
        Event("break", f"The graph ends here: {_words(reason.reason)}.", _line(reason.user_stack))
        for reason in explanation.break_reasons
        if reason.graph_break
    ]


def refusal(model: nn.Module, inputs: Sequence[Tensor]) -> Event | None:
    """What ``fullgraph=True`` says to a network that has breaks."""
    try:
        with in_mode(model, True):
            torch.compile(model, backend="eager", fullgraph=True)(*inputs)
    except Exception as error:
        text = f"With fullgraph=True, torch.compile refuses: {first_line(error).rstrip('.')}."
        if "branching" in text:
            text += " It takes torch.cond."
        return Event("refused", text, line_of(error))
    finally:
        torch._dynamo.reset()
    return None


def line_of(error: Exception) -> str | None:
    """The user's line at which dynamo stopped."""
    return _line(getattr(error, "real_stack", None) or ()) or exporting.explained(error).where


def _words(reason: str) -> str:
    """Dynamo's reason for a break, for people."""
    if reason.startswith("generic_jump"):
        return "Python chooses by a tensor's value where to go on"
    return first_line(Exception(reason)).rstrip(".")


def _line(stack: Sequence[Any]) -> str | None:
    own = [frame for frame in stack if is_user_file(frame.filename)]
    return shown((own[-1].filename, own[-1].lineno or 0)) if own else None
