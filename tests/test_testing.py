"""``assert_equivalent`` in other people's test suites."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import torch
from keras import layers
from torch import nn

from isograd.testing import assert_equivalent


class Net(nn.Module):
    def __init__(self, slope: float = 0.1, eps: float = 1e-3) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4, eps=eps)
        self.second = nn.Linear(4, 2)
        self.slope = slope

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = nn.functional.leaky_relu(self.norm(self.first(x)), self.slope)
        return self.second(y)


def port() -> keras.Model:
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(4),
            layers.LayerNormalization(epsilon=1e-3),
            layers.LeakyReLU(0.1),
            layers.Dense(2),
        ]
    )


INPUT = ["x=float32[N,4]"]


def test_a_port_that_is_right_passes_and_keeps_its_own_weights():
    twin = port()
    before = [variable.numpy() for variable in twin.variables]
    assert assert_equivalent(Net(), twin, INPUT).verdict == "equivalent"
    after = [variable.numpy() for variable in twin.variables]
    assert all(map(np.array_equal, before, after))
    assert twin.layers[0].compute_dtype == "float32"


@pytest.mark.parametrize("wrong", [{"slope": 0.2}, {"eps": 1e-5}])
def test_a_port_with_another_constant_fails_with_both_places(wrong):
    with pytest.raises(AssertionError, match=r"differ in structure:\n.* against .*test_testing"):
        assert_equivalent(Net(**wrong), port(), INPUT)


class Scaled(Net):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x * (1 / 255))


def test_constants_that_keras_rounds_to_single_precision_are_no_difference():
    model = port()
    scaled = keras.Sequential([keras.Input((4,)), layers.Rescaling(1 / 255), *model.layers])
    assert assert_equivalent(Scaled(), scaled, INPUT).verdict == "equivalent"


class Sum(nn.Module):
    """Two branches that structure cannot tell apart."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.a(x) + self.b(x)


def test_branches_that_are_alike_are_listed_and_not_chosen():
    with pytest.raises(
        AssertionError, match=r"cannot tell which parameters correspond: a.bias, a.weight, b"
    ):
        assert_equivalent(Sum(), Sum(), ["x=float32[N,3]"])
