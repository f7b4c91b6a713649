"""PyTorch's graphs of a training step, from what runs to what is left of it after compilation.

``dynamic`` and ``autograd`` are what eager mode does; ``jit``, ``export`` and ``aot`` are graphs
that were recorded ahead; ``inductor`` is what a compiled step launches.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

from isograd.errors import IsogradError, unknown
from isograd.frameworks import VIEWS
from isograd.frameworks.protocol import Subject
from isograd.frameworks.torch.views.failing import failed
from isograd.views import View


def capture(stage: str, subject: Subject) -> View:
    """The view of one stage. What fails midway is partial: it ends in the failing operation.

    Raises `UsageError` for an unknown stage, and when the installed PyTorch lacks what shows it.
    """
    if stage not in VIEWS["torch"]:
        raise unknown("torch view", stage, VIEWS["torch"])
    module = importlib.import_module(f"{__name__}.{stage}")
    show: Callable[[Subject], View] = module.show
    try:
        return show(subject)
    except IsogradError:
        raise
    except Exception as error:
        return failed(View("torch", stage, module.TITLE, module.ABOUT), error, subject)
