"""A network that decides while it runs what to compute: PyTorch."""

import torch
from torch import nn


class Halving(nn.Module):
    """Halves what it has until it is small, then goes one of two ways."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(8, 16)
        self.up = nn.Linear(16, 16)
        self.down = nn.Linear(16, 16)
        self.out = nn.Linear(16, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.tanh(self.fc1(x))
        while x.norm() > 1:
            x = x / 2
        if x.sum() > 0:
            x = self.up(x)
            x = torch.relu(x)
        else:
            x = self.down(x)
        return self.out(x)
