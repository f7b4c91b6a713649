"""Stock recurrent layers of both frameworks against each other."""

from __future__ import annotations

import keras
import pytest
import torch
from keras import layers
from torch import nn

from isograd.run.explain import explain
from isograd.training import Recipe

RECIPE = Recipe("mean_squared_error", batch_size=4)


class Net(nn.Module):
    def __init__(self, kind: type[nn.RNNBase]) -> None:
        super().__init__()
        self.rnn = kind(3, 4, batch_first=True)
        self.fc = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.rnn(x)[0][:, -1])


def stock(layer: keras.Layer) -> keras.Model:
    x = keras.Input((6, 3))
    return keras.Model(x, layers.Dense(2)(layer(x)))


@pytest.mark.parametrize("turned", [False, True])
def test_a_gru_with_its_biases_in_one_array_is_the_same_network(turned: bool):
    pair = [Net(nn.GRU), stock(layers.GRU(4))]
    inputs = ["x=float32[N,6,3]"]
    first, second = pair[::-1] if turned else pair
    found = explain(first, second, inputs, recipe=RECIPE, recorded=(1, 3))
    assert found.verdict == "equivalent", (found.causes, found.rest)
    assert not found.causes


def test_a_gru_that_resets_before_the_product_is_another_one():
    twin = stock(layers.GRU(4, reset_after=False))
    found = explain(Net(nn.GRU), twin, ["x=float32[N,6,3]"], recipe=RECIPE, recorded=(1, 3))
    assert [cause.id for cause in found.causes] == ["gru-reset-after"]


def test_an_lstm_with_one_bias_trains_at_another_speed():
    twin = stock(layers.LSTM(4))
    found = explain(Net(nn.LSTM), twin, ["x=float32[N,6,3]"], recipe=RECIPE, recorded=(1, 3))
    assert [cause.id for cause in found.causes] == ["rnn-double-bias"]
