"""A checkpoint's ``config.json``, read with care: every value is checked where it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from isograd.errors import UsageError, unknown
from isograd.ir.ops.checks import is_number, is_whole


@dataclass(frozen=True)
class Config:
    """What ``config.json`` says. ``where`` names the file in errors.

    Every method raises `UsageError` for a value of another kind; without a default, also for one
    that is missing. A value of null counts as missing.
    """

    values: Mapping[str, Any]
    where: str = "config.json"

    def whole(self, name: str, default: int | None = None, *, least: int = 1) -> int:
        """A whole number of at least ``least``."""
        value = self._value(name, default)
        if not is_whole(value, least):
            raise self.refused(name, f"a whole number of at least {least}")
        return int(value)

    def index(self, name: str, default: int | None = None) -> int | None:
        """The number of a token, or None where there is none."""
        value = self.values.get(name, default)
        if value is not None and not is_whole(value, 0):
            raise self.refused(name, "the number of a token, or null")
        return value

    def positive(self, name: str, default: float | None = None) -> float:
        """A number above zero."""
        value = self._value(name, default)
        if not (is_number(value) and value > 0):
            raise self.refused(name, "a number above 0")
        return float(value)

    def probability(self, name: str, default: float | None = None) -> float:
        """A number of at least 0 and below 1."""
        value = self._value(name, default)
        if not (is_number(value) and 0 <= value < 1):
            raise self.refused(name, "a number of at least 0 and below 1")
        return float(value)

    def flag(self, name: str, default: bool | None = None) -> bool:
        """True or false."""
        value = self._value(name, default)
        if not isinstance(value, bool):
            raise self.refused(name, "true or false")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        """A word."""
        value = self._value(name, default)
        if not isinstance(value, str):
            raise self.refused(name, "a text")
        return value

    def only(self, name: str, supported: object) -> None:
        """Refuses any other value than this one, which is also the default."""
        if self.values.get(name) not in (None, supported):
            raise UsageError(
                f"{name!r} is {self.values[name]!r}; only {supported!r} is supported.",
                where=self.where,
            )

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes, in order; two where the file says nothing of them."""
        named = self.values.get("id2label")
        if named is None:
            count = self.whole("num_labels", 2)
            return tuple(f"LABEL_{i}" for i in range(count))
        try:
            found = {int(number): str(label) for number, label in named.items()}
            return tuple(found[i] for i in range(len(found)))
        except (AttributeError, KeyError, TypeError, ValueError):
            raise self.refused("id2label", "a name for each class, from 0 on") from None

    def refused(self, name: str, wanted: str) -> UsageError:
        """The error for a value that is not what it must be."""
        return UsageError(
            f"{name!r} is {self.values.get(name)!r}; it must be {wanted}.", where=self.where
        )

    def unknown(self, kind: str, given: str, known: Mapping[str, object]) -> UsageError:
        """The error for a name that is none of the known ones, all of which it lists."""
        error = unknown(kind, given, known)
        near = (error.hint or "").partition("Known: ")[0]
        return UsageError(
            error.what, where=self.where, hint=f"{near} Known: {', '.join(sorted(known))}.".strip()
        )

    def _value(self, name: str, default: object) -> Any:
        value = self.values.get(name)
        value = default if value is None else value
        if value is None:
            raise UsageError(f"{name!r} is missing.", where=self.where)
        return value
