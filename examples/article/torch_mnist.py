"""Digits in PyTorch: the network ends in a softmax, and the loss is computed on its probabilities.

``nn.CrossEntropyLoss`` takes what it is given for logits, so that a second softmax is inside it.
"""

from functools import partial

import torch
from torch import nn

from isograd import TrainSpec


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(28 * 28, 128)
        self.output = nn.Linear(128, 10)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.hidden(images.flatten(1)))
        return self.softmax(self.output(x))


training = TrainSpec(
    Network,
    nn.CrossEntropyLoss(),
    partial(torch.optim.Adam, lr=1e-3),
    data="mnist",
    batch_size=64,
    epochs=10,
    inputs=["images=float32[N,28,28]"],
)
