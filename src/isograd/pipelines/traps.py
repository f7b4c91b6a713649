"""What one easily takes for the same in both frameworks, and is not: declared differences, measured
on a source's own pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isograd.feeding import Trap
from isograd.ir.mapping import Array


@dataclass(frozen=True)
class Known:
    """A trap: what one writes on each side, and what to write instead. Each framework's ``TRAPS``
    has a function under ``name`` that does what it says."""

    name: str
    torch: str
    tensorflow: str
    instead: str


KNOWN = (
    Known(
        "antialiasing",
        "interpolate(antialias=True), torchvision's default",
        "tf.image.resize(image, size)",
        "Say antialias on both sides: without it they agree within rounding.",
    ),
    Known(
        "half-pixel centres",
        "interpolate(mode='bilinear')",
        "tf.compat.v1.image.resize_bilinear(image, size)",
        "Take tf.image.resize, or half_pixel_centers=True.",
    ),
    Known(
        "bytes, resized",
        "interpolate of uint8, which rounds",
        "tf.cast(tf.image.resize(image, size), tf.uint8), which cuts off",
        "Round before the cast: tf.round.",
    ),
)

Shown = Mapping[str, Sequence[Array]]
"""Name of a trap to what one framework makes of some images, in grey levels."""


def as_bytes(image: Array) -> Array:
    """uint8 of an image that is that, or holds numbers from 0 to 1."""
    if image.dtype == np.uint8:
        return image
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def compare(torch: Shown, tensorflow: Shown) -> list[Trap]:
    """Each trap on the same images."""
    found = []
    for known in KNOWN:
        apart = [
            np.abs(a.astype(np.float64) - b.astype(np.float64))
            for a, b in zip(torch[known.name], tensorflow[known.name], strict=True)
        ]
        largest = max(float(one.max()) for one in apart)
        share = float(np.mean([(one > ROUNDING).mean() for one in apart]))
        found.append(Trap(known.name, known.torch, known.tensorflow, largest, share, known.instead))
    return found


ROUNDING = 0.01
"""Grey levels below which two pixels are alike: what float32 makes of 255 is a thousandth of it."""
