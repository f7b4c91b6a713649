"""Networks, and one training step of each in each framework, whose views are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import isograd
from isograd.frameworks import part
from isograd.frameworks.protocol import Subject
from isograd.frameworks.tensorflow.runtime import settings
from isograd.ir.graph import Graph
from isograd.proof import make_trial
from isograd.run.step import Step, make_subject
from isograd.training import Adam, Optimizer, Recipe
from isograd.views import View

BATCH = 4

EXAMPLES = Path(__file__).parents[2] / "examples/graphs"

NETWORKS: dict[str, tuple[str, list[str]]] = {
    "mlp": ("mnist-mlp", []),
    "resnet": (f"{EXAMPLES / 'resnet.py'}:ResNet", ["x=float32[N,3,8,8]"]),
    "gpt": (f"{EXAMPLES / 'gpt.py'}:GPT", ["tokens=int64[N,8]<32"]),
}
"""What is looked at, and what it is called with."""


@dataclass
class Looked:
    """A training step in one framework, and the views of it that were made so far."""

    framework: str
    graph: Graph
    subject: Subject
    views: dict[str, View] = field(default_factory=dict)

    def __getitem__(self, stage: str) -> View:
        if stage not in self.views:
            self.views[stage] = see(self.framework, stage, self.subject)
        return self.views[stage]

    def nodes(self, *ops: str) -> set[str]:
        """The names of the nodes that compute one of these ops."""
        return {node.name for node in self.graph.nodes if type(node.op).__name__ in ops}


def look(
    framework: str,
    network: object,
    inputs: list[str],
    folder: Path,
    optimizer: Optimizer | None = None,
) -> Looked:
    """One training step on `BATCH` samples, by default of Adam's."""
    model = isograd.load(network, inputs, here=True)
    recipe = Recipe(model.loss, optimizer or Adam(), batch_size=BATCH)
    trial = make_trial(
        model.graph, recipe, None, 0, model.initial_state(0), model.bounds, recorded=(1,)
    )
    step = Step(model, recipe, trial, "cpu", 1, 600.0)
    return Looked(framework, model.graph, make_subject(step, framework, folder))


def see(framework: str, stage: str, subject: Subject) -> View:
    """A view that holds together, with Keras left as it was."""
    capture: Any = part(framework, "views").capture
    with keras_as_it_was():
        view: View = capture(stage, subject)
    view.check()
    return view


@contextmanager
def keras_as_it_was() -> Iterator[None]:
    restore = settings()
    try:
        yield
    finally:
        restore()


def rewritten(subject: Subject, folder: Path, change: Callable[[str], str]) -> Subject:
    """The same step of other source, whose lines stay where they are."""
    assert subject.plan.source is not None
    source = folder / "rewritten_model.py"
    source.write_text(change(subject.plan.source.read_text()))
    return replace(subject, plan=replace(subject.plan, source=source))


def assert_whole(looked: Looked, stage: str) -> None:
    """Nothing is missing, and every operation of both passes belongs to a node of the network. A
    gradient that belongs to none is one of the loss, which comes before all others."""
    view = looked[stage]
    names = {node.name for node in looked.graph.nodes}
    assert (view.status, view.reason) == ("ok", "")
    passes = [o for o in view.operations if o.phase in ("forward", "backward")]
    assert passes
    assert {o.node for o in passes} - {None} <= names
    assert [o.name for o in passes if o.phase == "forward" and not o.node] == []
    tied = {o.name for o in passes if o.phase == "backward" and o.node}
    untied = [o for o in passes if not o.node]
    assert [o.name for o in untied if tied & {name for name, _ in o.reads}] == []
    assert len(untied) < len(passes) / 2
