"""`dynamic`: what one eager training step really executes, in the order in which it ran."""

from __future__ import annotations

from isograd.frameworks.protocol import Subject
from isograd.frameworks.tensorflow.views.failing import end_at_failure
from isograd.frameworks.tensorflow.views.recording import record_step
from isograd.views import View


def capture(subject: Subject) -> View:
    """Every operation of the step; see `isograd.frameworks.tensorflow.views.recording`."""
    recording = record_step(subject)
    view = View(
        "tensorflow",
        "dynamic",
        "Dynamic graph",
        "Every operation that one eager training step executed, forward, loss, backward, update, "
        "in order, written down while it ran (op_callbacks). Nothing of it outlives the step.",
        recording.operations,
        {"kernels": float(len(recording.inputs))},
    )
    if recording.error is not None:
        return end_at_failure(view, view.operations, recording.error, recording.locator)
    return view
