"""Views that end where something failed, and interfaces that a version of PyTorch lacks."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from isograd.errors import UsageError
from isograd.frameworks.protocol import Subject
from isograd.frameworks.torch.views.located import Locator
from isograd.frameworks.torch.views.names import Names
from isograd.references import first_line
from isograd.views import Operation, View


def need(path: str) -> Any:
    """What is at ``torch.some.path``. Raises `UsageError`, which names it, where it is not there.

    For interfaces that are not public: they come and go with versions.
    """
    parts = path.split(".")
    found: Any = torch
    for end, part in enumerate(parts[1:], start=2):
        try:
            found = getattr(found, part)
        except AttributeError:
            try:
                found = importlib.import_module(".".join(parts[:end]))
            except ImportError:
                raise UsageError(
                    f"PyTorch {torch.__version__} has no {path}, which this view is made from.",
                    hint="Install the version of torch that isograd is tested with.",
                ) from None
    return found


@contextmanager
def until_failure(view: View, subject: Subject) -> Iterator[None]:
    """A block that fills a view; where it fails, the view is partial and says why."""
    try:
        yield
    except UsageError:
        raise
    except Exception as error:
        failed(view, error, subject)


def failed(view: View, error: Exception, subject: Subject) -> View:
    """The view, as one that ends with ``error``: the operation with the mark is the last that it
    has, if it failed, or else one for the line that could not be captured."""
    view.status, view.reason = "partial", f"{type(error).__name__}: {first_line(error)}"
    if not any(operation.mark for operation in view.operations):
        names = Names(operation.name for operation in view.operations)
        view.operations.append(_failing(error, names, subject))
    return view


def _failing(error: Exception, names: Names, subject: Subject) -> Operation:
    found = traceback.extract_tb(error.__traceback__)
    place = Locator(subject).place([(f.filename, f.lineno or 0) for f in reversed(found)])
    return Operation(
        names.new("failed"),
        type(error).__name__,
        phase=place.phase,
        node=place.node,
        source=place.source,
        mark=first_line(error),
    )
