"""Is an augmentation the same in both frameworks, and what is not that one takes for the same?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from isograd.feeding import Equal, Trap
from isograd.ir.mapping import Array
from isograd.measure.process import WorkerProcess
from isograd.pipelines.augmentation import Augmentation, Augmented, draw
from isograd.pipelines.equality import EXAMPLES, judge, stages
from isograd.pipelines.items import Items
from isograd.pipelines.traps import as_bytes, compare

SMALLER = 2 / 3
"""To what share of their height the images are resized where traps are shown."""


def prove_augmentation(
    workers: Mapping[str, WorkerProcess], items: Items, augmentation: Augmentation, seed: int
) -> tuple[list[Equal], list[Trap]]:
    """Every operation in each framework that has a worker, against its definition; and the known
    traps where there are two. Images are the source's first ones."""
    group, _ = next(iter(items.groups()))
    images = list(group[:EXAMPLES])
    augmented = draw(augmentation, len(images), group.shape[1:], seed)
    changed = [partial(_changed, worker, name) for name, worker in workers.items()]
    equal = [judge(stage, changed) for stage in stages(augmented, images)]
    return equal, _traps(workers, images) if {"torch", "tensorflow"} <= set(workers) else []


def _changed(
    worker: WorkerProcess, framework: str, augmented: Augmented, images: Sequence[Array]
) -> list[Array]:
    made: list[Array] = worker.call("change", framework, augmented, images)
    return made


def _traps(workers: Mapping[str, WorkerProcess], images: Sequence[Array]) -> list[Trap]:
    shown = [as_bytes(image) for image in images]
    shown = [image if image.ndim == 3 else image[..., None] for image in shown]
    size = max(int(shown[0].shape[0] * SMALLER), 1)
    torch, tensorflow = (
        workers[name].call("traps", name, shown, size) for name in ("torch", "tensorflow")
    )
    return compare(torch, tensorflow)
