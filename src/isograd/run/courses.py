"""Whole trainings of two implementations: as they are, mended, and with one cause alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isograd.causes.course import Examples, trained
from isograd.causes.search import Findings, Search
from isograd.causes.subject import Subject
from isograd.data import load
from isograd.errors import UsageError
from isograd.explanation import Training
from isograd.frameworks.side import concrete
from isograd.ir.mapping import Array
from isograd.scripts import Script


@dataclass(frozen=True)
class Plan:
    """How much is trained: passes over the examples, and trainings from different first weights
    and orders. ``data`` names a data set, in place of what the scripts say; ``data_dir`` is a
    folder with its files. Causes by themselves are trained once each."""

    epochs: int
    seeds: int = 3
    data: str | None = None
    data_dir: Path | None = None


def courses(
    scripts: tuple[Script, Script], plan: Plan, search: Search, findings: Findings
) -> list[Training]:
    """The reference, the twin, the twin with everything mended, and then with each cause alone.

    They run as descriptions, in float64, through the referee. Raises `UsageError` where no examples
    are known, or where they do not fit.
    """
    examples = [_examples(script, plan) for script in scripts]
    causes = [one for one, _ in findings.causes]
    everything = [*causes, *findings.harmless, *findings.unclear]
    seeds = range(plan.seeds)

    def train(name: str, subject: Subject, own: Examples, seeds: Sequence[int]) -> Training:
        curves = [trained(subject, own, plan.epochs, seed, search.framework) for seed in seeds]
        return Training(name, scripts[name != "reference"].model.framework or "", curves)

    found = [
        train("reference", search.reference, examples[0], seeds),
        train("twin", search.blended([]), examples[1], seeds),
        train("twin, mended", search.blended(everything), examples[0], seeds),
    ]
    for cause in causes:
        rest = [one for one in everything if one is not cause]
        own = examples[any(field.path == "data" for field in cause.fields)]
        found.append(train(f"only {cause.id}", search.blended(rest), own, seeds[:1]))
    return found


def _examples(script: Script, plan: Plan) -> Examples:
    graph = script.model.graph
    if len(graph.inputs) != 1:
        raise UsageError("Only networks with one input are trained here.")
    own: Any = script.training.data if script.training else None
    own = plan.data or own
    if isinstance(own, str):
        known = load(own, plan.data_dir)
        arrays = known.train_inputs, known.train_targets, known.test_inputs, known.test_targets
        return Examples(
            _fitted(script, arrays[0]), arrays[1], _fitted(script, arrays[2]), arrays[3]
        )
    if own is None:
        raise UsageError(
            f"What {script.model.reference!r} is trained on is not known.",
            hint="Give --data, or data=... in its TrainSpec.",
        )
    whole = own if isinstance(own[0], tuple) else (own[:2], own[:2])
    (inputs, targets), (test_inputs, test_targets) = whole
    turned = (_turned(script, one) for one in (inputs, test_inputs))
    return Examples(next(turned), np.asarray(targets), next(turned), np.asarray(test_targets))


def _fitted(script: Script, inputs: Array) -> Array:
    """Examples of a known data set, in the shape of the network's input."""
    graph = script.model.graph
    (kind,) = graph.inputs.values()
    shape = concrete(kind, graph.sizes(len(inputs)))
    if inputs.size != np.prod(shape):
        raise UsageError(
            f"Examples of shape {inputs.shape[1:]} do not fit an input of {shape[1:]}."
        )
    return np.asarray(inputs.reshape(shape), np.float64)


def _turned(script: Script, inputs: Array) -> Array:
    """Examples of the script's own, as its graph sees them."""
    (name,) = script.model.graph.inputs
    assert script.model.imported is not None
    values = np.asarray(inputs)
    values = values.astype(np.float64) if values.dtype.kind == "f" else values
    return script.model.imported.values[name].inverse(values)
