"""Which node of the graph, which phase of the step and which line of the user an operation is of.

All views know Python frames: of the running program, of a recorded stack, or as text. Marked source
says which node is computed on a line (see `isograd.frameworks.marked`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from isograd.frameworks.marked import node_at
from isograd.frameworks.protocol import Subject
from isograd.frameworks.torch import optimizers
from isograd.ir.builder import portable_line
from isograd.references import is_user_file
from isograd.views import Phase


def framed(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The loss function, with a frame that says so: PyTorch's own have none of this package's."""

    def framed_loss(outputs: Tensor, targets: Tensor) -> Tensor:
        return loss(outputs, targets)

    return framed_loss


Frames = Sequence[tuple[str, int]]
"""(file, line), the innermost first."""

OPTIM = str(Path(torch.optim.__file__).parent)

_TRACED = re.compile(r'File "([^"]+)", line (\d+)')
_RANGED = re.compile(r"^(.+)\((\d+)\): ", re.MULTILINE)


@dataclass(frozen=True)
class Place:
    """Where an operation comes from; ``source`` is there only where the code is the user's own,
    which has no marks."""

    node: str | None
    phase: Phase
    source: str | None = None


class Locator:
    """Frames to places, for one subject."""

    def __init__(self, subject: Subject) -> None:
        self._places = dict(subject.places)
        self._file = None if subject.plan.source is None else str(subject.plan.source)

    def place(self, frames: Frames) -> Place:
        """Of what runs, or was recorded, with these frames."""
        if self._file is None:
            own = next((f"{file}:{line}" for file, line in frames if _users(file)), None)
            return Place(None, self._phase(frames), portable_line(own))
        return Place(node_at(frames, self._file, self._places), self._phase(frames))

    def _phase(self, frames: Frames) -> Phase:
        for file, _ in frames:
            if file == __file__:
                return "loss"
            if file == optimizers.__file__ or file.startswith(OPTIM):
                return "update"
            if file == self._file or (self._file is None and _users(file)):
                return "forward"
        return "other"


@lru_cache(maxsize=4096)
def _users(file: str) -> bool:
    return is_user_file(file)


def live_frames() -> Frames:
    """Of the code that runs now."""
    found = []
    frame = sys._getframe(1)
    while frame is not None:
        found.append((frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back  # type: ignore[assignment]
    return found


def traced_frames(trace: str | Iterable[str] | None) -> Frames:
    """Of a stack as Python prints it, the innermost last."""
    text = trace if isinstance(trace, str) else "".join(trace or ())
    return [(file, int(line)) for file, line in reversed(_TRACED.findall(text))]


def ranged_frames(text: str) -> Frames:
    """Of a stack as TorchScript writes it: ``file(line): function``, the innermost first."""
    return [(file, int(line)) for file, line in _RANGED.findall(text)]
