"""`isograd transfer`: a checkpoint to the twin's side of a mapping."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from isograd.cli.options import InputOption, TrustOption
from isograd.cli.watch import TerminalProgress, doing
from isograd.errors import UsageError

if TYPE_CHECKING:
    from isograd.ir.mapping_document import MappingDocument
    from isograd.run.matching import Match


def command(
    checkpoint: Annotated[
        Path,
        typer.Argument(
            help="A .safetensors file, the index or folder of a sharded one, or a .pt, .weights.h5 "
            "or .keras file."
        ),
    ],
    to: Annotated[
        str,
        typer.Option(
            help="torch, tensorflow, or a side of the mapping: reference, twin. Without a mapping: "
            "the network to move into, such as port.py:Net."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The .safetensors file to write.")],
    mapping: Annotated[
        Path | None, typer.Option(help="mapping.json of a converted network.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="Default: the mapping's other side. Without a mapping: the checkpoint's network.",
        ),
    ] = None,
    inputs: InputOption = None,
    twin_inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--twin-input", help="What --to is called with, if that is laid out otherwise."
        ),
    ] = None,
    pair: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=NAME: a tensor of --from is this one of --to, where their structure cannot "
            "tell. Repeatable."
        ),
    ] = None,
    trust: TrustOption = False,
    optimizer: Annotated[
        Path | None,
        typer.Option(help="A .pt file with the optimizer's state_dict, if it has its own."),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(help="Leave out what matches, for instance 'optimizer/*'. Repeatable."),
    ] = None,
    shard_size: Annotated[
        float | None, typer.Option(min=0.001, help="GB that a file may hold; default: one file.")
    ] = None,
) -> None:
    """Move weights, running statistics and optimizer state between twins.

    Twins are those of a mapping, or any two networks that are the same function: these are held
    against each other first, and the mapping that is found is written next to the result.
    """
    from isograd.ir.mapping_document import MappingDocument
    from isograd.run.transfer import check_paths, transfer

    console = Console()
    known: Path | MappingDocument | None = mapping
    if known is None:
        named = _both(source, to)
        check_paths(checkpoint, out)  # before two networks are read
        found = _matched(named, inputs, twin_inputs, pair, trust)
        for note in found.notes:
            console.print(f"in training  {note}", highlight=False, markup=False)
        known, source, to = found.document, "reference", "twin"
    with TerminalProgress() as progress:
        done = transfer(
            checkpoint,
            known,
            to,
            out,
            source=source,
            optimizer=optimizer,
            ignore=ignore or (),
            shard_size=None if shard_size is None else int(shard_size * 1e9),
            progress=progress,
        )
    if done.left_out:
        console.print(f"left out  {', '.join(done.left_out)}", highlight=False, markup=False)
    files = [*done.files]
    if isinstance(known, MappingDocument):
        files.append(_write_mapping(known, out))
    for path in files:
        console.print(f"[dim]written[/dim] {path}", highlight=False)


def _both(source: str | None, to: str) -> tuple[str, str]:
    """The two networks that are named. Raises `UsageError` where they are not."""
    if source is None or {source, to} & {"torch", "tensorflow", "reference", "twin"}:
        raise UsageError(
            "Which tensor is which?",
            hint="Give --mapping (isograd convert writes one), or both networks: "
            "--from net.py:Net --to port.py:Net.",
        )
    return source, to


def _matched(
    named: tuple[str, str],
    inputs: list[str] | None,
    twin_inputs: list[str] | None,
    pairs: list[str] | None,
    trust: bool,
) -> Match:
    from isograd.run.matching import match

    wanted = dict(item.partition("=")[::2] for item in pairs or ())
    if "" in wanted.values():
        raise UsageError("--pair needs two names.", hint="Write --pair NAME=NAME.")
    with doing(f"{' and '.join(named)} are read, and held against each other ..."):
        return match(*named, inputs or (), twin_inputs, wanted, trust=trust)


def _write_mapping(document: MappingDocument, out: Path) -> Path:
    """Next to the checkpoint; one that is there already is left as it is."""
    from isograd.ir.mapping_document import to_json

    path = out.with_suffix(".mapping.json")
    text = to_json(document.map, document.reference, document.twin, document.trainable)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return path
