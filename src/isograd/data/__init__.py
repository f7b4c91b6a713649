"""Data sets, and what makes training on them the same everywhere: batch order and dropout masks."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from isograd.data.dataset import Dataset
from isograd.data.masks import dropout_masks, masks_like
from isograd.data.order import batch_order
from isograd.errors import UsageError, unknown

HOMES = {"digits": "digits", "breast-cancer": "breast_cancer", "mnist": "mnist"}
"""Data set name to the module that loads it."""

LOCAL = ("mnist",)
"""The data sets that can be read from a folder of the user's."""


def load(name: str, data_dir: Path | None = None) -> Dataset:
    """The data set of this name; ``data_dir`` is a local folder with its files.

    Raises `UsageError` for an unknown name, for a folder that this data set has no use for, and for
    files that are missing or damaged.
    """
    if name not in HOMES:
        raise unknown("data set", name, HOMES)
    if data_dir is not None and name not in LOCAL:
        raise UsageError(
            f"The data set {name!r} comes with isograd and takes no --data-dir.",
            hint=f"--data-dir works with: {', '.join(LOCAL)}.",
        )
    loader: Callable[[Path | None], Dataset] = import_module(f"{__name__}.{HOMES[name]}").load
    return loader(data_dir)


__all__ = ["HOMES", "Dataset", "batch_order", "dropout_masks", "load", "masks_like"]
