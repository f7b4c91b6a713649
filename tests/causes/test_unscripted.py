"""Forms of training that only a script has are compared where there is no script, too."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from isograd.models import load
from isograd.run.pair import pair_up
from isograd.run.reasons import explain_pair
from isograd.training import Adam, Clipping, Recipe


class Net(nn.Module):
    def __init__(self, rate: float) -> None:
        super().__init__()
        self.fc, self.out = nn.Linear(3, 6), nn.Linear(6, 2)
        self.drop = nn.Dropout(rate)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.drop(torch.tanh(self.fc(x))))


def pair(*rates: float):
    return pair_up(*(load(Net(rate), ["x=float32[N,3]"]) for rate in rates))


RECIPE = Recipe("mean_squared_error", Adam(learning_rate=1e-2), batch_size=4)
CLIPPED = replace(RECIPE, clipping=Clipping("global_norm", 1e-3))


def test_a_clipping_is_the_cause_on_whichever_side_it_is():
    for recipes in ((RECIPE, CLIPPED), (CLIPPED, RECIPE)):
        found = explain_pair(pair(0.5, 0.5), recipes, recorded=(1, 3))
        assert found.verdict == "different"
        assert [cause.id for cause in found.causes] == ["gradient-clipping"]
        assert not found.rest


def test_two_trainings_with_one_clipping_are_the_same():
    found = explain_pair(pair(0.5, 0.5), (CLIPPED, CLIPPED), recorded=(1, 3))
    assert found.verdict == "equivalent"


def test_another_rate_leaves_out_what_the_reference_leaves_out():
    found = explain_pair(pair(0.5, 0.75), (RECIPE, RECIPE), recorded=(1, 3))
    assert [cause.id for cause in found.causes] == ["dropout-rate"]
    assert not found.rest
