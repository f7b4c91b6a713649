"""Small sources of every kind, and a pipeline over one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from PIL import Image

from isograd.pipelines.augmentation import Augmented
from isograd.pipelines.pipeline import Pipeline, has_map
from isograd.pipelines.source import Source, find_source, open_items
from isograd.pipelines.specification import SPECIFICATIONS, Delivering, Specification
from isograd.pipelines.worker import pipeline_of

ROWS, COLUMNS, CLASSES = 150, 4, 3
DELIVERING = Delivering(batch_size=16, seed=1, buffer=40)


def images(folder: Path, suffix: str) -> Source:
    generator = np.random.default_rng(0)
    for name in ("a", "b", "c"):
        (folder / name).mkdir(parents=True)
        for number in range(20):
            blocks = generator.integers(0, 256, (6, 6, 3))
            pixels = np.kron(blocks, np.ones((2, 2, 1))).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number:02}{suffix}")
    return find_source(str(folder))


def table(folder: Path) -> pa.Table:
    generator = np.random.default_rng(0)
    columns: dict[str, Any] = {
        f"x{i}": generator.normal(size=ROWS).astype(np.float32) for i in range(COLUMNS)
    }
    return pa.table({**columns, "label": np.sort(generator.integers(0, CLASSES, ROWS))})


def make(kind: str, folder: Path) -> Source:
    """A source of this kind in a folder."""
    if kind in (".png", ".jpg"):
        return images(folder / "images", kind)
    path = folder / f"source.{'txt' if kind in ('lines', 'windows') else kind}"
    if kind == "parquet":
        pyarrow.parquet.write_table(table(folder), path, row_group_size=40)
    elif kind == "csv":
        pyarrow.csv.write_csv(table(folder), path)
    else:
        words = np.random.default_rng(0).integers(97, 123, (ROWS, 30)).astype(np.uint8)
        lines = [bytes(row[: n % 30]) for n, row in enumerate(words)]
        path.write_bytes(b"\n".join(lines) + b"\r\nlast")
    return find_source(str(path), window=13 if kind == "windows" else None)


def specifications(source: Source) -> list[Specification]:
    """The pipelines over it that need no process of their own."""
    mapped = has_map(open_items(source), augmented=False)
    return [
        s
        for s in SPECIFICATIONS
        if not (s.framework == "torch" and s.workers)
        and (mapped or not s.mapped)
        and not (mapped and s.whole_batches)
    ]


def opened(
    source: Source, id: str, delivering: Delivering = DELIVERING, augmented: Augmented | None = None
) -> Pipeline:
    (specification,) = (s for s in SPECIFICATIONS if s.id == id)
    return pipeline_of(open_items(source), source, specification, delivering, augmented)
