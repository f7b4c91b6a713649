"""The language that reports speak: English, or another one by a catalogue of sentences.

Records keep their sentences in English, whatever language they are shown in. A catalogue holds
English patterns, such as ``"{n} trainable parameters"``, with what they are in the other language;
it is applied when something is shown. What stands for a placeholder is looked up in its turn. What
no pattern knows stays as it is: `unknown` finds it.
"""

from __future__ import annotations

import html
import re
import tomllib
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from functools import cache, cached_property, lru_cache
from pathlib import Path

from isograd.errors import unknown as unknown_name
from isograd.notation.numbers import WRITTEN_OUT

CATALOGUES = Path(__file__).parent / "languages"

LANGUAGES = {"en": "English", "zh": "简体中文"}
"""Code, as HTML writes it, to what the language calls itself."""

_current: ContextVar[str] = ContextVar("language", default="en")

SPOKEN = ("aria-label", "title", "alt", "placeholder")
"""Attributes that people read or hear."""

SILENT = ("script", "style", "code", "pre")
"""Elements whose text is no language."""

TAG = re.compile(r"(<!--.*?-->|<[a-zA-Z/!][^>]*>)", re.DOTALL)
ATTRIBUTE = re.compile(rf'\b({"|".join(SPOKEN)})="([^"]*)"')
PLACEHOLDER = re.compile(r"\{(\w+)\}")
ITEM = r"[\w/.'-]+(?: [\w/.'-]+)?(?: \([^()]*\))?"
NUMBER = r"[-+±<∞–\d.,%×]+(?:e[-+]?\d+×?)?"
NARROW = {
    "number": NUMBER,
    "figure": r"(?:NaN|[-+±\d.,%×\[\]–e ])+",
    "size": f"{NUMBER}(?: ?(?:[µm]?s|[KMG]?i?B|[kM]|MB/s))?",
    "count": rf"(?i:{'|'.join(WRITTEN_OUT)})|[\d,]+",
    "file": r"\S+:\d+",
    "code": r"\S+(?:, \S+)*",
    "names": f"{ITEM}(?:, {ITEM})*",
    "word": "[A-Za-z ]+",
    "note": "[^()]+",
    "part": r"(?:(?!; |[.!?:] [A-Z(\[\d]).)+?",
}
"""What placeholders of these names, with a digit behind or without, stand for: a number, several
with their interval, one with its unit, a count that may be written out, a line of a file, values
without blanks, a list of names, words, what stands in parentheses, and no more than a clause. Any
other stands for anything."""
DIGITS = "0123456789"
UNTRANSLATED = re.compile(r"""\btranslate=["']no["']""")
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z(\[\d])")
CLAUSE = re.compile(r"(?<=:)\s+(?=[A-Z(\[\d])")
SEPARATORS = [re.compile(rf"({one})(?![^()]*\))") for one in ("; ", " · ", ", ", " and ")]
"""What a list is split at, outside of parentheses; the catalogue has signs and word."""
LOOSE = re.compile("(?<=[。：；，、？！（）]) | (?=[。：；，、？！（）])")
"""Blanks that Chinese does without."""
WORD = re.compile(r"[A-Za-z]+(?:['’]?[A-Za-z]+)+")
SAYING = re.compile(r'\bsay\(\s*"([^"\\\n]*)"')
"""Where a script says something: a text in which it fills in placeholders."""

DEPTH = 4
"""How often what stands for a placeholder is looked into."""


def speak(code: str) -> None:
    """Reports speak this language from now on. Raises `UsageError` for one that there is none
    for."""
    if code not in LANGUAGES:
        raise unknown_name("language", code, LANGUAGES)
    _current.set(code)


def spoken() -> str:
    """The language's code."""
    return _current.get()


def said(text: str, code: str | None = None) -> str:
    """A text in the language that is spoken; blanks around it stay."""
    code = code or spoken()
    if code == "en" or not WORD.search(text):
        return text
    begin = len(text) - len(text.lstrip())
    end = len(text.rstrip())
    plain = " ".join(text.split())
    other = _said(plain, code, 0)
    return text[:begin] + (other if other == plain else LOOSE.sub("", other)) + text[end:]


def page(source: str) -> str:
    """A page in the language that is spoken: its text, and the attributes that people read."""
    code = spoken()
    if code == "en":
        return source
    parts = [piece if silent else _piece(piece, code) for piece, silent in _pieces(source)]
    return "".join(parts).replace('<html lang="en">', f'<html lang="{code}">', 1)


def texts(script: str, others: Iterable[str] = ()) -> dict[str, str]:
    """What a page shows by its script, with what that is in the language that is spoken, for the
    script to look it up: its own texts, and ``others`` out of a record. Empty in English; what no
    catalogue knows is not in it."""
    code = spoken()
    if code == "en":
        return {}
    template = _catalogue(code).template
    own = {text: template(text) or text for text in sayings(script)}
    found = own | {text: said(text, code) for text in others}
    return {text: other for text, other in found.items() if other != text}


def sayings(script: str) -> list[str]:
    """The texts of a script itself."""
    return SAYING.findall(script)


def unknown(source: str, names: frozenset[str] = frozenset()) -> Iterator[str]:
    """Texts of a page in another language that still have words in Latin letters, other than
    ``names``."""
    for piece, silent in _pieces(source):
        if silent:
            continue
        texts = [value for _, value in ATTRIBUTE.findall(piece)] if piece[0] == "<" else [piece]
        for text in map(html.unescape, texts):
            if any(word.lower() not in names for word in WORD.findall(_without_names(text))):
                yield " ".join(text.split())


def _without_names(text: str) -> str:
    """Without what only looks like words: paths, identifiers, addresses, options."""
    return re.sub(r"\S*[_/\\.@=<>\[\]{}()*+#-]\S*\w|\S*\d\S*|--\S+", " ", text)


def _pieces(source: str) -> Iterator[tuple[str, bool]]:
    """Tags and texts in turn, with whether they are silent."""
    inside: list[str] = []
    for piece in filter(None, TAG.split(source)):
        name = re.match(r"</?([a-zA-Z0-9]+)", piece)
        if name is None:
            yield piece, bool(inside)
            continue
        yield piece, bool(inside)
        element = name[1].lower()
        if inside and element != inside[-1]:
            continue
        if piece.startswith("</"):
            inside = inside[:-1]
        elif inside or element in SILENT or UNTRANSLATED.search(piece):
            inside.append(element)


def _piece(piece: str, code: str) -> str:
    def attribute(found: re.Match[str]) -> str:
        return f'{found[1]}="{html.escape(said(html.unescape(found[2]), code))}"'

    if piece[0] == "<":
        return ATTRIBUTE.sub(attribute, piece)
    return html.escape(said(html.unescape(piece), code), quote=False)


# The catalogue ---------------------------------------------------------------------------------


class _Pattern:
    """One entry with placeholders."""

    def __init__(self, english: str, other: str) -> None:
        self.other = other
        parts = PLACEHOLDER.split(english)  # text, name, text, name, ...
        pattern = "".join(
            f"(?P<{part}>{NARROW.get(part.rstrip(DIGITS), '.+?')})"
            if index % 2
            else re.escape(part)
            for index, part in enumerate(parts)
        )
        self.literals = [part for part in parts[::2] if part]
        self.weight = sum(map(len, self.literals))
        self.pattern = pattern

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        """Made when it is first needed: most are not, and making all takes half a second."""
        return re.compile(self.pattern, re.DOTALL)

    def said(self, text: str, code: str, depth: int) -> str | None:
        if not all(map(text.__contains__, self.literals)):
            return None
        found = self._regex.fullmatch(text)
        if found is None:
            return None
        values = {
            name: _value(name, value, code, depth) for name, value in found.groupdict().items()
        }
        return PLACEHOLDER.sub(lambda place: values.get(place[1], place[0]), self.other)


def _value(name: str, value: str, code: str, depth: int) -> str:
    """What stands for a placeholder, in the other language; a count that is written out, in
    digits."""
    if name.rstrip(DIGITS) != "count":
        return _said(value, code, depth + 1)
    word = value.lower()
    return str(WRITTEN_OUT.index(word)) if word in WRITTEN_OUT else value


class _Catalogue:
    def __init__(self, entries: dict[str, str]) -> None:
        self.entries = entries
        self.exact = {english: other for english, other in entries.items() if "{" not in english}
        patterns = [_Pattern(*entry) for entry in entries.items() if "{" in entry[0]]
        self.patterns = sorted(patterns, key=lambda pattern: -pattern.weight)

    def template(self, english: str) -> str | None:
        """A whole entry, placeholders and all."""
        found = self.entries.get(english.removesuffix("."))
        return found and found + "。" * english.endswith(".")


@cache
def _catalogue(code: str) -> _Catalogue:
    entries: dict[str, str] = {}
    for path in sorted((CATALOGUES / code).glob("*.toml")):
        for english, other in tomllib.loads(path.read_text(encoding="utf-8")).items():
            entries[" ".join(english.split()).removesuffix(".")] = other.removesuffix("。")
    return _Catalogue(entries)


def _said(text: str, code: str, depth: int) -> str:
    if not WORD.search(text):
        return text
    found = _whole(text, code, depth)
    if found is not None or depth > DEPTH:
        return text if found is None else found
    sentences = SENTENCE.split(text)
    if len(sentences) == 1:
        sentences = CLAUSE.split(text, maxsplit=1)
    if len(sentences) > 1:
        return _joined(sentences, [_said(sentence, code, depth) for sentence in sentences])
    at = next(filter(None, (one.search(text) for one in SEPARATORS)), None)
    return _listed(at.re.split(text)[::2], at[0], code, depth) if at else text


def _joined(sentences: list[str], others: list[str]) -> str:
    """Sentences in the other language; one that is no more than a name gets its full stop, too."""
    if sentences == others:
        return " ".join(sentences)
    pairs = zip(sentences, others, strict=True)
    stopped = (b[:-1] + "。" if a == b and b.endswith(".") else b for a, b in pairs)
    return " ".join(stopped)


def _listed(items: list[str], separator: str, code: str, depth: int) -> str:
    """A list, item by item. A word between them may be anything but a list's: that takes items that
    are all known."""
    others = [_said(item, code, depth + 1) for item in items]
    word = separator.strip()
    known = all(map(_is_known, items, others)) if word.isalpha() else others != items
    other = _whole(word, code, depth) if known else None
    return (separator.replace(word, other) if other else separator).join(others if known else items)


def _is_known(item: str, other: str) -> bool:
    """Whether it was translated, or is a name."""
    return item != other or re.fullmatch(ITEM, item) is not None


@lru_cache(maxsize=100_000)
def _whole(text: str, code: str, depth: int) -> str | None:
    """A text that one entry knows. Full stops are no part of entries."""
    if text.endswith(".") and not text.endswith(".."):
        found = _whole(text[:-1], code, depth)
        return None if found is None else found + "。"
    catalogue = _catalogue(code)
    if text in catalogue.exact:
        return catalogue.exact[text]
    if text[:-1] in catalogue.exact and text.endswith(":"):
        return catalogue.exact[text[:-1]] + "："
    if depth <= DEPTH:
        for pattern in catalogue.patterns:
            found = pattern.said(text, code, depth)
            if found is not None:
                return found
    if text.endswith(":") and len(text) > 1:
        found = _whole(text[:-1], code, depth)
        return None if found is None else found + "："
    return None
