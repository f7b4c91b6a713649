"""What the forward pass of an eager step keeps for the backward pass, by node."""

from __future__ import annotations

from collections import Counter

from isograd.frameworks.protocol import Subject
from isograd.frameworks.tensorflow.views.recording import record_step
from isograd.frameworks.tensorflow.views.tape import parameter_places, place_in_memory
from isograd.frameworks.tensorflow.views.values import value_of


def held(subject: Subject) -> dict[str, int]:
    """Bytes of what the tape keeps by the node that keeps it first; under ``""`` what the loss
    keeps, or all of it where the source is not marked. Parameters do not count; tensors that share
    memory count once. Raises what the step raises."""
    recording = record_step(subject)
    if recording.error is not None:
        raise recording.error
    nodes = {operation.name: operation.node for operation in recording.operations}
    known = parameter_places(recording)
    found: Counter[str] = Counter()
    for entry in reversed(recording.gradients.entries):  # in the order of the forward pass
        for tensor in entry.kept:
            place = place_in_memory(tensor)
            if place not in known:
                known.add(place)
                found[nodes.get(entry.forward) or ""] += value_of(tensor).bytes or 0
    return dict(found)
