"""Keras' ``.weights.h5`` and ``.keras`` files: datasets alone; no model is built, no code runs.

Source of the limits on what a file may contain: Keras' own loader (``saving_lib``), which also
follows no link to another file.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np

from isograd.checkpoints.checkpoint import CARRIERS, CODES, TensorInfo
from isograd.checkpoints.keras_names import dataset_paths
from isograd.errors import MissingDependency, UsageError
from isograd.ir.mapping import Array

WEIGHTS_ENTRY = "model.weights.h5"
"""Where a ``.keras`` archive holds the weights."""

EXPANSION = 1000
"""How many times what it takes in the file a tensor may take in memory."""


DAMAGE = (OSError, zipfile.BadZipFile, KeyError, RuntimeError, ValueError, TypeError, EOFError)
"""What zipfile and h5py raise for files that are none, or not whole; `NotImplementedError`, for
ways of compression that they lack, is a `RuntimeError`."""


class KerasCheckpoint:
    """A Keras file; see `isograd.checkpoints.Checkpoint`.

    ``native`` are attribute paths such as ``fc1.kernel``; the datasets that they stand for are
    called so, all others by their path in the file. ``source`` is the text of the module that
    defines the model: it says what the entries of ``layers/`` are (see `keras_names`).

    Raises `UsageError` when the file is damaged, when a dataset lies in another file or claims a
    size that it cannot have, and `MissingDependency` without h5py.
    """

    def __init__(self, path: Path, native: Sequence[str] = (), source: str | None = None) -> None:
        self.path = path
        self._stack = ExitStack()
        try:
            datasets = dict(_datasets(self._open(path), path))
            paths = dataset_paths(list(datasets), native, source)
        except BaseException as error:
            self._stack.close()
            raise _explained(error, path) from None
        names = {dataset: name for name, dataset in paths.items()}
        self._datasets = {names.get(entry, entry): data for entry, data in datasets.items()}

    def _open(self, path: Path) -> Any:
        try:
            import h5py
        except ModuleNotFoundError:
            raise MissingDependency(
                "h5py is not installed; Keras files need it.",
                hint="Install it: pip install 'isograd[tensorflow]'",
            ) from None
        return self._stack.enter_context(h5py.File(self._content(path), "r"))

    def _content(self, path: Path) -> Path | IO[bytes]:
        if path.suffix != ".keras":
            return path
        archive = self._stack.enter_context(zipfile.ZipFile(path))
        return self._stack.enter_context(archive.open(WEIGHTS_ENTRY))

    @property
    def names(self) -> tuple[str, ...]:
        """Every tensor, in the order of the file."""
        return tuple(self._datasets)

    def info(self, name: str) -> TensorInfo:
        """Element type and shape."""
        data = self._datasets[name]
        code = _code(data)
        assert code is not None
        return TensorInfo(code, tuple(data.shape))

    def place(self, name: str) -> None:
        """HDF5 may have a dataset in chunks, or compressed."""

    def read(self, name: str) -> Array:
        """The values, read from the file now."""
        data = self._datasets[name]
        try:
            values = np.asarray(data[()])
        except DAMAGE as error:
            raise _explained(error, self.path) from None
        dtype = self.info(name).dtype
        if dtype == "BF16":
            return _bfloat16_bits(values)
        return np.ascontiguousarray(values, CARRIERS[dtype]).reshape(data.shape)

    def __enter__(self) -> KerasCheckpoint:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes the file."""
        self._stack.close()


def _explained(error: BaseException, path: Path) -> BaseException:
    """What the libraries say about a damaged file, as a `UsageError`; other errors as they are."""
    if isinstance(error, UsageError):
        return UsageError(error.what, where=error.where or str(path), hint=error.hint)
    if not isinstance(error, DAMAGE):
        return error
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return UsageError(
        f"This checkpoint is damaged or cut off: {reason}.",
        where=str(path),
        hint="Save or download it again.",
    )


def _datasets(group: Any, path: Path, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every dataset with its path; only what lies in the file itself is followed."""
    import h5py

    for key in sorted(group, key=_naturally):
        entry = f"{prefix}{key}"
        if group.get(key, getclass=True, getlink=True) is not h5py.HardLink:
            raise UsageError(f"{entry!r} is a link, which is not followed.", where=str(path))
        value = group[key]
        if isinstance(value, h5py.Group):
            if prefix.count("/") > 64:
                raise UsageError(f"{entry!r} lies too deep.", where=str(path))
            yield from _datasets(value, path, f"{entry}/")
            continue
        _check_dataset(entry, value, path)
        yield entry, value


def _naturally(key: str) -> tuple[bool, int, str]:
    """Variables are numbered, and 10 stands behind 9."""
    return (not key.isdecimal(), int(key) if key.isdecimal() else 0, key)


def _check_dataset(entry: str, data: Any, path: Path) -> None:
    if data.external or data.is_virtual:
        raise UsageError(f"The values of {entry!r} lie in another file.", where=str(path))
    if data.shape is None or _code(data) is None:
        raise UsageError(f"{entry!r} holds {data.dtype}, no numbers.", where=str(path))
    if data.nbytes > max(EXPANSION * data.id.get_storage_size(), 1 << 20):
        raise UsageError(
            f"{entry!r} claims the shape {tuple(data.shape)}, for which there are no values.",
            where=str(path),
        )


def _code(data: Any) -> str | None:
    """The element type, whatever its byte order; None for what is no number."""
    if data.attrs.get("dtype") == "bfloat16" and (data.dtype.itemsize == 2 or data.dtype == "f4"):
        return "BF16"
    return CODES.get(data.dtype.newbyteorder("<")) if data.dtype.kind in "fiucb" else None


def _bfloat16_bits(values: Array) -> Array:
    """Keras stores bfloat16 as a two-byte type of its own, or widened; the upper half of a float32
    is the bfloat16."""
    if values.dtype.itemsize == 2:
        return np.ascontiguousarray(values).view(CARRIERS["BF16"]).reshape(values.shape)
    wide = np.ascontiguousarray(values, "<f4").view("<u4")
    return (wide >> 16).astype(CARRIERS["BF16"]).reshape(values.shape)
