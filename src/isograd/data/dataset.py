"""What a data set is, on every side."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from isograd.ir.mapping import Array


@dataclass(frozen=True)
class Dataset:
    """Examples in memory: inputs float32 [examples, ...], targets int64 [examples] (classes) or
    float32 [examples, 1]. ``source`` is one sentence; ``classes`` is None for a regression.
    """

    name: str
    source: str
    train_inputs: Array
    train_targets: Array
    test_inputs: Array
    test_targets: Array
    classes: int | None

    @property
    def summary(self) -> dict[str, Any]:
        """What a result says of it."""
        return {
            "name": self.name,
            "source": self.source,
            "train": len(self.train_targets),
            "test": len(self.test_targets),
            "classes": self.classes,
            "sha256": self.sha256,
        }

    @cached_property
    def sha256(self) -> str:
        """Hex digest over all four arrays, so that two results can be seen to share their data."""
        digest = hashlib.sha256()
        for array in (
            self.train_inputs,
            self.train_targets,
            self.test_inputs,
            self.test_targets,
        ):
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()
