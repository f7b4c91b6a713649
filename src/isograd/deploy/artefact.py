"""What is ordered of a framework, and what it delivers: a network in a form that can be shipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isograd.frameworks.protocol import Emitted
from isograd.ir.graph import Graph, Weights
from isograd.ir.mapping import Array
from isograd.training import Recipe

FINER = 0.1
"""Fine-tuning takes so much of the learning rate that the network was trained with."""

SETTLED = 0.75
"""After this part of the fine-tuning, ranges and running statistics stay as they are. Source:
Krishnamoorthi, Quantizing deep convolutional networks for efficient inference, 2018, section 3.2
(arXiv 1806.08342)."""


def single(array: Array) -> Array:
    """As every form takes and ships it: floating point in float32, in C order, a copy."""
    kind = np.float32 if np.issubdtype(array.dtype, np.floating) else array.dtype
    return np.array(array, dtype=kind, order="C")


@dataclass(frozen=True)
class Tuning:
    """Training that a build may do, for instance with quantisation in the loop. ``inputs`` and
    ``targets`` are in logical layout; ``batches`` [steps, batch size] are row numbers."""

    recipe: Recipe
    inputs: Array
    targets: Array
    batches: NDArray[np.int64]


@dataclass(frozen=True)
class Order:
    """A network to be built as ``candidate`` (see `isograd.deploy.candidates`) into ``folder``,
    which is there and empty.

    ``weights`` are the graph's, in logical layout. ``calibration`` are inputs [B, ...] in logical
    layout that ranges may be taken from. ``tuning`` is there where the candidate trains.
    """

    candidate: str
    graph: Graph
    weights: Weights
    folder: Path
    calibration: tuple[Array, ...]
    threads: int = 1
    tuning: Tuning | None = None


@dataclass(frozen=True)
class Artefact:
    """A network that can be shipped: files in a folder, and the loader that runs them.

    ``files`` are what has to be shipped, relative to the folder; their bytes are its size.
    ``loader`` names a script in ``isograd/deploy/loaders``, which gets ``options`` (plain JSON).
    ``emitted`` says how the inputs and the output of what is loaded are laid out. ``notes`` are
    what a user has to know about it, one sentence each.
    """

    files: tuple[str, ...]
    loader: str
    emitted: Emitted
    options: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
