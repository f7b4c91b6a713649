"""Where in the user's code a Keras value comes from.

While a subclassed model is followed, that is the user's line that calls. A functional model runs no
code of the user's any more: there it is the line that made the layer, noted at that time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any
from unittest import mock
from weakref import WeakKeyDictionary

from keras import Operation

from isograd.ir.builder import portable_path
from isograd.references import is_user_file

_MADE_AT: WeakKeyDictionary[Any, str] = WeakKeyDictionary()

_new = Operation.__new__


@contextmanager
def noted() -> Iterator[None]:
    """While this lasts, the lines that make layers are noted."""

    def make(kind: type[Operation], *args: Any, **kwargs: Any) -> Any:
        made = _new(kind, *args, **kwargs)
        line = user_line_now()
        if line:
            _MADE_AT[made] = line
        return made

    with mock.patch.object(Operation, "__new__", make):
        yield


def made_at(layer: Any) -> str | None:
    """``file:line`` where a layer was made, if it was noted."""
    return _MADE_AT.get(layer)


def user_line_now(below: CodeType | None = None) -> str | None:
    """``file:line`` of the innermost line of the user's own that is being run; only what is called
    by the function ``below``, if that is given."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code is not below:
        if is_user_file(frame.f_code.co_filename):
            return f"{portable_path(frame.f_code.co_filename)}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return None
