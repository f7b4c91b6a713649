"""Ten steps of training with seeds: weights, dropout and order of the data."""

from __future__ import annotations

import hashlib
from typing import Any

import torch
from torch import nn

STEPS, RATE = 10, 0.01


def observe(mode: Any) -> dict[str, Any]:
    torch.manual_seed(7)
    net = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 1))
    data = torch.randn(256, 64)
    optimizer = torch.optim.Adam(net.parameters(), RATE)
    run = mode.run(net, data[:32])
    for _ in range(STEPS):
        batch = data[torch.randperm(len(data))[:32]]
        loss = (run(batch) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    weights = b"".join(p.detach().numpy().tobytes() for p in net.parameters())
    return {"loss": loss.item(), "weights": hashlib.sha256(weights).hexdigest()}
