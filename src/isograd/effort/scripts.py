"""The scripts that are counted: the same network and training in each framework's idiom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from isograd.effort.record import Script
from isograd.effort.source import usage
from isograd.frameworks import MODES, part
from isograd.frameworks.protocol import Emitted
from isograd.models import Model
from isograd.training import Recipe

EXAMPLES = {
    "article": {"torch": "article/torch_mnist.py", "tensorflow": "article/keras_mnist.py"},
    "control flow": {
        "torch": "control_flow/torch_halving.py",
        "tensorflow": "control_flow/keras_halving.py",
    },
}
"""Networks that were written by hand in both frameworks, below the folder of examples."""


def emitted(model: Model) -> Iterator[Script]:
    """What ``isograd convert`` writes of a network: ``model.py``, in the framework's own layers,
    and ``train.py``."""
    recipe = Recipe(loss=model.loss)
    for framework in MODES:
        source: Emitted = part(framework, "emitter").emit(model.graph, idiomatic=True)
        training = part(framework, "script").training_script(model.graph, source, recipe)
        used = usage((source.source, training), own=("model",))
        yield Script(model.graph.name, framework, "emitted", used)


def examples(folder: Path | None) -> Iterator[Script]:
    """Those of `EXAMPLES` that are there; what they use of isograd is none of a framework's."""
    for network, sides in EXAMPLES.items() if folder else ():
        for framework, name in sides.items():
            path = folder / name if folder else Path(name)
            if path.exists():
                used = usage((path.read_text(encoding="utf-8"),), own=("isograd",))
                yield Script(network, framework, "example", used)
