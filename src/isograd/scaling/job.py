"""A job's folder: the network, its weights, the data, the order of the batches and the scripts.

All that it takes to train with several workers, without isograd: the same files on every host.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from isograd.bench.training import Course
from isograd.data import Dataset, batch_order
from isograd.errors import UsageError
from isograd.frameworks import part
from isograd.frameworks.protocol import Emitted
from isograd.frameworks.side import native_inputs, native_targets
from isograd.ir.graph import Weights
from isograd.ir.mapping import Array, Arrays
from isograd.models import Model
from isograd.result import read_text
from isograd.training import Recipe


@dataclass(frozen=True)
class Job:
    """A folder, and how its native tensors correspond to the graph's."""

    folder: Path
    emitted: Emitted

    @classmethod
    def write(
        cls, folder: Path, framework: str, model: Model, course: Course, order: Array, seed: int
    ) -> Job:
        """Writes everything that the scripts read. ``order`` is [steps, batch size]."""
        emitted: Emitted = part(framework, "emitter").emit(model.graph)
        shutil.copytree(part(framework, "scale").SCRIPTS, folder, ignore=_unwanted)
        (folder / "model.py").write_text(emitted.source, encoding="utf-8")
        job = cls(folder, emitted)
        job.write_weights("weights", model.initial_state(seed))
        (inputs,) = native_inputs(model.graph, emitted, (course.inputs,))
        targets = native_targets(model.graph, emitted, course.targets)
        data = {"inputs": inputs, "targets": targets, "order": order}
        save_file(
            {k: np.ascontiguousarray(v) for k, v in data.items()}, folder / "data.safetensors"
        )
        settings = job._settings(
            course.recipe, list(emitted.parameters.forward(model.initial_state(seed)))
        )
        (folder / "job.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
        return job

    def _settings(self, recipe: Recipe, tensors: list[str]) -> dict[str, Any]:
        return {
            "class": self.emitted.class_name,
            "loss": recipe.loss.name,
            "optimizer": recipe.optimizer.to_dict(),
            "trainable": list(self.emitted.trainable),
            "tensors": tensors,
        }

    def write_weights(self, name: str, weights: Weights) -> Path:
        """Weights, in float64 where they are floating point: both precisions start from them."""
        path = self.folder / f"{name}.safetensors"
        arrays = self.emitted.parameters.forward(weights)
        save_file({k: np.ascontiguousarray(v) for k, v in arrays.items()}, path)
        return path


@dataclass(frozen=True)
class Trained:
    """What a training wrote: the loss of each step, the network at the end by the graph's names,
    and the steps at which it was started (more than one where it was resumed)."""

    losses: list[float]
    weights: Arrays
    starts: list[int]


def read_trained(job: Job, out: Path) -> Trained:
    """Raises `UsageError` for a training that is not finished."""
    from safetensors.numpy import load_file

    path = out / "final.safetensors"
    if not path.exists():
        raise UsageError("This training is not finished.", where=str(out))
    native = {
        name.removeprefix("model/"): array
        for name, array in load_file(path).items()
        if name.startswith("model/") and not name.endswith("num_batches_tracked")
    }
    losses = {line["step"]: line["loss"] for line in read_lines(out / "losses.jsonl")}
    starts = [line["from"] for line in read_lines(out / "starts.jsonl")]
    return Trained(
        [losses[step] for step in sorted(losses)], job.emitted.parameters.backward(native), starts
    )


def read_lines(path: Path) -> list[dict[str, Any]]:
    """JSON lines; a last one that was cut off is left out."""
    if not path.exists():
        return []
    found = []
    for line in read_text(path).splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            break
    return found


def batches(dataset: Dataset, batch: int, steps: int, seed: int) -> Array:
    """The order of the batches, [steps, batch]: as many epochs as it takes."""
    examples = len(dataset.train_targets)
    epochs = -(-steps // max(examples // batch, 1))
    order = batch_order(examples, batch, epochs, seed)
    return order.reshape(-1, batch)[:steps]


def _unwanted(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith(".py") or name == "__init__.py"]
