"""A user's network against the twin that is emitted for it, in one process."""

from __future__ import annotations

import keras
import pytest
import torch
from keras import layers
from torch import nn

from isograd.models import load
from isograd.run.pair import prove_twin
from isograd.training import Recipe

RECIPE = Recipe(loss="mean_squared_error", batch_size=4)


def test_constants_of_a_keras_layer_follow_the_precision_and_come_back() -> None:
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    normalization = layers.Normalization(mean=[0.485, 0.456, 0.406], variance=[0.05, 0.06, 0.07])
    model = keras.Sequential([keras.Input((3,)), normalization, layers.Dense(2)])
    before = normalization.mean
    assert prove_twin(load(model), "torch", RECIPE, recorded=(1,)).verdict == "equivalent"
    assert normalization.mean.dtype == before.dtype == "float32"
    assert (normalization.mean.numpy() == before.numpy()).all()


class Bag(nn.Module):
    """The mean of the tokens' vectors, of which the padding's gets no gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(9, 4, padding_idx=0)
        self.head = nn.Linear(4, 2)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.head(self.embedding(tokens).mean(1))


@pytest.mark.parametrize("mode", ["eager", "session", "function", "xla"])
def test_rows_of_a_table_are_proven_in_every_mode(mode: str) -> None:
    model = load(Bag(), ["tokens=int64[N,3]<9"])
    proof = prove_twin(model, "tensorflow", RECIPE, mode=mode, recorded=(1, 10))
    assert proof.verdict == "equivalent"
