"""What a side does at a trial's points: one named tensor for each thing that must agree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isograd.frameworks.side import Side
from isograd.ir.mapping import Array, Arrays
from isograd.proof.trial import Trial

GRADIENT = "d loss / d "
"""What a gradient's name starts with."""

Observation = dict[str, Arrays]
"""Stage name to tensor name to value (float64)."""


def is_slot(tensor: str) -> bool:
    """Whether a tensor's name is that of optimizer state."""
    return " of " in tensor and " after step " in tensor


def observe(side: Side, trial: Trial) -> Observation:
    """Runs every stage of a proof on one side."""
    return {
        "forward": _forward(side, trial),
        **_single_pass(side, trial),
        "optimizer": _optimizer(side, trial),
    }


def _forward(side: Side, trial: Trial) -> Arrays:
    side.set_state(trial.weights)
    return {
        f"outputs (batch of {len(inputs[0])})": _float64(side.forward(inputs))
        for inputs in trial.forward
    }


def _single_pass(side: Side, trial: Trial) -> Observation:
    side.set_state(trial.weights)
    side.set_masks(trial.masks[0])
    found = side.gradients(trial.inputs, trial.targets)
    after = side.get_state()
    statistics = {n: _float64(a) for n, a in after.items() if n not in side.graph.trainable}
    floating = [name for name, kind in side.graph.inputs.items() if kind.dtype == "float"]
    gradients = {
        "outputs": found.output_gradient,
        **dict(zip(floating, found.input_gradients, strict=True)),
        **found.parameter_gradients,
    }
    return {
        "train-forward": {"outputs": _float64(found.outputs), **statistics},
        "loss": {"loss": np.array(found.loss, dtype=np.float64)},
        "gradients": {f"{GRADIENT}{n}": _float64(a) for n, a in gradients.items()},
    }


def _optimizer(side: Side, trial: Trial) -> Arrays:
    side.set_state(trial.weights)
    side.load_data(trial.data, trial.labels)
    record: Arrays = {}
    done = 0
    for steps in trial.recorded:
        _train(side, trial, done, steps)
        done = steps
        slots = side.get_optimizer_state()
        record |= {f"{n} after step {steps}": _float64(a) for n, a in side.get_state().items()}
        record |= {
            f"{slot} of {n} after step {steps}": _float64(a)
            for slot, arrays in slots.items()
            for n, a in arrays.items()
        }
    return record


def _train(side: Side, trial: Trial, begin: int, end: int) -> None:
    """Steps ``begin`` to ``end``; with dropout, each step gets masks of its own."""
    if not trial.masks[0]:
        side.train(trial.batches[begin:end])
        return
    for step in range(begin, end):
        side.set_masks(trial.masks[step + 1])
        side.train(trial.batches[step : step + 1])


def _float64(array: Array) -> NDArray[np.float64]:
    return np.asarray(array, dtype=np.float64)
