"""The idx file format of the MNIST distribution (http://yann.lecun.com/exdb/mnist/): a magic
number, big-endian sizes, then unsigned bytes.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from isograd.errors import UsageError

UNSIGNED_BYTE = 0x08


def read_idx(path: Path, rank: int) -> NDArray[np.uint8]:
    """The array in an idx file, plain or gzip-compressed, with ``rank`` dimensions.

    Raises `UsageError`, naming the file, when it cannot be read, is cut off, or is no such file.
    """
    content = _content(path)
    header = 4 + 4 * rank
    if len(content) < header:
        raise _damaged(path, f"it has {len(content)} bytes, the header alone has {header}")
    zero, kind, found_rank = struct.unpack(">HBB", content[:4])
    if zero != 0 or kind != UNSIGNED_BYTE:
        raise _damaged(path, f"its magic number is 0x{content[:4].hex()}, not an idx file of bytes")
    if found_rank != rank:
        raise _damaged(path, f"it holds {found_rank}-dimensional data, {rank} were expected")
    shape = struct.unpack(f">{rank}I", content[4:header])
    if len(content) - header != prod(shape):
        raise _damaged(
            path, f"its header promises {prod(shape):,} bytes, it has {len(content) - header:,}"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _content(path: Path) -> bytes:
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as file:
                return file.read()
        return path.read_bytes()
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _damaged(path, f"it does not decompress ({error})") from None
    except OSError as error:
        raise UsageError(f"Cannot read this file: {error.strerror}.", where=str(path)) from None


def _damaged(path: Path, reason: str) -> UsageError:
    return UsageError(
        f"This data file is damaged: {reason}.",
        where=str(path),
        hint="Get the file again, or point --data-dir to another folder.",
    )
