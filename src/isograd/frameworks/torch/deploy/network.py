"""The network that an order is about, as the emitted module: what every form is made from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor, nn

from isograd.deploy.artefact import Order, single
from isograd.errors import UsageError
from isograd.frameworks.protocol import Emitted
from isograd.frameworks.side import native_inputs
from isograd.frameworks.source import load_class
from isograd.frameworks.torch.emitter import emit

SOURCE, WEIGHTS = "model.py", "weights.safetensors"

LONGEST = 300
"""Signs of a reason that fit into a record."""


@dataclass(frozen=True)
class Network:
    """An order's network in PyTorch. ``scratch`` is a folder for its source where the form does
    not ship it."""

    order: Order
    emitted: Emitted
    scratch: Path

    @property
    def state(self) -> dict[str, Tensor]:
        """Parameters and buffers by their names in the module; those that float, in float32."""
        native = self.emitted.parameters.forward(self.order.weights)
        return {name: torch.from_numpy(single(array)) for name, array in native.items()}

    @cached_property
    def model(self) -> nn.Module:
        """The module with its weights, in evaluation mode."""
        path = self.scratch / SOURCE
        path.write_text(self.emitted.source, encoding="utf-8")
        model: nn.Module = load_class(path, self.emitted.class_name)()
        model.load_state_dict(self.state)
        return model.eval()

    @cached_property
    def calibration(self) -> tuple[Tensor, ...]:
        """The order's inputs [B, ...] in the module's layout."""
        inputs = native_inputs(self.order.graph, self.emitted, self.order.calibration)
        return tuple(torch.from_numpy(single(array)) for array in inputs)

    def examples(self, batch: int) -> tuple[Tensor, ...]:
        """Inputs of this batch size: calibration examples, again and again if there are few."""
        rows = torch.arange(batch) % len(self.calibration[0])
        return tuple(tensor[rows] for tensor in self.calibration)


def network(order: Order, scratch: Path) -> Network:
    """The network of an order. Raises `UsageError` when the graph cannot be emitted."""
    return Network(order, emit(order.graph), scratch)


def refused(what: str, error: Exception) -> UsageError:
    """What is told of a network that ``what`` cannot take: the first line of its own reason."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return UsageError(f"{what} cannot take this network: {reason}"[:LONGEST])
