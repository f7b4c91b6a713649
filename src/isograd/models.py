"""Model references: what a user can name a network by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from isograd import zoo
from isograd.errors import UsageError
from isograd.ir import store
from isograd.ir.graph import Graph, Weights


@dataclass(frozen=True)
class Model:
    """A graph, where it came from, and the data set and loss it is usually trained with.

    ``weights`` is None for a network that has none of its own yet: each seed then draws some.
    """

    graph: Graph
    reference: str
    data: str = "digits"
    loss: str = "cross_entropy"
    weights: Weights | None = None

    def initial_state(self, seed: int) -> Weights:
        """The state that training starts from: the model's own, or one drawn with ``seed``."""
        return self.graph.initialize(seed) if self.weights is None else self.weights


def load(reference: str | Path | Graph | Model) -> Model:
    """The model that ``reference`` names: a zoo name, a directory that `isograd emit` or
    `isograd.ir.store.save` wrote, or a `Graph`.

    Raises `UsageError` for an unknown name and for files that are no stored graph.
    """
    if isinstance(reference, Model):
        return reference
    if isinstance(reference, Graph):
        return Model(reference, reference.name)
    path = Path(reference)
    if path.is_dir() or isinstance(reference, Path):
        graph, weights = store.load(path)
        known = zoo.ZOO.get(graph.name)
        model = Model(graph, str(path), weights=weights)
        return replace(model, data=known.data, loss=known.loss) if known else model
    if path.exists() or path.suffix or len(path.parts) > 1:
        raise UsageError(
            "This is a file, not a stored graph's folder."
            if path.exists()
            else "There is no such folder.",
            where=reference,
            hint=f"Name a folder with {store.GRAPH_FILE} and {store.WEIGHTS_FILE}, or a built-in "
            f"network: {', '.join(zoo.ZOO)}.",
        )
    entry = zoo.get(reference)
    return Model(entry.build(), entry.name, entry.data, entry.loss)
