"""What `isograd data` can read, and how it is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from isograd.data import HOMES, LOCAL
from isograd.data import load as load_data
from isograd.data.idx import read_idx
from isograd.errors import UsageError, unknown
from isograd.pipelines.images import IMAGES, ImageFolder
from isograd.pipelines.items import ArrayItems, Items

Kind = Literal["dataset", "idx", "images", "parquet", "csv", "lines", "windows"]

SUFFIXES: dict[str, Kind] = {".parquet": "parquet", ".csv": "csv", ".txt": "lines"}

KINDS: dict[Kind, str] = {
    "dataset": "a named data set, arrays in memory",
    "idx": "idx files, arrays in memory",
    "images": "a folder of images, a class in each sub-folder",
    "parquet": "a Parquet file, read by row groups",
    "csv": "a CSV file, streamed block by block",
    "lines": "the lines of a text file, as bytes",
    "windows": "windows of the bytes of a text file, with the next byte as the target",
}
"""Kind to what it is, in words."""


@dataclass(frozen=True)
class Source:
    """Where items come from; it is opened in each process anew (see `open_items`).

    ``target`` names the column of a table that is predicted; ``length`` is how many bytes a line is
    cut or padded to, or how many a window has.
    """

    kind: Kind
    name: str
    path: Path | None = None
    target: str | None = None
    length: int = 128


def find_source(
    name: str,
    data_dir: Path | None = None,
    *,
    target: str | None = None,
    window: int | None = None,
) -> Source:
    """The source that a user names: a data set, a file, or a folder. ``window`` makes windows of so
    many bytes of a text file. Raises `UsageError` for what is none."""
    path = Path(name)
    if name in HOMES:
        if data_dir is not None and name not in LOCAL:
            load_data(name, data_dir)  # says why not
        return Source("dataset", name, data_dir)
    if path.is_dir():
        return Source(_folder(path), name, path)
    if not path.is_file():
        if path.suffix or "/" in name:
            raise UsageError("There is no such file or folder.", where=name, hint=_HINT)
        raise unknown("source", name, HOMES)
    kind = SUFFIXES.get(path.suffix.lower(), "idx" if "-idx" in path.name else None)
    if kind is None:
        raise UsageError("What is in this file is not known.", where=name, hint=_HINT)
    if kind == "lines" and window:
        return Source("windows", name, path, length=window)
    return Source(kind, name, path.parent if kind == "idx" else path, target)


_HINT = (
    f"A source is a data set ({', '.join(HOMES)}), a folder with idx files or with a folder of "
    f"images for each class, or a {', '.join(SUFFIXES)} file."
)


def _folder(path: Path) -> Kind:
    if any("-idx" in file.name for file in path.iterdir() if file.is_file()):
        return "idx"
    if any(file.suffix.lower() in IMAGES for file in path.glob("*/*")):
        return "images"
    raise UsageError(
        "There is neither an idx file nor a sub-folder with images in this folder.",
        where=str(path),
        hint=_HINT,
    )


def open_items(source: Source) -> Items:
    """The items of a source. Raises `UsageError` for files that are damaged, and
    `MissingDependency` where a package is needed to read them."""
    return _OPENERS[source.kind](source)


def _dataset(source: Source) -> Items:
    found = load_data(source.name, source.path)
    return ArrayItems(found.train_inputs, found.train_targets)


def _idx(source: Source) -> Items:
    assert source.path is not None
    images = _one(source.path, "train-images*-idx3*", "*-idx3*")
    labels = _one(source.path, "train-labels*-idx1*", "*-idx1*")
    inputs, targets = read_idx(images, 3), read_idx(labels, 1)
    if len(inputs) != len(targets):
        raise UsageError(
            f"{len(inputs):,} images, but {len(targets):,} labels in {labels.name}.",
            where=str(images),
        )
    return ArrayItems(inputs, targets.astype("int64"))


def _one(folder: Path, *patterns: str) -> Path:
    for pattern in patterns:
        for found in sorted(folder.glob(pattern)):
            return found
    raise UsageError(f"There is no {patterns[-1]} file in this folder.", where=str(folder))


def _images(source: Source) -> Items:
    assert source.path is not None
    return ImageFolder(source.path)


def _table(source: Source) -> Items:
    from isograd.pipelines.tables import open_table

    assert source.path is not None
    return open_table(source.path, source.target)


def _text(source: Source) -> Items:
    from isograd.pipelines.text import Lines, Windows

    assert source.path is not None
    opened = Lines if source.kind == "lines" else Windows
    return opened(source.path, source.length)


_OPENERS: dict[Kind, Callable[[Source], Items]] = {
    "dataset": _dataset,
    "idx": _idx,
    "images": _images,
    "parquet": _table,
    "csv": _table,
    "lines": _text,
    "windows": _text,
}
