"""A training as its owner has it: native objects, in a container that knows no framework."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Literal

import numpy as np

from isograd.data import LOCAL, load
from isograd.ir.inputs import InputSpec
from isograd.ir.mapping import Array


@dataclass(frozen=True, eq=False)
class TrainSpec:
    """What a training script does, in its own objects. Nothing is run before it is asked for.

    In a script: ``training = TrainSpec(Net(), nn.CrossEntropyLoss(), partial(Adam, lr=1e-3))``;
    isograd is then pointed at ``script.py:training``.

    Attributes:
        model: the network: an ``nn.Module``, a ``keras.Model``, or a class or function that makes
            one.
        loss: a module of ``torch.nn`` or a function of ``torch.nn.functional``, a loss of
            ``keras.losses`` or its name, or a function of (outputs, targets) that returns a scalar,
            or one number for each example, of which the mean is taken.
        optimizer: an optimizer of ``torch.optim``, or a function from parameters to one; an
            optimizer of ``keras.optimizers``, or its name.
        data: (inputs, targets) as arrays, ((inputs, targets), (test inputs, test targets)), or the
            name of a data set that isograd knows.
        batch_size: examples in a step.
        epochs: passes over the data.
        shuffle: whether each epoch has another order.
        drop_last: whether the last partial batch of an epoch is left out.
        clip: PyTorch: the norm that ``clip_grad_norm_`` is called with, or a function that clips
            the gradients of the parameters it is given. Keras' optimizers clip by themselves.
        schedule: PyTorch: a function from an optimizer to a learning-rate scheduler. Keras: a
            ``LearningRateSchedule``, where the optimizer has none.
        inputs: what the network is called with, such as ``"x=float32[N,1,28,28]"``.
        schedule_per: when PyTorch's scheduler steps.

    """

    model: Any
    loss: Any = None
    optimizer: Any = None
    data: Any = None
    batch_size: int = 32
    epochs: int = 1
    shuffle: bool = True
    drop_last: bool = False
    clip: float | Callable[[Any], Any] | None = None
    schedule: Any = None
    inputs: Sequence[str | InputSpec] = ()
    schedule_per: Literal["epoch", "batch"] = "epoch"

    @property
    def examples(self) -> tuple[Array, Array] | None:
        """The (inputs, targets) that are trained on; None where they are not at hand: nothing is
        downloaded to look at them."""
        if self.data is None or (isinstance(self.data, str) and self.data in LOCAL):
            return None
        if isinstance(self.data, str):
            known = load(self.data)
            return known.train_inputs, known.train_targets
        inputs, targets = self.data[:2]
        if isinstance(inputs, tuple):
            inputs, targets = inputs
        return np.asarray(inputs), np.asarray(targets)

    @property
    def steps_per_epoch(self) -> int | None:
        """None where the number of examples is not known."""
        found = self.examples
        if found is None:
            return None
        steps = len(found[1]) / self.batch_size
        return int(steps) if self.drop_last else ceil(steps)
