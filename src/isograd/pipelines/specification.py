"""The pipelines that are compared, as data. What a field means to a framework is in its
``pipelines`` folder."""

from __future__ import annotations

from dataclasses import dataclass

MEMORY = "memory"
"""The pipeline that all others are held against: NumPy arrays and a gather for each batch."""


@dataclass(frozen=True)
class Specification:
    """One pipeline. ``workers`` are processes (PyTorch) or parallel calls (TensorFlow), 0 for
    none; ``prefetch`` is how many batches are made ready ahead (for each worker in PyTorch);
    ``cache`` keeps decoded items; ``whole_batches`` reads a batch in one call instead of item by
    item."""

    id: str
    about: str
    workers: int = 0
    prefetch: int = 0
    cache: bool = False
    whole_batches: bool = False

    @property
    def framework(self) -> str:
        """Empty for the arrays in memory."""
        framework, slash, _ = self.id.partition("/")
        return framework if slash else ""

    @property
    def mapped(self) -> bool:
        """Whether it differs from others only in how items are computed."""
        return self.framework == "tensorflow" and (
            self.cache or (self.workers > 0 and not self.prefetch)
        )

    @property
    def depth(self) -> int:
        """Batches that may be ready before they are asked for."""
        return self.prefetch * (self.workers if self.framework == "torch" else 1) + self.workers


SPECIFICATIONS = (
    Specification(MEMORY, "arrays in memory, a permutation for each epoch, a gather for a batch"),
    Specification("torch/loader", "DataLoader(num_workers=0)"),
    Specification("torch/workers-1", "DataLoader(num_workers=1)", workers=1, prefetch=2),
    Specification("torch/workers-2", "DataLoader(num_workers=2)", workers=2, prefetch=2),
    Specification(
        "torch/workers-2-deep",
        "DataLoader(num_workers=2, prefetch_factor=8)",
        workers=2,
        prefetch=8,
    ),
    Specification(
        "torch/batched",
        "DataLoader(batch_size=None) over a BatchSampler: a batch in one read",
        whole_batches=True,
    ),
    Specification("tensorflow/map", "tf.data: shuffle, map, batch"),
    Specification(
        "tensorflow/indices",
        "tf.data: shuffle the numbers, a gather for a batch",
        whole_batches=True,
    ),
    Specification("tensorflow/parallel", "the same, map with num_parallel_calls=2", workers=2),
    Specification(
        "tensorflow/prefetch",
        "the same, map with num_parallel_calls=2, then prefetch(2)",
        workers=2,
        prefetch=2,
    ),
    Specification(
        "tensorflow/cache",
        "the same, cache behind the map, before the shuffle, then prefetch(2)",
        workers=2,
        prefetch=2,
        cache=True,
    ),
)


@dataclass(frozen=True)
class Delivering:
    """What all pipelines have in common: the batch size, the seed of the order, and how many items
    a shuffle buffer holds where the order is no permutation."""

    batch_size: int = 64
    seed: int = 0
    buffer: int = 1000
