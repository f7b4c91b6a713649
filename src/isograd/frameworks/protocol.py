"""What a framework must offer: the only door through which the rest of the house uses one.

A framework's folder offers three modules, with the same names and outline in each:

- ``emitter`` (imports no framework): ``emit(graph, idiomatic=False, input_layout=None) -> Emitted``
  and ``mark(graph) -> Emitted``, whose lines say which node they compute
- ``runtime``: ``configure(device, threads)``, once in a fresh process, before anything else
- ``modes``: ``open_executor(plan) -> Executor``
- ``tape``: ``open_tape(graph) -> Tape``, which shows every value and gradient
- ``views``: ``capture(stage, subject) -> View``, for each of its stages in `VIEWS`
- ``views.retracing``: ``watch(subject, live) -> dict[str, list[Event]]``, what is seen of tracing,
  by the names in `TRACED`
- ``views.live``: ``capture(stage, live) -> list[View]``, for its stages in `LIVE_VIEWS`, and
  ``count_parameters(live)``
- ``timing``: ``open_stamped(subject, backward=True)``, an eager executor with a `Timeline` of its
  steps; without ``backward``, its stamps are outside of the backward pass
- ``holding``: ``held(subject)``, the bytes that each node keeps for the backward pass
- ``original``: ``resolve(reference, trust=...)``, the user's network itself
- ``scale`` (imports no framework): ``ENGINES``, ``SCRIPTS``, the folder of the scripts that workers
  run, and ``commands(task) -> list[Command]``, which start them
- ``importer``: ``import_live(network, inputs) -> Imported``, the network as a graph
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from isograd.ir.inputs import InputSpec
from isograd.ir.mapping import Array, Arrays, TensorMap, Transform
from isograd.ir.ops.base import DType
from isograd.references import Reference
from isograd.training import Recipe, TrainSpec

Precision = Literal["float32", "bfloat16", "float16"]
"""What a network computes in; its parameters, its loss and its optimizer stay in float32."""


@dataclass(frozen=True)
class Emitted:
    """Native source of a graph, and how its tensors correspond to the graph's.

    ``parameters`` maps IR parameter names to native ones (torch: ``state_dict`` keys; TensorFlow:
    attribute paths such as ``fc1.kernel``). ``values`` holds, for each graph input and output, the
    transform from the logical layout to the one the native code sees. ``dropouts`` maps a Dropout
    node's name to the attribute that holds the native layer, ``masks`` to its mask's transform.
    ``declared`` lists accepted differences from the exact semantics (only when idiomatic).
    """

    source: str
    class_name: str
    parameters: TensorMap
    trainable: tuple[str, ...]
    values: dict[str, Transform]
    dropouts: dict[str, str] = field(default_factory=dict)
    masks: dict[str, Transform] = field(default_factory=dict)
    declared: tuple[str, ...] = ()


@dataclass(frozen=True)
class Original:
    """A network as its owner wrote it; it is run as it is, in its own framework, eagerly.

    ``network`` is the reference that names it, or the object itself where it lives in this process.
    ``inputs`` say how it is called. With ``trust``, a file may bring code of its own. Where there
    is a ``training``, it is trained with its owner's loss and optimizer too.
    """

    framework: str
    network: Reference | object
    inputs: tuple[InputSpec, ...]
    trust: bool = False
    training: TrainSpec | None = None


@dataclass(frozen=True)
class Plan:
    """All that an executor needs to know. Names and layout are native throughout.

    ``trainable`` and ``buffers`` name the tensors of the state; ``inputs`` holds each input's shape
    without the batch axis, and its kind. ``masks`` maps dropout attributes to the shapes of masks
    that will be handed over by `Executor.set_masks`; where it is empty, dropout is the framework's
    own, seeded with ``seed``. ``steps_per_call`` is how many training steps one call of a compiled
    step makes, in the modes that can (the others make one). ``original`` takes the place of the
    source in the mode ``original``; its masks are named by the order in which they are drawn.
    ``dtype`` is what parameters, running statistics, losses and the optimizer are in; with another
    ``precision``, each framework computes in that what it holds safe to (mixed precision).
    """

    source: Path | None
    class_name: str
    trainable: tuple[str, ...]
    buffers: tuple[str, ...]
    inputs: tuple[tuple[tuple[int, ...], DType], ...]
    mode: str
    recipe: Recipe
    dtype: Literal["float32", "float64"] = "float32"
    masks: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    seed: int = 0
    steps_per_call: int = 1
    device: str = "cpu"
    threads: int = 1
    idiomatic: bool = False
    original: Original | None = None
    precision: Precision = "float32"


@dataclass(frozen=True)
class Gradients:
    """One pass in training mode: outputs [B, ...], scalar loss, gradients of the loss with respect
    to the outputs, the inputs that are floating point, and each trainable parameter. Several
    outputs are packed: [B, everything], one after the other."""

    outputs: NDArray[np.floating]
    loss: float
    output_gradient: NDArray[np.floating]
    input_gradients: tuple[NDArray[np.floating], ...]
    parameter_gradients: Arrays


@dataclass(frozen=True)
class Steps:
    """Training steps: the loss of each, and each one's duration in nanoseconds (the mean over a
    call where one call makes several)."""

    losses: NDArray[np.floating]
    nanoseconds: NDArray[np.int64]


@dataclass(frozen=True)
class Subject:
    """A training step to look at: ``plan`` names marked source (see `isograd.frameworks.marked`),
    ``places`` the node on each of its lines. ``state`` holds all parameters and buffers, ``inputs``
    and ``targets`` one batch; names and layout are native.
    """

    plan: Plan
    places: Mapping[int, str]
    state: Arrays
    inputs: tuple[Array, ...]
    targets: Array


@dataclass(frozen=True)
class Live:
    """A user's own network that is looked at while it runs as it is: it needs no graph. It is
    called with random inputs; ``batch`` is how many examples they have."""

    original: Original
    batch: int
    seed: int = 0


class Executor(Protocol):
    """One network, in one mode and one precision."""

    def set_state(self, state: Arrays) -> None:
        """Sets every parameter and buffer; optimizer state goes back to zero."""

    def get_state(self) -> Arrays:
        """Every parameter and buffer."""

    def get_optimizer_state(self) -> dict[str, Arrays]:
        """Slot name of the optimizer's definition to parameter name to array."""

    def set_optimizer_state(self, step: int, slots: dict[str, Arrays]) -> None:
        """Goes on after ``step`` training steps, with the slots that `get_optimizer_state` gave.
        Raises `UsageError` where the framework's own optimizer hides its state."""

    def set_masks(self, masks: Arrays) -> None:
        """Dropout masks by attribute, of the planned shapes, already divided by the keep
        probability."""

    def hold(self, kept: Arrays) -> None:
        """Trained parameters are zero wherever ``kept`` is false, now and after every training
        step, until another call; those that it does not name are free. The optimizer's state stays
        as it is. Raises `UsageError` where one call makes several steps."""

    def forward(self, *inputs: Array) -> NDArray[np.floating]:
        """Outputs in evaluation mode, for any batch size."""

    def gradients(self, inputs: tuple[Array, ...], targets: Array) -> Gradients:
        """One pass in training mode; running statistics move, parameters do not."""

    def load_data(self, inputs: tuple[Array, ...], targets: Array) -> None:
        """Puts the training data where the mode reads it from."""

    def train(self, batches: NDArray[np.int64]) -> Steps:
        """One step for each row of ``batches`` [steps, batch size], in order."""

    def release(self) -> None:
        """Gives back what it borrowed; it is not used any more."""

    def compilations(self) -> int:
        """How often the training step was traced or compiled so far; it must not grow while it is
        being timed."""


class Recording(Protocol):
    """What a graph did in one pass, in float64: by the graph's own names, in logical layout.

    ``values`` holds every input and node's value, ``outputs`` those that are outputs,
    ``statistics`` every buffer as it is after the pass. They stay as they are when the tape runs
    again; they are not to be written to.
    """

    values: Arrays
    outputs: Arrays
    statistics: Arrays

    def pull(self, cotangents: Arrays) -> Arrays:
        """Vector-Jacobian product: from the gradient of a scalar with respect to outputs, by name
        (those that are left out have none), to that with respect to every floating-point input and
        node's value, and every trainable parameter. Each is the total over all that reads the
        value. It may be called again."""


class Tape(Protocol):
    """A graph that runs through a framework with everything visible: the emitted code, in float64,
    eagerly. Its loss, if any, is the caller's."""

    def run(
        self,
        weights: Arrays,
        inputs: tuple[Array, ...],
        *,
        training: bool,
        masks: Arrays | None = None,
    ) -> Recording:
        """One pass. ``masks`` are by Dropout node, already divided by the keep probability; in
        training mode every such node needs one. Raises `KeyError` where one is missing."""
