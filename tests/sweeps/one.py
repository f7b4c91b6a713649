"""Proves one network of a corpus (``python tests/sweeps/one.py torch vit``); prints one JSON line.

A network is imported, its twin in the other framework is emitted, and both are held against the
original through all stages, in training and in evaluation mode, with shared dropout masks.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any

from isograd.errors import IsogradError
from isograd.models import load
from isograd.result import Proof
from isograd.run.pair import prove_twin
from isograd.training import SGD, Recipe

OTHER = {"torch": "tensorflow", "huggingface": "tensorflow"}
"""Corpus to the framework of the twins; that of all others is PyTorch."""

STAGES = 7

LARGE = (1, 3)
"""The training steps that networks of many million parameters are compared after, with an optimizer
without state: a proof holds every recorded tensor a dozen times."""


def network(corpus: str, name: str) -> tuple[Any, Mapping[str, str]]:
    """The network, always with the same weights, and what it is called with."""
    if corpus in OTHER:
        import torch

        torch.set_num_threads(1)
        torch.manual_seed(0)
    else:
        import keras

        keras.utils.set_random_seed(0)
    if corpus == "torch":
        from torch_networks import NETWORKS

        return NETWORKS[name].build(), NETWORKS[name].inputs
    if corpus == "keras":
        from keras_networks import NETWORKS as KERAS_NETWORKS

        return KERAS_NETWORKS[name].build(), KERAS_NETWORKS[name].inputs
    if corpus == "applications":
        from keras_networks import APPLICATIONS

        return APPLICATIONS[name](), {}
    from huggingface import ARCHITECTURES

    return ARCHITECTURES[name]()


def proven(corpus: str, name: str) -> dict[str, Any]:
    """The row of the table: verdict, largest ratio, seconds of import and of all, reason."""
    begin = perf_counter()
    row: dict[str, Any] = {"corpus": corpus, "network": name, "verdict": "failed", "reason": ""}
    try:
        made, inputs = network(corpus, name)
        start = perf_counter()
        model = load(made, [f"{key}={value}" for key, value in inputs.items()])
        row["import_s"] = perf_counter() - start
        row["parameters"] = model.graph.count_parameters()
        recipe = Recipe(loss="mean_squared_error", batch_size=4)
        options: dict[str, Any] = {}
        if corpus == "applications":
            gentle = SGD(learning_rate=1e-5)  # their slopes are steep
            recipe, options = replace(recipe, optimizer=gentle), {"recorded": LARGE}
        proof = prove_twin(model, OTHER.get(corpus, "torch"), recipe, **options)
        row |= _summary(proof)
    except IsogradError as error:
        row |= {"verdict": "unsupported", "reason": " ".join(str(error).split())}
    except Exception as error:
        row["reason"] = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    row["total_s"] = perf_counter() - begin
    return row


def _summary(proof: Proof) -> dict[str, Any]:
    assert len(proof.stages) == STAGES
    wrong = [stage for stage in proof.stages if stage.verdict != "equivalent"]
    reasons = (f"{s.name} {s.verdict}: {s.ratio:.0f}x at {s.worst} ({s.detail})" for s in wrong)
    return {
        "verdict": proof.verdict,
        "ratio": max(stage.ratio for stage in proof.stages),
        "reason": "; ".join(reasons),
    }


if __name__ == "__main__":
    print("\n" + json.dumps(proven(*sys.argv[1:3])))
