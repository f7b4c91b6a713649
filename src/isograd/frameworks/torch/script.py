"""A short training loop in PyTorch for an emitted network: where a user starts from."""

from __future__ import annotations

from isograd.frameworks.protocol import Emitted
from isograd.frameworks.sample import ROWS, Sample, samples, targets
from isograd.ir.graph import Graph
from isograd.training import Recipe

_LOSSES = {
    "cross_entropy": "nn.CrossEntropyLoss()",
    "binary_cross_entropy": "nn.BCEWithLogitsLoss()",
    "mean_squared_error": "nn.MSELoss()",
    "token_cross_entropy": (
        "lambda x, y: nn.functional.cross_entropy(x.flatten(0, -2), y.flatten())"
    ),
}

_OPTIMIZERS = {
    "sgd": "torch.optim.SGD(model.parameters(), lr={rate})",
    "adam": "torch.optim.Adam(model.parameters(), lr={rate})",
    "adamw": "torch.optim.AdamW(model.parameters(), lr={rate})",
    "rmsprop": "torch.optim.RMSprop(model.parameters(), lr={rate})",
}

_SCRIPT = '''"""Trains {name}. The data is random: put your own in its place."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from model import {name}


def main() -> None:
    torch.manual_seed(0)
    model = {name}()
    model.load_state_dict(load_file(Path(__file__).with_name("weights.safetensors")))
    inputs = [{inputs}]
    targets = [{targets}]
    batches = DataLoader(TensorDataset(*inputs, *targets), batch_size=16, shuffle=True)
    optimizer = {optimizer}
    loss_function = {loss}
    model.train()
    for epoch in range(3):
        total = 0.0
        for batch in batches:
            outputs = model(*batch[: len(inputs)])
            outputs = outputs if isinstance(outputs, tuple) else (outputs,)
            pairs = zip(outputs, batch[len(inputs) :], strict=True)
            loss = sum(loss_function(output, target) for output, target in pairs)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        print(f"epoch {{epoch + 1}}: loss {{total / len(batches):.4f}}")


if __name__ == "__main__":
    main()
'''


def training_script(graph: Graph, emitted: Emitted, recipe: Recipe) -> str:
    """The source of ``train.py``, which stands beside the emitted ``model.py``."""
    optimizer = recipe.optimizer.to_dict()
    return _SCRIPT.format(
        name=emitted.class_name,
        inputs=", ".join(map(_drawn, samples(graph, emitted))),
        targets=", ".join(map(_drawn, targets(graph, emitted, recipe))),
        optimizer=_OPTIMIZERS[str(optimizer["name"])].format(rate=optimizer["learning_rate"]),
        loss=_LOSSES[recipe.loss.name],
    )


def _drawn(sample: Sample) -> str:
    shape = (ROWS, *sample.shape)
    if sample.dtype == "float":
        return f"torch.randn({shape})"
    drawn = f"torch.randint({sample.below}, {shape})"
    return f"{drawn}.bool()" if sample.dtype == "bool" else drawn
