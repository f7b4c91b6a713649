"""``mnist``: 70,000 handwritten digits, downloaded with checksums or read from a local folder."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pooch

from isograd.data.dataset import Dataset
from isograd.data.idx import read_idx
from isograd.errors import UsageError
from isograd.ir.mapping import Array

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)

MD5 = {
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}
"""File name to published checksum (the one in torchvision's documentation of the data set)."""

SOURCE = "MNIST, Y. LeCun, C. Cortes and C. Burges"

_NEEDED = f"--data-dir needs these files: {', '.join(MD5)}."

_INSTEAD = f"Use --data-dir DIR with these files in DIR: {', '.join(MD5)}."


def load(data_dir: Path | None, mirrors: tuple[str, ...] = MIRRORS) -> Dataset:
    """Images [N, 28, 28] in [0, 1].

    With ``data_dir``, the four idx files are read from there, plain or as ``.gz``; the published
    checksums are not asked for, because a local copy may be the user's own. Without it they are
    fetched once, verified, and kept in the user's cache.

    Raises `UsageError` for files that are missing, damaged or do not fit each other, and when no
    mirror can be reached.
    """
    paths = [_local(data_dir, name) if data_dir else _fetch(name, mirrors) for name in MD5]
    train_x, train_y = _pair(*paths[:2])
    test_x, test_y = _pair(*paths[2:])
    source = f"{SOURCE}, from {_shown(data_dir)}" if data_dir else SOURCE
    return Dataset("mnist", source, train_x, train_y, test_x, test_y, classes=10)


def _shown(folder: Path) -> str:
    """The folder with the home directory as ``~``, because results are published."""
    home = Path.home()
    if home == Path(home.anchor) or not folder.is_relative_to(home):
        return str(folder)
    return ("~" / folder.relative_to(home)).as_posix()


def _pair(images_path: Path, labels_path: Path) -> tuple[Array, Array]:
    images, labels = read_idx(images_path, 3), read_idx(labels_path, 1)
    if images.shape[1:] != (28, 28):
        raise UsageError(
            f"These images are {images.shape[1]}x{images.shape[2]}, MNIST's are 28x28.",
            where=str(images_path),
        )
    if len(images) != len(labels):
        raise UsageError(
            f"{len(images):,} images, but {len(labels):,} labels in {labels_path.name}.",
            where=str(images_path),
        )
    if labels.size and labels.max() > 9:
        raise UsageError(
            f"There is a label {labels.max()}; digits go from 0 to 9.", where=str(labels_path)
        )
    return images.astype(np.float32) / np.float32(255.0), labels.astype(np.int64)


def _local(folder: Path, name: str) -> Path:
    if not folder.is_dir():
        raise UsageError("There is no such folder.", where=str(folder), hint=_NEEDED)
    for candidate in (folder / name, folder / name.removesuffix(".gz")):
        if candidate.is_file():
            return candidate
    raise UsageError(
        f"There is no {name} (nor {name.removesuffix('.gz')}) in this folder.",
        where=str(folder),
        hint=_NEEDED,
    )


def _fetch(name: str, mirrors: tuple[str, ...]) -> Path:
    pooch.get_logger().setLevel(logging.WARNING)
    cache = pooch.os_cache("isograd") / "mnist"
    _make(cache)
    reasons = []
    for mirror in mirrors:
        try:
            return Path(pooch.retrieve(mirror + name, f"md5:{MD5[name]}", fname=name, path=cache))
        except PermissionError as error:
            raise _unkept(cache, error) from None
        except Exception as error:  # whatever the network objects to
            reasons.append(f"{mirror}: {_reason(name, error)}")
    raise UsageError(f"MNIST cannot be downloaded ({'; '.join(reasons)}).", hint=_INSTEAD)


def _make(cache: Path) -> None:
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unkept(cache, error) from None


def _unkept(cache: Path, error: OSError) -> UsageError:
    reason = error.strerror or type(error).__name__
    return UsageError(f"MNIST cannot be kept here: {reason}.", where=str(cache), hint=_INSTEAD)


def _reason(name: str, error: Exception) -> str:
    # pooch has no class of its own for a wrong checksum; requests derives some of its errors from
    # this one
    if type(error) is ValueError:
        return f"{name} has a wrong checksum"
    return type(error).__name__
