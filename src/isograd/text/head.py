"""A classification head on a pretrained network: what fine-tuning begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isograd.errors import UsageError
from isograd.ir.graph import Graph, Weights
from isograd.text.architectures import KNOWN, build
from isograd.text.folder import Pretrained


@dataclass(frozen=True)
class Classifier:
    """A network that classifies texts, with the pretrained weights where there are some. ``new``
    are parameters that the checkpoint does not hold: they are drawn for each training."""

    graph: Graph
    config: Mapping[str, Any]
    pretrained: Weights
    new: tuple[str, ...]

    def weights(self, seed: int) -> Weights:
        """The weights that a training with this seed starts from."""
        return self.graph.initialize(seed) | self.pretrained


def classifier(model: Pretrained, classes: Sequence[str]) -> Classifier:
    """The model's network with a head for these classes; another head that it has is taken off.

    Raises `UsageError` for a family of which no classifier is known, and where the checkpoint has
    none of its weights.
    """
    config = {
        **model.config,
        "architectures": [_architecture(model)],
        "id2label": {str(number): name for number, name in enumerate(classes)},
        "label2id": {name: number for number, name in enumerate(classes)},
        "num_labels": len(classes),
    }
    graph = build(config)
    found = {
        name: model.weights[name]
        for name, spec in graph.parameters.items()
        if name in model.weights and model.weights[name].shape == spec.shape
    }
    if not found:
        raise UsageError("The checkpoint holds no weight of the classifier's network.")
    new = tuple(name for name in graph.parameters if name not in found)
    return Classifier(graph, config, found, new)


def _architecture(model: Pretrained) -> str:
    family = model.architecture.model_type
    known = [one for one in KNOWN.values() if one.task == "classification"]
    for one in known:
        if one.model_type == family:
            return one.name
    raise UsageError(
        f"Of {family!r} no classifier is known.",
        hint=f"Known: {', '.join(sorted({one.model_type for one in known}))}.",
    )
