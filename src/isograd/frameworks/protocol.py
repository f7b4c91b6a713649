"""What a framework must offer: the only door through which the rest of the house uses one.

A framework's folder has the modules ``emitter`` (imports no framework) and ``executor``:

- ``emitter.emit(graph, idiomatic=False) -> Emitted``
- ``executor.open_executor(plan) -> Executor``
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from isograd.ir.mapping import Arrays, TensorMap, Transform
from isograd.training import TrainSpec


@dataclass(frozen=True)
class Emitted:
    """Native source of a graph, and how its tensors correspond to the graph's.

    ``parameters`` maps IR parameter names to native ones (torch: ``state_dict`` keys; TensorFlow:
    attribute paths such as ``fc1.kernel``). ``values`` holds, for each graph input, output and
    dropout, the transform from the logical layout to the one the native code sees.
    ``dropouts`` maps a Dropout node's name to the attribute that holds the native layer.
    ``declared`` lists accepted differences from the exact semantics (only when idiomatic).
    """

    source: str
    class_name: str
    parameters: TensorMap
    trainable: tuple[str, ...]
    values: dict[str, Transform]
    dropouts: dict[str, str] = field(default_factory=dict)
    declared: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """All that an executor needs to know. Arrays are in native names and layout throughout.

    ``input_shapes`` holds each input's native shape without the batch axis; ``dropout`` is
    ``native`` (the framework's own generator, seeded), or ``shared`` (masks are handed over).
    """

    source: Path
    class_name: str
    trainable: tuple[str, ...]
    dropouts: dict[str, str]
    mode: str
    dtype: Literal["float32", "float64"]
    spec: TrainSpec
    input_shapes: tuple[tuple[int, ...], ...]
    input_dtypes: tuple[Literal["float", "int"], ...]
    dropout: Literal["native", "shared"] = "native"
    device: str = "cpu"
    threads: int = 1
    idiomatic: bool = False


@dataclass(frozen=True)
class Gradients:
    """One pass in training mode: outputs [B, ...], scalar loss, gradients of the loss with respect
    to the outputs, the inputs that are floating point, and each trainable parameter."""

    outputs: NDArray[np.floating]
    loss: float
    output_gradient: NDArray[np.floating]
    input_gradients: tuple[NDArray[np.floating], ...]
    parameter_gradients: Arrays


@dataclass(frozen=True)
class Steps:
    """Training steps: the loss of each, and each one's duration in nanoseconds."""

    losses: NDArray[np.floating]
    nanoseconds: NDArray[np.int64]


class Executor(Protocol):
    """One network, in one mode and one precision."""

    def set_state(self, state: Arrays) -> None:
        """Sets every parameter and buffer; optimizer state goes back to zero."""

    def get_state(self) -> Arrays:
        """Every parameter and buffer."""

    def get_optimizer_state(self) -> dict[str, Arrays]:
        """Slot name of the optimizer's definition to parameter name to array."""

    def set_masks(self, masks: Arrays) -> None:
        """Dropout masks by attribute, already divided by the keep probability."""

    def forward(self, *inputs: NDArray) -> NDArray[np.floating]:
        """Outputs in evaluation mode, for any batch size."""

    def gradients(self, inputs: tuple[NDArray, ...], targets: NDArray) -> Gradients:
        """One pass in training mode; running statistics move, parameters do not."""

    def load_data(self, inputs: tuple[NDArray, ...], targets: NDArray) -> None:
        """Puts the training data where the mode reads it from."""

    def train(self, batches: NDArray[np.int64]) -> Steps:
        """One step for each row of ``batches`` [steps, batch size], in order."""

    def compilations(self) -> int:
        """How often something was traced or compiled so far; it must not grow while timing."""
