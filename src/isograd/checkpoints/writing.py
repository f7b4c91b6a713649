"""Writing ``.safetensors`` tensor by tensor: all files appear whole and under their names at the
end, or none does."""

from __future__ import annotations

import json
import os
import struct
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO

import numpy as np

from isograd.checkpoints.checkpoint import CARRIERS, TensorInfo
from isograd.errors import UsageError
from isograd.ir.mapping import Array

ALIGNMENT = 8
"""Headers are padded so that the values begin at a multiple of this, as the library does."""

METADATA = {"format": "pt"}
"""Some loaders refuse a file that does not name its layout; row-major values are called this."""

PIECE = 1 << 18
"""Bytes given to one write. For fewer, Linux takes more and smaller pages for its cache, which cost
time; for many more, pages that a virtual machine hands back to its host: getting them again costs
more than writing them."""

Layout = Mapping[str, TensorInfo]


def write_safetensors(
    path: Path, layout: Layout, produce: Callable[[str], Array], *, shard_size: int | None = None
) -> list[Path]:
    """Writes the tensors of ``layout`` and returns the files.

    Args:
        path: the file; with several shards, ``model.safetensors`` becomes
            ``model-00001-of-00003.safetensors`` and so on, and ``model.safetensors.index.json``.
        layout: what will be written. Tensors stand in the file by element size, widest first, so
            that each is aligned.
        produce: called once for each name, in the order of the file; returns C-ordered values in
            the type that carries the tensor's. It makes one while the last is being written;
            the memory of the one before that may be used again.
        shard_size: bytes of values that a file holds at most (a larger tensor has one of its own);
            by default, there is one file.

    Raises `UsageError` when a file exists already or cannot be written, and whatever ``produce``
    raises; nothing is left behind then.

    """
    shards = _shards(layout, shard_size)
    files = _file_names(path, len(shards))
    targets = files if len(shards) == 1 else [*files, path.with_name(f"{path.name}.index.json")]
    _check_vacant(targets)
    made: list[Path] = []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for shard in shards:
            made.append(_temporary(path))
            with made[-1].open("r+b") as file:  # "wb" truncates, which makes ext4 flush at the end
                _write_shard(file, shard, produce)
        if len(shards) > 1:
            made.append(_temporary(path))
            made[-1].write_text(_index(shards, files), encoding="utf-8")
        _publish(made, targets)
    except OSError as error:
        raise UsageError(f"Cannot write: {error.strerror or error}.", where=str(path)) from None
    finally:
        for temporary in made:
            temporary.unlink(missing_ok=True)
    return targets


def _shards(layout: Layout, shard_size: int | None) -> list[dict[str, TensorInfo]]:
    shards: list[dict[str, TensorInfo]] = [{}]
    filled = 0
    for name, info in layout.items():
        if shard_size is not None and shards[-1] and filled + info.nbytes > shard_size:
            shards.append({})
            filled = 0
        shards[-1][name] = info
        filled += info.nbytes
    return [dict(sorted(shard.items(), key=_widest_first)) for shard in shards]


def _widest_first(item: tuple[str, TensorInfo]) -> int:
    return -CARRIERS[item[1].dtype].itemsize


def _file_names(path: Path, count: int) -> list[Path]:
    if count == 1:
        return [path]
    return [
        path.with_name(f"{path.stem}-{i:05d}-of-{count:05d}{path.suffix}")
        for i in range(1, count + 1)
    ]


def _check_vacant(targets: list[Path]) -> None:
    taken = [target for target in targets if target.exists()]
    if taken:
        raise UsageError(
            "This file exists and is not overwritten.",
            where=str(taken[0]),
            hint="Choose another --out, or remove the file.",
        )


def _temporary(path: Path) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    os.close(handle)
    return Path(name)


def _write_shard(file: IO[bytes], shard: Layout, produce: Callable[[str], Array]) -> None:
    """Writes one tensor while the next is being made."""
    header = _header(shard)
    file.write(struct.pack("<Q", len(header)) + header)
    with ThreadPoolExecutor(1) as writer:
        writing: Future[None] | None = None
        for name, info in shard.items():
            values = _bytes(produce(name), name, info)
            if writing:
                writing.result()
            writing = writer.submit(_write_pieces, file, values)
            del values
        if writing:
            writing.result()


def _write_pieces(file: IO[bytes], values: memoryview) -> None:
    for start in range(0, len(values), PIECE):
        file.write(values[start : start + PIECE])


def _bytes(array: Array, name: str, info: TensorInfo) -> memoryview:
    if array.shape != info.shape or array.dtype != CARRIERS[info.dtype]:
        raise ValueError(f"{name!r} is {array.dtype}{array.shape}, announced as {info}")
    return array.reshape(-1).view(np.uint8).data


def _header(shard: Layout) -> bytes:
    entries: dict[str, object] = {"__metadata__": METADATA}
    offset = 0
    for name, info in shard.items():
        end = offset + info.nbytes
        entries[name] = {
            "dtype": info.dtype,
            "shape": list(info.shape),
            "data_offsets": [offset, end],
        }
        offset = end
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
    return text + b" " * (-len(text) % ALIGNMENT)


def _index(shards: list[dict[str, TensorInfo]], files: list[Path]) -> str:
    weight_map = {
        name: file.name for shard, file in zip(shards, files, strict=True) for name in shard
    }
    total = sum(info.nbytes for shard in shards for info in shard.values())
    document = {"metadata": {"total_size": total}, "weight_map": weight_map}
    return json.dumps(document, indent=1) + "\n"


def _publish(made: list[Path], targets: list[Path]) -> None:
    """Gives the files their names; takes back those that have one if another cannot have its."""
    named: list[Path] = []
    mode = 0o666 & ~_umask()
    try:
        for temporary, target in zip(made, targets, strict=True):
            temporary.chmod(mode)
            temporary.rename(target)
            named.append(target)
    except BaseException:
        for target in named:
            with suppress(OSError):
                target.unlink()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
