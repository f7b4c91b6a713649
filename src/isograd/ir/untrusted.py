"""JSON that may come from anywhere: nothing in it is believed before it has been checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from isograd.errors import UsageError

T = TypeVar("T")

_KINDS: dict[type, str] = {
    str: "a string",
    dict: "an object",
    list: "a list",
    bool: "true or false",
}
"""Type of a value to what an error calls it."""


def read(
    text: str, build: Callable[[Any], T], *, kind: str, schema: str, where: str, hint: str
) -> T:
    """What ``build`` makes of the JSON in ``text``.

    Args:
        text: one object with the ``schema``.
        build: raises `ValueError` for what contradicts itself.
        kind: what the text is, in errors: ``"graph"``, ``"mapping"``.
        schema: what its key ``schema`` must say.
        where: names the text in errors.
        hint: what to do about a damaged one.

    Raises `UsageError` when the text is no JSON, of another schema, or refused by ``build``.

    """
    try:
        raw = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"This {kind} is no valid JSON, or it is cut off: {error}.", where=where, hint=hint
        ) from None
    found = raw.get("schema") if isinstance(raw, dict) else None
    if found is None:
        raise UsageError(f"This is not an isograd {kind}.", where=where)
    if found != schema:
        raise UsageError(
            f"This {kind} has the schema {found!r}; this version reads {schema!r}.", where=where
        )
    try:
        return build(raw)
    except UsageError as error:
        raise UsageError(error.what, where=where, hint=error.hint) from None
    except ValueError as error:
        raise UsageError(f"This {kind} is damaged: {error}.", where=where, hint=hint) from None


def field(raw: Any, key: str, kind: type[T]) -> T:
    """The value of ``key`` in an object. Raises `ValueError` if it is missing or of another
    kind."""
    if not isinstance(raw, dict) or key not in raw:
        raise ValueError(f"{key!r} is missing")
    value = raw[key]
    if not isinstance(value, kind):
        raise ValueError(f"{key!r} must be {_KINDS[kind]}")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return result
