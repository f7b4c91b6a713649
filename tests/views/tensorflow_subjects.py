"""Training steps whose TensorFlow views are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

import isograd
from isograd.frameworks.protocol import Subject
from isograd.frameworks.tensorflow.runtime import settings
from isograd.frameworks.tensorflow.views import capture
from isograd.ir.graph import Graph
from isograd.proof import make_trial
from isograd.run.graph import Step, make_subject
from isograd.training import Adam, Recipe
from isograd.views import View


@dataclass
class Looked:
    """A network, and the views of it that were made so far."""

    graph: Graph
    subject: Subject
    views: dict[str, View]

    def __getitem__(self, stage: str) -> View:
        if stage not in self.views:
            self.views[stage] = see(stage, self.subject)
        return self.views[stage]


def look(network: object, inputs: list[str], folder: Path) -> Looked:
    """One training step on four samples."""
    model = isograd.load(network, inputs, here=True)
    recipe = Recipe(model.loss, Adam(), batch_size=4)
    trial = make_trial(
        model.graph, recipe, None, 0, model.initial_state(0), model.bounds, recorded=(1,)
    )
    step = Step(model, recipe, trial, "cpu", 1, 600.0)
    return Looked(model.graph, make_subject(step, "tensorflow", folder), {})


def see(stage: str, subject: Subject) -> View:
    """A view that holds together, with Keras left as it was."""
    with keras_as_it_was():
        view = capture(stage, subject)
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


class TwoSequences(nn.Module):
    """Attention from one input to the other, layer normalisation, SiLU (whose gradient TensorFlow
    writes by hand), dropout; one weight serves twice, and there are two outputs."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embed = nn.Linear(6, 8)
        self.norm = nn.LayerNorm(8)
        self.drop = nn.Dropout(0.25)
        self.head = nn.Linear(8, 3)

    def forward(self, x: Any, y: Any) -> Any:
        query, memory = self.embed(x), self.embed(y)
        mixed = nn.functional.scaled_dot_product_attention(query, memory, memory)
        normal = nn.functional.silu(self.norm(query + mixed))
        return self.head(self.drop(normal).mean(1)), mixed
