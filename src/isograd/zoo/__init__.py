"""Built-in networks, one file each."""

from __future__ import annotations

from isograd.errors import unknown
from isograd.zoo import bce_mlp, cnn_bn, lenet, mnist_mlp
from isograd.zoo.entry import ZooEntry

ZOO: dict[str, ZooEntry] = {
    module.ENTRY.name: module.ENTRY for module in (mnist_mlp, lenet, cnn_bn, bce_mlp)
}
"""Name to entry, the simplest network first."""


def get(name: str) -> ZooEntry:
    """The entry of this name. Raises `UsageError`, with the nearest name, when there is none."""
    if name not in ZOO:
        raise unknown("model", name, ZOO)
    return ZOO[name]


__all__ = ["ZOO", "ZooEntry", "get"]
