"""Networks whose control flow does not depend on data, but that do something while they are
traced; lines are found by their text."""

from __future__ import annotations

from pathlib import Path

import keras
import tensorflow as tf
import torch
from torch import nn


class StraightTorch(nn.Module):
    """No control flow, and nothing besides computing."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.fc(x))


class CountingTorch(StraightTorch):
    """Counts its calls, and prints."""

    calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        print("called")
        return torch.tanh(self.fc(x))


class StraightKeras(keras.Model):
    """No control flow, and nothing besides computing."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = keras.layers.Dense(4)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return tf.tanh(self.fc(x))


class CountingKeras(StraightKeras):
    """Counts its calls, and prints."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def call(self, x: tf.Tensor) -> tf.Tensor:
        self.calls += 1
        print("called")
        return tf.tanh(self.fc(x))


def line(file: str | Path, text: str) -> str:
    """``:number`` of the one line that begins with a text, as events' sources end."""
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    (number,) = [n for n, one in enumerate(lines, 1) if one.strip().startswith(text)]
    return f"{Path(file).name}:{number}"
