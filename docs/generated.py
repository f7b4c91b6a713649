"""What pages are made of that is in the code already: a page's line ``<!-- generated: NAME -->`` is
replaced by what NAME gives here when the site is built."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import fields
from importlib.resources import files
from typing import Any, get_args, get_type_hints

MARK = re.compile(r"<!-- generated: (\w+) -->")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by mkdocs for each page."""
    return MARK.sub(lambda found: PARTS[found[1]](), markdown)


def command_line() -> str:
    """Every command with its arguments and options, as ``--help`` has them."""
    import typer
    from typer.cli import get_docs_for_click

    from isograd.cli import app

    command = typer.main.get_command(app)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command), name="isograd")
    return re.sub(r"(?m)^#", "##", text.partition("\n")[2])


def causes() -> str:
    """The catalogue, one row for each cause."""
    text = files("isograd.causes").joinpath("catalogue.toml").read_text(encoding="utf-8")
    rows = ["| id | what it is |", "|---|---|"]
    for entry in tomllib.loads(text)["cause"]:
        rows.append(f"| `{entry['id']}` | {_cell(entry['summary'])} |")
    return "\n".join(rows)


def kinds() -> str:
    """Files that commands save."""
    from isograd.report.saved import KINDS

    rows = ["| file | schema | record |", "|---|---|---|"]
    for schema, kind in KINDS.items():
        rows.append(f"| `{kind.file}` | `{kind.cls.schema}` | `{kind.record.replace(':', '.')}` |")
        assert kind.cls.schema.startswith(schema)
    return "\n".join(rows)


def profile() -> str:
    """The keys of a profile, and the weights of each target."""
    from isograd.advise.profile import BY_TARGET, Profile, Weights

    return "\n".join([*_keys(Profile), "", *_weights(BY_TARGET, Weights)])


def _keys(kind: Any) -> Iterator[str]:
    hints, usual = get_type_hints(kind), kind()
    yield from ("| key | values | default |", "|---|---|---|")
    for one in fields(kind):
        choices = [f"`{c}`" for c in get_args(hints[one.name]) if isinstance(c, str)]
        values = ", ".join(choices) or f"`{getattr(hints[one.name], '__name__', hints[one.name])}`"
        yield f"| `{one.name}` | {values} | `{getattr(usual, one.name)!r}` |"


def _weights(by_target: Any, kind: Any) -> Iterator[str]:
    names = [one.name for one in fields(kind)]
    yield f"| target | {' | '.join(names)} |"
    yield "|---|" + "---:|" * len(names)
    for target, weights in by_target.items():
        yield f"| {target} | {' | '.join(f'{getattr(weights, n):g}' for n in names)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


PARTS: dict[str, Callable[[], str]] = {
    "command_line": command_line,
    "causes": causes,
    "kinds": kinds,
    "profile": profile,
}
