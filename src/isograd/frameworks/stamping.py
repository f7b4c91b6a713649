"""Something done right before or after each call of a function, which stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def before(first: Callable[[], None], function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with ``first`` in front of it."""

    def both(*arguments: Any, **named: Any) -> Any:
        first()
        return function(*arguments, **named)

    return both


def after(last: Callable[[], None], function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with ``last`` behind it, where it returns."""

    def both(*arguments: Any, **named: Any) -> Any:
        result = function(*arguments, **named)
        last()
        return result

    return both
