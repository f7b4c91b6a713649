"""The augmentation in PyTorch's own operations, as one writes it in a data set's transform."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from isograd.ir.mapping import Array
from isograd.pipelines.augmentation import Augmented, Operation


def transform(augmented: Augmented) -> Callable[[Any, int], Tensor]:
    """From an image [height, width, ...], and its number, to what it becomes."""
    operations = augmented.augmentation.operations

    def change(image: Any, index: int) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(image))
        for number, operation in enumerate(operations):
            drawn = augmented.draws.get(number)
            tensor = _apply(operation, tensor, None if drawn is None else drawn[index])
        return tensor

    return change


def _apply(operation: Operation, image: Tensor, drawn: Any) -> Tensor:
    if operation.name == "flip":
        return image.flip(1) if drawn else image
    if operation.name == "rotate":
        return torch.rot90(image, int(drawn), (0, 1))
    if operation.name == "crop":
        around = int(operation.amount)
        padded = F.pad(image, (0, 0) * (image.ndim - 2) + (around,) * 4)
        top, left = map(int, drawn)
        return padded[top : top + operation.size, left : left + operation.size]
    values = image.float()
    if operation.name == "brightness":
        return values * float(drawn)
    if operation.name == "normalise":
        return (values - operation.amount) / operation.scale
    return _resized(values, operation.size)


def _resized(values: Tensor, size: int) -> Tensor:
    """Channels come first for it, and go back."""
    channels = values.unsqueeze(0) if values.ndim == 2 else values.permute(2, 0, 1)
    made = F.interpolate(channels[None], (size, size), mode="bilinear", align_corners=False)[0]
    return made[0] if values.ndim == 2 else made.permute(1, 2, 0)


def _to(image: Array, size: int, **how: Any) -> Array:
    """An image of bytes [height, width, channels], resized to a square."""
    channels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None]
    made = F.interpolate(channels, (size, size), mode="bilinear", **how)
    return made[0].permute(1, 2, 0).numpy()


TRAPS: dict[str, Callable[[Array, int], Array]] = {
    "antialiasing": lambda image, size: _to(image.astype(np.float32), size, antialias=True),
    "half-pixel centres": lambda image, size: _to(image.astype(np.float32), size),
    "bytes, resized": lambda image, size: _to(image, size),
}
"""What one writes in PyTorch; see `isograd.pipelines.traps`."""
