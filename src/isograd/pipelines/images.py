"""A folder of images, a sub-folder for each class, decoded with Pillow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from isograd.errors import MissingDependency, UsageError
from isograd.ir.mapping import Array
from isograd.pipelines.items import Pair

IMAGES = (".png", ".jpg", ".jpeg", ".bmp")
"""Suffixes of image files that both frameworks decode to the same bytes."""

GROUP = 64
"""How many images are decoded at a time where all are read."""


class ImageFolder:
    """Images uint8 [height, width, 3], in the order of their classes' and their own names. All must
    have the size of the first one: a batch has one shape.

    Raises `UsageError` where a class has no image, `MissingDependency` without Pillow.
    """

    def __init__(self, folder: Path) -> None:
        self.classes = sorted(path.name for path in folder.iterdir() if path.is_dir())
        self.paths: list[Path] = []
        labels: list[int] = []
        for number, name in enumerate(self.classes):
            found = sorted(p for p in (folder / name).iterdir() if p.suffix.lower() in IMAGES)
            if not found:
                raise UsageError("There is no image in this folder.", where=str(folder / name))
            self.paths += found
            labels += [number] * len(found)
        self.targets: Array = np.array(labels, np.int64)
        self.count = len(self.paths)
        self.shape = decode(self.paths[0]).shape

    def item(self, index: int) -> Pair:
        image = decode(self.paths[index])
        if image.shape != self.shape:
            raise UsageError(
                f"This image is {image.shape[1]}x{image.shape[0]}, the first one "
                f"{self.shape[1]}x{self.shape[0]}.",
                where=str(self.paths[index]),
                hint="Bring all images to one size first.",
            )
        return image, self.targets[index]

    def groups(self) -> Iterator[Pair]:
        for start in range(0, self.count, GROUP):
            some = range(start, min(start + GROUP, self.count))
            yield np.stack([self.item(i)[0] for i in some]), self.targets[some.start : some.stop]


def decode(path: Path) -> Array:
    """uint8 [height, width, 3]. Raises `UsageError` for a file that is no image."""
    try:
        from PIL import Image, UnidentifiedImageError
    except ModuleNotFoundError:
        raise MissingDependency("Images need Pillow.", hint="pip install 'isograd[data]'") from None
    try:
        with Image.open(path) as image:
            return np.array(image.convert("RGB"))
    except (UnidentifiedImageError, OSError) as error:
        raise UsageError(f"This is no image that can be read: {error}.", where=str(path)) from None
