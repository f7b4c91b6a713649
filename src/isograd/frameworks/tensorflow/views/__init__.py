"""The views of TensorFlow's graphs, each in a module of its own name."""

from __future__ import annotations

import importlib

from isograd.errors import unknown
from isograd.frameworks import VIEWS
from isograd.frameworks.protocol import Subject
from isograd.views import View


def capture(stage: str, subject: Subject) -> View:
    """One view of the subject's training step. Raises `UsageError` for a stage that is not known,
    and where TensorFlow lacks an interface that the view needs."""
    if stage not in VIEWS["tensorflow"]:
        raise unknown("view", stage, VIEWS["tensorflow"])
    view: View = importlib.import_module(f"{__name__}.{stage}").capture(subject)
    return view
