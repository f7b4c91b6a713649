"""Small idx files with MNIST's names."""

import struct

import numpy as np
from numpy.typing import NDArray

from isograd.data.mnist import MD5

TRAIN, TEST = 12, 5


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return header + array.tobytes()


def small_mnist() -> dict[str, NDArray[np.uint8]]:
    generator = np.random.default_rng(3)
    arrays = []
    for count in (TRAIN, TEST):
        arrays.append(generator.integers(0, 256, (count, 28, 28), dtype=np.uint8))
        arrays.append(generator.integers(0, 10, count, dtype=np.uint8))
    return dict(zip(MD5, arrays, strict=True))
