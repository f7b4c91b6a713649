"""A TOML file whose mistakes can be shown with their line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from isograd.errors import UsageError, unknown


class TomlFile:
    """``values`` are what is in it. Raises `UsageError` when it cannot be read or is no TOML."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise UsageError(f"Cannot read the grid: {reason}.", where=str(path)) from None
        try:
            self.values: dict[str, Any] = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            raise self._no_toml(str(error)) from None

    def place(self, word: object, table: str = "", number: int = 0) -> str:
        """``grid.toml:7``: the first line that holds a word, from the header of the ``number``-th
        table of this name on; the header itself, or the file, where none does."""
        lines = self._text.splitlines()
        begin = self._header(lines, table, number)
        quoted = re.compile(rf"(?<![\w./-]){re.escape(_written(word))}(?![\w./-])")
        found = (i for i in range(begin or 0, len(lines)) if quoted.search(_bare(lines[i])))
        line = next(found, begin)
        return str(self.path) if line is None else f"{self.path}:{line + 1}"

    def refuse(self, what: str, word: object, *, table: str = "", number: int = 0) -> UsageError:
        """The error about a word of the file."""
        return UsageError(what, where=self.place(word, table, number))

    def check_names(
        self,
        kind: str,
        given: Iterable[str],
        known: Iterable[str],
        table: str = "",
        number: int = 0,
    ) -> None:
        """Raises `UsageError`, with a suggestion and the line, for a name that is not known."""
        choices = tuple(known)
        for name in given:
            if name not in choices:
                error = unknown(kind, str(name), choices)
                error.where = self.place(name, table, number)
                raise error

    def _no_toml(self, message: str) -> UsageError:
        place = re.search(r"\(at line (\d+), column (\d+)\)", message)
        where = f"{self.path}:{place[1]}:{place[2]}" if place else str(self.path)
        what = message[: place.start()].strip() if place else message
        return UsageError(f"The grid is no TOML: {what}.", where=where)

    @staticmethod
    def _header(lines: list[str], table: str, number: int) -> int | None:
        if not table:
            return None
        headers = [
            i for i, line in enumerate(lines) if _bare(line).strip().strip("[]").strip() == table
        ]
        return headers[number] if number < len(headers) else None


def _bare(line: str) -> str:
    """Without its comment, which begins at a ``#`` that stands in no text."""
    open_quote = ""
    for position, sign in enumerate(line):
        if sign == "#" and not open_quote:
            return line[:position]
        if sign in "\"'" and open_quote in ("", sign):
            open_quote = "" if open_quote else sign
    return line


def _written(word: object) -> str:
    return str(word).lower() if isinstance(word, bool) else str(word)
