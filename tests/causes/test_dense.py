"""Dense layers that somebody wrote as a product and a sum."""

from __future__ import annotations

import keras
import pytest
import torch
from keras import layers
from torch import nn

from isograd.run.explain import explain
from isograd.training import Recipe

RECIPE = Recipe("mean_squared_error", batch_size=4)


class ByHand(nn.Module):
    """``x @ weight.T + bias``, or ``x @ weight + bias``."""

    def __init__(self, inputs: int, outputs: int, transposed: bool) -> None:
        super().__init__()
        shape = (outputs, inputs) if transposed else (inputs, outputs)
        self.weight = nn.Parameter(torch.randn(shape))
        self.bias = nn.Parameter(torch.randn(outputs))
        self.out = nn.Linear(outputs, 2)
        self.transposed = transposed

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weight = self.weight.T if self.transposed else self.weight
        return self.out(torch.tanh(x @ weight + self.bias))


def dense(inputs: int, outputs: int) -> keras.Model:
    x = keras.Input((inputs,))
    return keras.Model(x, layers.Dense(2)(layers.Dense(outputs, activation="tanh")(x)))


@pytest.mark.parametrize("transposed", [True, False])
@pytest.mark.parametrize("turned", [True, False])
def test_a_product_and_a_sum_are_a_dense_layer(transposed: bool, turned: bool):
    pair = [ByHand(3, 5, transposed), dense(3, 5)]
    first, second = pair[::-1] if turned else pair
    found = explain(first, second, ["x=float32[N,3]"], recipe=RECIPE, recorded=(1, 3))
    assert found.verdict == "equivalent", (found.causes, found.rest)
    assert len(found.harmless) == 1


def test_a_square_matrix_that_lies_otherwise_is_seen():
    inputs = ["x=float32[N,4]"]
    found = explain(ByHand(4, 4, False), dense(4, 4), inputs, recipe=RECIPE, recorded=(1, 3))
    assert [cause.id for cause in found.causes] == ["transposed-weight"]
    assert not found.rest
    found = explain(ByHand(4, 4, True), dense(4, 4), inputs, recipe=RECIPE, recorded=(1, 3))
    assert found.verdict == "equivalent"
