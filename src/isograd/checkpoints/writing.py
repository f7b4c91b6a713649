"""Writing ``.safetensors`` tensor by tensor: all files appear whole and under their names at the
end, or none does."""

from __future__ import annotations

import json
import os
import struct
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import IO

import numpy as np

from isograd.checkpoints.checkpoint import CARRIERS, TensorInfo
from isograd.checkpoints.pieces import Piece
from isograd.errors import UsageError
from isograd.ir.mapping import Array

ALIGNMENT = 8
"""Headers are padded so that the values begin at a multiple of this, as the library does."""

METADATA = {"format": "pt"}
"""Some loaders refuse a file that does not name its layout; row-major values are called this."""

WRITE = 1 << 18
"""Bytes given to one write. For fewer, Linux takes more and smaller pages for its cache, which cost
time; for many more, pages that a virtual machine hands back to its host: getting them again costs
more than writing them."""

AHEAD = 1 << 25
"""Bytes that are made before they are written, so that no thread has to wait."""

Layout = Mapping[str, TensorInfo]


def write_safetensors(
    path: Path, layout: Layout, produce: Callable[[str], Array], *, shard_size: int | None = None
) -> list[Path]:
    """Writes the tensors of ``layout`` and returns the files; see `write_pieces`.

    Args:
        path: the file.
        layout: what will be written.
        produce: called once for each name, in the order of the file; returns C-ordered values in
            the type that carries the tensor's. It makes the next ones while one is being written.
        shard_size: bytes of values that a file holds at most.

    """

    def pieces(name: str) -> list[Piece]:
        info = layout[name]
        return [Piece(info.nbytes, lambda _: _checked(produce(name), name, info))]

    return write_pieces(path, layout, pieces, threads=1, shard_size=shard_size)


def write_pieces(
    path: Path,
    layout: Layout,
    pieces: Callable[[str], Iterable[Piece]],
    *,
    threads: int,
    shard_size: int | None = None,
) -> list[Path]:
    """Writes the tensors of ``layout`` and returns the files.

    Args:
        path: the file; with several shards, ``model.safetensors`` becomes
            ``model-00001-of-00003.safetensors`` and so on, and ``model.safetensors.index.json``.
        layout: what will be written. Tensors stand in the file by element size, widest first, so
            that each is aligned.
        pieces: what a tensor's values are made of, in C order; called once for each name, in the
            order of the file.
        threads: how many make pieces while others are being written.
        shard_size: bytes of values that a file holds at most (a larger tensor has one of its own);
            by default, there is one file.

    Raises `UsageError` when a file exists already or cannot be written, and whatever making
    the values raises; nothing is left behind then.

    """
    shards = _shards(layout, shard_size)
    files = _file_names(path, len(shards))
    targets = files if len(shards) == 1 else [*files, path.with_name(f"{path.name}.index.json")]
    _check_vacant(targets)
    made: list[Path] = []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(threads) as pool:
            for shard in shards:
                made.append(_temporary(path))
                with made[-1].open("r+b") as file:  # "wb" truncates: ext4 flushes it at the end
                    _write_shard(file, shard, pieces, pool)
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


def _write_shard(
    file: IO[bytes],
    shard: Layout,
    pieces: Callable[[str], Iterable[Piece]],
    pool: ThreadPoolExecutor,
) -> None:
    header = _header(shard)
    file.write(struct.pack("<Q", len(header)) + header)
    begin = file.tell()
    for values in _made(chain.from_iterable(map(pieces, shard)), pool):
        _write_values(file, values)
    if file.tell() - begin != sum(info.nbytes for info in shard.values()):
        raise ValueError("the pieces are not as large as what was announced")


def _made(pieces: Iterable[Piece], pool: ThreadPoolExecutor) -> Iterator[Array]:
    """The pieces, one by one, while the next are being made: about `AHEAD` bytes, or one that is
    larger. A piece has lost its memory when the next is asked for."""
    waiting: deque[tuple[Array, Future[Array]]] = deque()
    used = np.empty(0, np.uint8)
    held = 0
    try:
        for piece in pieces:
            memory = used if used.nbytes >= piece.nbytes else np.empty(piece.nbytes, np.uint8)
            used = memory[:0]
            waiting.append((memory, pool.submit(piece.make, memory[: piece.nbytes])))
            held += memory.nbytes
            while held > AHEAD and len(waiting) > 1:
                memory, future = waiting.popleft()
                held -= memory.nbytes
                yield future.result()
                used = memory
        while waiting:
            yield waiting.popleft()[1].result()
    finally:
        for _, future in waiting:
            future.cancel()


def _write_values(file: IO[bytes], values: Array) -> None:
    left = values.reshape(-1).view(np.uint8).data
    for start in range(0, len(left), WRITE):
        file.write(left[start : start + WRITE])


def _checked(array: Array, name: str, info: TensorInfo) -> Array:
    if array.shape != info.shape or array.dtype != CARRIERS[info.dtype]:
        raise ValueError(f"{name!r} is {array.dtype}{array.shape}, announced as {info}")
    return array


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
