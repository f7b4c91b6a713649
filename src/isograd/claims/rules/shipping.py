"""What is said to make calls and training steps of a framework faster."""

from __future__ import annotations

from collections.abc import Sequence

from isograd.claims.forms import NOTHING, dense, from_forms, named
from isograd.claims.outcome import Figure, Outcome, judged, untested
from isograd.claims.rules.speed import against_eager
from isograd.claims.speeds import calls, fair
from isograd.claims.words import told
from isograd.evidence import Evidence
from isograd.frontier import Frontier


def no_grad_speeds_up(evidence: Evidence) -> Outcome:
    """A call under torch.no_grad or torch.inference_mode, against one that records for a backward
    pass."""
    pairs = {"torch/eager": "PyTorch no_grad", "torch/inference-mode": "PyTorch inference_mode"}

    def figures_of(frontier: Frontier) -> list[Figure]:
        return [
            figure
            for form, subject in pairs.items()
            for figure in calls(frontier, dense(form), dense("torch/grad"), subject)
        ]

    return _faster(*from_forms(evidence, figures_of))


def traces_speed_up(evidence: Evidence) -> Outcome:
    """Calls of TorchScript against eager ones, and training steps with a traced network."""
    forms = ("torch/torchscript", "torch/torchscript-optimized")
    return _against_eager(evidence, "torch", "jit", forms)


def graph_functions_speed_up(evidence: Evidence) -> Outcome:
    """Training steps and calls of tf.function, against TensorFlow's eager mode."""
    return _against_eager(evidence, "tensorflow", "function", ("tensorflow/function",))


def _against_eager(evidence: Evidence, framework: str, mode: str, forms: Sequence[str]) -> Outcome:
    eager = dense(f"{framework}/eager")

    def figures_of(frontier: Frontier) -> list[Figure]:
        return [
            figure
            for form in forms
            for figure in calls(frontier, dense(form), eager, f"{named(form)}, calls")
        ]

    figures, paths = from_forms(evidence, figures_of)
    for one in fair(evidence.compares):
        trained = against_eager(one.record, framework, mode)
        figures += trained
        paths += [str(one.path)] if trained else []
    return _faster(figures, paths)


def _faster(figures: Sequence[Figure], paths: Sequence[str]) -> Outcome:
    if not figures:
        return untested(NOTHING)
    return judged(told(figures, "Faster", "Not faster"), figures, paths)
