"""Which reader a checkpoint needs, told by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from isograd.checkpoints.checkpoint import Checkpoint
from isograd.checkpoints.safetensors import (
    INDEX_FILE,
    INDEX_SUFFIX,
    SafetensorsFile,
    ShardedSafetensors,
)
from isograd.errors import UsageError


@dataclass(frozen=True)
class Known:
    """What is known and wanted of a checkpoint, for files that do not say it themselves.

    ``native`` are the names of the model's tensors (Keras numbers a layer's variables instead),
    ``source`` the text of the module with its class (Keras lists some layers in the order of the
    constructor), ``trainable`` the names of what an optimizer in a PyTorch file is for. Without
    ``optimizer``, such a file's optimizer state is left alone.
    """

    native: Sequence[str] = ()
    trainable: Sequence[str] = ()
    source: str | None = None
    optimizer: bool = True


def open_checkpoint(path: str | Path, known: Known | None = None) -> Checkpoint:
    """Opens a checkpoint for reading tensor by tensor.

    Args:
        path: a ``.safetensors`` file; the index of a sharded one (``*.safetensors.index.json``) or
            the folder that holds it; a ``.pt``, ``.pth`` or ``.bin`` file of PyTorch (weights only:
            a file with code in it is refused); a ``.weights.h5`` or ``.keras`` file of Keras.
        known: what is known of its tensors beforehand; without it, datasets of Keras are called
            by their paths in the file.

    Raises `UsageError` when the path is missing, damaged or of no known kind, and
    `MissingDependency` when reading it needs a framework that is not installed.

    """
    path = Path(path)
    if not path.exists():
        raise UsageError("There is no such checkpoint.", where=str(path))
    if path.is_dir():
        return _open_folder(path)
    for suffix, open_file in _SUFFIXES.items():
        if path.name.endswith(suffix):
            return open_file(path, known or Known())
    raise UsageError(
        "This is no checkpoint of a known kind.",
        where=str(path),
        hint=f"Known: {', '.join(_SUFFIXES)}, or a folder with {INDEX_FILE}.",
    )


def _open_folder(folder: Path) -> Checkpoint:
    indices = sorted(folder.glob(f"*{INDEX_SUFFIX}"))
    if len(indices) == 1:
        return ShardedSafetensors(indices[0])
    files = sorted(folder.glob("*.safetensors"))
    if not indices and len(files) == 1:
        return SafetensorsFile(files[0])
    problem = f"{len(indices)} indices" if indices else f"{len(files)} .safetensors files"
    raise UsageError(
        f"This folder is no checkpoint: it holds {problem} instead of one {INDEX_FILE}.",
        where=str(folder),
        hint="Name the file itself.",
    )


def _open_torch(path: Path, known: Known) -> Checkpoint:
    from isograd.frameworks import part

    opened: Checkpoint = part("torch", "checkpoint").TorchCheckpoint(
        path, known.trainable, optimizer=known.optimizer
    )
    return opened


def _open_keras(path: Path, known: Known) -> Checkpoint:
    from isograd.checkpoints.keras import KerasCheckpoint

    return KerasCheckpoint(path, known.native, known.source)


_SUFFIXES: dict[str, Callable[[Path, Known], Checkpoint]] = {
    INDEX_SUFFIX: lambda path, known: ShardedSafetensors(path),
    ".safetensors": lambda path, known: SafetensorsFile(path),
    ".pt": _open_torch,
    ".pth": _open_torch,
    ".bin": _open_torch,
    ".h5": _open_keras,
    ".keras": _open_keras,
}
"""How a file's name ends, to what opens it."""
