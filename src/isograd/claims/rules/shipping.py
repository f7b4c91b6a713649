"""What is said to make calls and training steps of a framework faster."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from isograd.claims.forms import NOTHING, dense, frontiers, named
from isograd.claims.outcome import Figure, Outcome, judged, untested
from isograd.claims.rules.speed import against_eager
from isograd.claims.speeds import calls, fair
from isograd.claims.words import told
from isograd.evidence import Evidence, Found


def no_grad_speeds_up(evidence: Evidence) -> Outcome:
    """A call under torch.no_grad or torch.inference_mode, against one that records for a backward
    pass."""
    pairs = {"torch/eager": "PyTorch no_grad", "torch/inference-mode": "PyTorch inference_mode"}
    found = frontiers(evidence)
    figures = [
        figure
        for one in found
        for form, subject in pairs.items()
        for figure in calls(one.record, dense(form), dense("torch/grad"), subject)
    ]
    return _faster(figures, found)


def traces_speed_up(evidence: Evidence) -> Outcome:
    """Calls of TorchScript against eager ones, and training steps with a traced network."""
    forms = ("torch/torchscript", "torch/torchscript-optimized")
    return _against_eager(evidence, "torch", "jit", forms)


def graph_functions_speed_up(evidence: Evidence) -> Outcome:
    """Training steps and calls of tf.function, against TensorFlow's eager mode."""
    return _against_eager(evidence, "tensorflow", "function", ("tensorflow/function",))


def _against_eager(evidence: Evidence, framework: str, mode: str, forms: Sequence[str]) -> Outcome:
    found, trained = frontiers(evidence), fair(evidence.compares)
    eager = dense(f"{framework}/eager")
    figures = [
        figure
        for one in found
        for form in forms
        for figure in calls(one.record, dense(form), eager, f"{named(form)}, calls")
    ]
    figures += [f for one in trained for f in against_eager(one.record, framework, mode)]
    return _faster(figures, [*found, *trained])


def _faster(figures: Sequence[Figure], found: Iterable[Found[Any]]) -> Outcome:
    if not figures:
        return untested(NOTHING)
    paths = [str(one.path) for one in found]
    return judged(told(figures, "Faster", "Not measurably faster"), figures, paths)
