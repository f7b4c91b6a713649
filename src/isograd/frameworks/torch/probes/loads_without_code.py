"""A network is saved as it runs, and loaded in a process that cannot import its class."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from typing import Any

import torch
from torch import Tensor, nn

from isograd.probes.watching import shortened


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([2.0, -1.0]))

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x * self.weight).sum()


def save(mode: Any, network: nn.Module, x: Tensor, file: str) -> str:
    """Saves what this mode runs, and says by what."""
    if mode.name == "jit":
        torch.jit.save(mode.run(network, x), file)
        return "torch.jit.save of the trace"
    if mode.name == "compile":
        torch.export.save(torch.export.export(network, (x,)), file)
        return "torch.export.save of what the compiler starts from"
    torch.save(network, file)
    return "torch.save"


LOADS = {
    "eager": "torch.load('network.pt2', weights_only=False)",
    "jit": "torch.jit.load('network.pt2')",
    "compile": "torch.export.load('network.pt2').module()",
}

ELSEWHERE = """
import sys
sys.modules['isograd'] = None  # the class is not there
import torch
network = {load}
value = network(torch.tensor([0.5, 2.0]))
value.backward()
print(value.item(), *next(network.parameters()).grad.tolist())
"""


def observe(mode: Any) -> dict[str, Any]:
    x = torch.tensor([0.5, 2.0])
    network = Network()
    value = network(x)
    value.backward()
    assert network.weight.grad is not None
    right = [value.item(), *network.weight.grad.tolist()]
    with tempfile.TemporaryDirectory() as folder:
        how = save(mode, network, x, f"{folder}/network.pt2")
        program = ELSEWHERE.format(load=LOADS[mode.name])
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True
        )
    said = done.stdout.split() if done.returncode == 0 else []
    return {
        "how": how,
        "loaded by": LOADS[mode.name],
        "value and gradient": [float(word) for word in said],
        "right": right,
        "error": shortened(done.stderr.strip().splitlines()[-1]) if done.returncode else "",
    }
