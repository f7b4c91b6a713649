"""`tape`: what ``tf.GradientTape`` recorded, as the graph of the backward pass.

Each entry is one recorded operation through which the gradient ran. It reads the entries of the
operations that read its results, as gradients flow; what it makes are the gradients with respect to
its inputs. Variables are the leaves.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isograd.frameworks.protocol import Subject
from isograd.frameworks.tensorflow.views.execution import key
from isograd.frameworks.tensorflow.views.failing import end_at_failure
from isograd.frameworks.tensorflow.views.gradients import Entry
from isograd.frameworks.tensorflow.views.locating import GRADIENT_OF
from isograd.frameworks.tensorflow.views.recording import Recording, record_step
from isograd.frameworks.tensorflow.views.values import value_of
from isograd.views import Operation, View


def capture(subject: Subject) -> View:
    """The tape of one eager training step. ``saved_bytes`` is the memory of what it held for the
    backward pass besides parameters; tensors that share memory count once."""
    recording = record_step(subject)
    entries = [entry for entry in recording.gradients.entries if entry.forward is not None]
    view = View(
        "tensorflow",
        "tape",
        "Tape: the backward graph",
        "What tf.GradientTape recorded in the forward pass and the gradient then ran through, last "
        "operation first: each entry computes the gradients of one forward operation from what the "
        "tape kept for it. The leaves are the variables.",
        _operations(recording, entries),
        _figures(recording, entries),
    )
    if recording.error is not None:
        return end_at_failure(view, view.operations, recording.error, recording.locator)
    return view


def _operations(recording: Recording, entries: list[Entry]) -> list[Operation]:
    forward = {operation.name: operation for operation in recording.operations}
    taped = {entry.forward for entry in entries}
    readers: dict[str | int, list[tuple[str, int]]] = {}
    for entry in entries:
        for number, tensor in enumerate(recording.inputs[entry.forward]):
            readers.setdefault(key(tensor), []).append((entry.forward, number))
    reads: dict[str, list[tuple[str, int]]] = {}
    for tensor, (maker, _) in recording.made.items():
        reads.setdefault(maker, []).extend(readers.get(tensor, ()))
    found = [_entry(forward[entry.forward], entry) for entry in entries]
    for operation in found:
        operation.reads = tuple(reads[operation.name])
    leaves = [
        Operation(name, "Variable", tuple(read), forward[name].values, phase="input")
        for tensor, read in readers.items()
        if (name := recording.made[tensor][0]) not in taped and forward[name].kind == "Variable"
    ]
    return [*found, *leaves]


def _entry(forward: Operation, entry: Entry) -> Operation:
    kept = ", ".join(value_of(tensor).text for tensor in entry.kept)
    return Operation(
        forward.name,
        f"{forward.kind} gradient",
        values=tuple(value_of(gradient) for gradient in entry.gradients),
        phase="backward",
        node=forward.node,
        attributes={GRADIENT_OF: forward.name} | ({"keeps": kept} if kept else {}),
    )


def _figures(recording: Recording, entries: list[Entry]) -> dict[str, float]:
    kept = {place_in_memory(x): value_of(x).bytes or 0 for entry in entries for x in entry.kept}
    own = parameter_places(recording)
    return {
        "entries": float(len(entries)),
        "saved_bytes": float(sum(kept[place] for place in kept.keys() - own)),
        "saved_parameters": float(sum(kept[place] for place in kept.keys() & own)),
    }


def parameter_places(recording: Recording) -> set[int]:
    """Where the variables that the step read lie in memory; what only describes them otherwise,
    such as a reshaped one, lies there, too."""
    kinds = {operation.name: operation.kind for operation in recording.operations}
    return {
        place_in_memory(tensor)
        for key_, tensor in recording.tensors.items()
        if kinds[recording.made[key_][0]] == "ReadVariableOp"
    }


def place_in_memory(tensor: Any) -> int:
    """Where a tensor's numbers lie; a number of its own where that cannot be seen."""
    try:
        return int(np.asarray(memoryview(tensor)).__array_interface__["data"][0])
    except (TypeError, ValueError, RuntimeError, BufferError):
        return -int(tensor._id)
