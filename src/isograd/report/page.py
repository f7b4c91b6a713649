"""What all HTML pages have in common: each is one file that needs nothing else, no network, no
font, no server.

Everything that comes from a result passes the template engine's autoescaping; the result itself is
embedded as JSON that cannot end its element; and a content security policy, with the digests of the
page's own style and script, keeps out whatever might slip through.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from isograd.notation import names, numbers
from isograd.report import language

TEMPLATES = Path(__file__).parent / "templates"

DANGEROUS = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}
"""What could end the element that JSON stands in, or a line of it, and how JSON writes it too."""


def render_page(
    template: str,
    raw: str,
    styles: Sequence[str],
    scripts: Sequence[str] = ("script.js",),
    texts: Iterable[str] = (),
    **content: Any,
) -> str:
    """The whole page, in the language that is spoken. ``raw`` is the JSON of what it shows,
    ``styles`` and ``scripts`` name its style sheets and scripts; ``texts`` are what a script shows
    out of the record."""
    style, script = ("\n".join(map(_asset, names)) for names in (styles, scripts))
    spoken = language.texts(script, texts)
    return language.page(
        _environment()
        .get_template(template)
        .render(
            content,
            numbers=numbers,
            names=names,
            style=Markup(style),
            script=Markup(script),
            style_digest=digest(style),
            script_digest=digest(script),
            raw=Markup(embedded(raw)),
            texts=Markup(embedded(json.dumps(spoken))) if spoken else "",
        )
    )


def embedded(raw: str) -> str:
    """JSON that may stand inside a ``script`` element."""
    text = json.dumps(json.loads(raw), separators=(",", ":"), ensure_ascii=False)
    for character, escape in DANGEROUS.items():
        text = text.replace(character, escape)
    return text


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def digest(text: str) -> str:
    """As a content security policy writes it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
