"""Training steps whose PyTorch views are looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

import isograd
from isograd.frameworks.protocol import Subject
from isograd.frameworks.torch.views import capture
from isograd.ir.graph import Graph
from isograd.proof import make_trial
from isograd.run.step import Step, make_subject
from isograd.training import Adam, Recipe
from isograd.views import View

BATCH = 4


@dataclass
class Looked:
    """A network, and the views of it that were made so far."""

    graph: Graph
    subject: Subject
    views: dict[str, View] = field(default_factory=dict)

    def __getitem__(self, stage: str) -> View:
        if stage not in self.views:
            self.views[stage] = capture(stage, self.subject)
            self.views[stage].check()
        return self.views[stage]


def look(network: object, inputs: list[str], folder: Path) -> Looked:
    """One training step on `BATCH` samples."""
    model = isograd.load(network, inputs, here=True)
    recipe = Recipe(model.loss, Adam(), batch_size=BATCH)
    trial = make_trial(
        model.graph, recipe, None, 0, model.initial_state(0), model.bounds, recorded=(1,)
    )
    step = Step(model, recipe, trial, "cpu", 1, 600.0)
    return Looked(model.graph, make_subject(step, "torch", folder))


class Language(nn.Module):
    """Attention, layer normalisation and dropout in a residual block, between an embedding and a
    head that has its weight; a second input."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embed = nn.Embedding(20, 16)
        self.gate = nn.Linear(4, 16)
        self.norm = nn.LayerNorm(16)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.drop = nn.Dropout(0.1)
        self.head = nn.Linear(16, 20, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens: Tensor, extra: Tensor) -> Tensor:
        x = self.embed(tokens) + self.gate(extra)[:, None]
        h = self.norm(x)
        h, _ = self.attention(h, h, h, need_weights=False)
        return self.head(x + self.drop(h))


LANGUAGE = ["tokens=int64[N,5]<20", "extra=float32[N,4]"]
