"""Models: a network with what is known about it, from whatever names it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from isograd import zoo
from isograd.frameworks.importing import framework_of, import_network
from isograd.frameworks.protocol import Original
from isograd.ir import store
from isograd.ir.graph import Graph, Weights
from isograd.ir.imported import Imported
from isograd.ir.inputs import InputSpec, parse_input
from isograd.reference_text import parse_reference
from isograd.references import Reference
from isograd.text import folder, hub

IMPORT_TIMEOUT_S = 600.0
"""How long a user's network may take to be made and read."""

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "2", "KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1"}
"""The environment in which a network is imported: no device is needed for that."""


@dataclass(frozen=True)
class Model:
    """A graph, where it came from, and the data set and loss it is usually trained with.

    ``weights`` is None for a network that has none of its own yet: each seed then draws some.
    ``data`` is None where no data set is known to fit. ``original`` and ``imported`` are there for
    a network that a user brought.
    """

    graph: Graph
    reference: str
    data: str | None = "digits"
    loss: str = "cross_entropy"
    weights: Weights | None = None
    original: Original | None = None
    imported: Imported | None = None

    @property
    def framework(self) -> str | None:
        """The framework that a user's network is written in; None for a graph. A stored program,
        which is not run as it is, is PyTorch's."""
        if self.original:
            return self.original.framework
        return "torch" if self.imported else None

    @property
    def bounds(self) -> dict[str, int]:
        """Input name to the number that its whole numbers stay below, where the user gave one."""
        specs = self.imported.inputs if self.imported else ()
        return {spec.name: spec.below for spec in specs if spec.below}

    @property
    def summary(self) -> dict[str, Any]:
        """What records of runs say about it: the name of its graph, what it was called by, and how
        many parameters it has."""
        return {
            "name": self.graph.name,
            "reference": self.reference,
            "parameters": self.graph.count_parameters(),
        }

    def initial_state(self, seed: int) -> Weights:
        """The state that training starts from: the model's own, or one drawn with ``seed``."""
        return self.graph.initialize(seed) if self.weights is None else self.weights


def load(
    network: object,
    inputs: Sequence[str | InputSpec] = (),
    *,
    trust: bool = False,
    here: bool = False,
) -> Model:
    """The model that ``network`` is or names.

    Args:
        network: a zoo name; ``file.py:symbol`` or ``package.module:symbol`` (a class, a function
            without arguments, or an instance); a ``.pt2``, ``.keras`` or ``.onnx`` file; a folder
            with a stored graph, a SavedModel or a language model's checkpoint; ``hf:owner/name``;
            an ``nn.Module``, a ``keras.Model``, a `Graph`, or a `Model`, which is returned as it
            is.
        inputs: what the network is called with, such as ``"x=float32[N,3,224,224]"`` or
            ``"tokens=int64[N,T]<1000"``; a Keras model that is built knows them.
        trust: let a model file bring code of its own (Keras Lambda layers).
        here: import it in this process, which then runs the user's code; by default, a reference to
            a file or to Python code is imported in a process of its own.

    Raises `UsageError` for what is no
    network, for inputs that do not fit, and for ops that isograd does not know;
    `MissingDependency` when the network's framework is not installed.

    """
    if isinstance(network, Model):
        return network
    if isinstance(network, Graph):
        return Model(network, network.name)
    specs = tuple(parse_input(item, "x") if isinstance(item, str) else item for item in inputs)
    if framework_of(network) is not None:
        return _imported(*import_network(network, specs, trust=trust), type(network).__name__)
    reference = parse_reference(str(network))
    if reference.kind == "zoo":
        entry = zoo.get(reference.text)
        return Model(entry.build(), entry.name, entry.data, entry.loss)
    if reference.kind == "graph":
        return _stored(reference)
    if reference.kind in ("pretrained", "hub"):
        return _pretrained(reference)
    found = import_network(reference, specs, trust=trust) if here else None
    return _imported(*(found or _import_elsewhere(reference, specs, trust)), reference.text)


def _stored(reference: Reference) -> Model:
    graph, weights = store.load(Path(reference.path))
    known = zoo.ZOO.get(graph.name)
    model = Model(graph, reference.text, weights=weights)
    return replace(model, data=known.data, loss=known.loss) if known else model


def _pretrained(reference: Reference) -> Model:
    found = folder.read(reference.path or hub.fetch(reference.text))
    loss = "mean_squared_error" if found.architecture.task == "features" else "cross_entropy"
    return Model(found.graph, reference.text, data=None, loss=loss, weights=found.weights)


def _imported(original: Original | None, imported: Imported, name: str) -> Model:
    return Model(
        replace(imported.graph, modules=imported.modules),
        name,
        data=None,
        loss="mean_squared_error",
        weights=imported.weights,
        original=original,
        imported=imported,
    )


def _import_elsewhere(
    reference: Reference, inputs: tuple[InputSpec, ...], trust: bool
) -> tuple[Original | None, Imported]:
    """In a process of its own: a user's code can do anything, and frameworks are slow to import."""
    from isograd.measure.process import WorkerProcess

    with tempfile.TemporaryDirectory(prefix="isograd-") as scratch:
        log = Path(scratch) / "import.log"
        environment = {**QUIET, "TMPDIR": scratch}
        worker = WorkerProcess(log, environment, timeout_s=IMPORT_TIMEOUT_S)
        try:
            found: tuple[Original | None, Imported] = worker.call(
                "import_network", reference, inputs, trust
            )
        finally:
            worker.close()
    return found
