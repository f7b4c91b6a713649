"""Seconds of a conversion (import, emit, weights on disk) over those of ``torch.export`` alone, for
networks at their published sizes, interleaved in one run; and the transposes in the twins.
"""

from __future__ import annotations

import contextlib
import io
import re
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import torch
from rich.console import Console
from rich.table import Table
from torch import nn

import torch_networks
from isograd.models import load
from isograd.run.convert import convert

NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "ResNet-18": torch_networks.resnet18,
    "ResNet-50": torch_networks.resnet50,
    "Swin-T": torch_networks.swin_t,
    "ViT-B": torch_networks.vit_b,
}
ROUNDS = 3
ALLOWED = 2.0
INPUT = "image=float32[N,3,224,224]"


def exported(network: nn.Module) -> float:
    """Seconds of the export that a conversion starts with."""
    begin = perf_counter()
    batch = torch.export.Dim("N")
    torch.export.export(
        network, (torch.zeros(3, 3, 224, 224),), dynamic_shapes=({0: batch},), strict=False
    )
    return perf_counter() - begin


def converted(network: nn.Module) -> tuple[float, str]:
    """Seconds of a conversion without its proof, and the twin's source."""
    with tempfile.TemporaryDirectory() as folder:
        begin = perf_counter()
        model = load(network, [INPUT])
        made = convert(model, "tensorflow", Path(folder) / "twin", proven=False)
        return perf_counter() - begin, made.emitted.source


def main() -> None:
    torch.set_num_threads(1)
    console = Console()
    table = Table(
        "network", "torch.export", "conversion", "ratio", "at most 2", "transposes", box=None
    )
    for name, build in NETWORKS.items():
        network = build()
        with contextlib.redirect_stderr(io.StringIO()):
            exported(network)  # what the first call of all imports
            rounds = [(exported(network), *converted(network)) for _ in range(ROUNDS)]
        ratio = statistics.median(mine / alone for alone, mine, _ in rounds)
        alone, mine = (statistics.median(row[i] for row in rounds) for i in (0, 1))
        transposes = len(re.findall(r"\bops\.transpose\(", rounds[0][2]))
        good = "yes" if ratio <= ALLOWED else "no"
        table.add_row(
            name, f"{alone:.2f} s", f"{mine:.2f} s", f"{ratio:.2f}", good, str(transposes)
        )
    console.print(table)


if __name__ == "__main__":
    main()
