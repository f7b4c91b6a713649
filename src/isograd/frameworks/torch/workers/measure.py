"""Times training steps of several workers, in PyTorch.

    torchrun --standalone --nproc-per-node 2 measure.py --engine ddp --out times

Beside whole steps, it times the step of one worker that nobody waits for, with batches of several
sizes, and the sum over all workers of as many numbers as there are gradients. ``times.jsonl`` has
nanoseconds, a line for each round, as the first worker sees them.
"""

import argparse
import json
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from train import HERE, Trainer, parser, workers

LONGEST = 500
"""Steps in a round."""


class Clock:
    """Times calls that all workers make together."""

    def __init__(self, device: torch.device, round_s: float) -> None:
        self.device = device
        self.round_s = round_s
        self.counts: dict[str, int] = {}

    def round(self, name: str, call: Callable[[], object]) -> list[int]:
        """Nanoseconds of each call. The first time, calls that count for nothing find out how
        many make a round; the first worker decides for all."""
        if name not in self.counts:
            for _ in range(3):
                call()
            typical = sorted(self._times(call, 5))[2] / 1e9
            wanted = torch.tensor(self.round_s / typical)
            dist.broadcast(wanted, 0)
            self.counts[name] = int(min(max(wanted.item(), 3), LONGEST))
        dist.barrier()
        return self._times(call, self.counts[name])

    def _times(self, call: Callable[[], object], count: int) -> list[int]:
        stamps = [self._now()]
        for _ in range(count):
            call()
            stamps.append(self._now())
        return [after - before for before, after in pairwise(stamps)]

    def _now(self) -> int:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter_ns()


def calls(options: argparse.Namespace) -> dict[str, Callable[[], object]]:
    """What is timed, by name."""
    weights = HERE / "weights.safetensors"
    together, alone = Trainer(options, weights), Trainer(options, weights, alone=True)
    count = sum(parameter.numel() for parameter in alone.model.parameters())
    batch = _rows(together.order, options.batch)
    share = together.share(batch)
    found: dict[str, Callable[[], object]] = {
        "step": lambda: together.step(share, len(batch)),
        "local": lambda: alone.step(share, len(batch)),
    }
    for size in options.sizes:
        rows = _rows(together.order, size)
        found[f"local {size}"] = lambda rows=rows: alone.step(rows, len(rows))  # type: ignore[misc]
    if together.workers > 1:
        for numbers in (1, count):
            tensor = torch.zeros(numbers, dtype=together.dtype, device=together.device)
            found[f"reduce {numbers * tensor.element_size()}"] = (
                lambda tensor=tensor: dist.all_reduce(tensor)  # type: ignore[misc]
            )
    return {name: call for name, call in found.items() if name in (options.only or found)}


def _rows(order: torch.Tensor, count: int) -> torch.Tensor:
    """So many examples in their order, which begins again where it ends."""
    return order.flatten()[torch.arange(count) % order.numel()]


def wait_for_turn(folder: Path | None, number: int) -> None:
    """Until the file of this round is there: then nothing else is being timed."""
    while folder and not (folder / f"turn-{number}").exists():
        time.sleep(0.002)


def measure(options: argparse.Namespace) -> None:
    """All rounds."""
    timed = calls(options)
    clock = Clock(torch.device(options.device), options.round_seconds)
    for number in range(options.rounds):
        if dist.get_rank() == 0:
            wait_for_turn(options.turns, number)
        dist.barrier()
        times: dict[str, Any] = {name: clock.round(name, call) for name, call in timed.items()}
        if dist.get_rank() == 0:
            with (options.out / "times.jsonl").open("a") as file:
                file.write(json.dumps({"round": number, **times}) + "\n")


def main() -> None:
    arguments = parser()
    arguments.add_argument("--batch", type=int, required=True, help="of all workers together")
    arguments.add_argument("--sizes", type=int, nargs="*", default=[], help="of one worker's batch")
    arguments.add_argument("--only", nargs="+", help="time only these: step, local ...")
    arguments.add_argument("--rounds", type=int, default=8)
    arguments.add_argument("--round-seconds", type=float, default=0.1)
    arguments.add_argument("--turns", type=Path, help="wait for a file in there before each round")
    options = arguments.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with workers(options.device):
        measure(options)  # its networks end with it, before the group that they talk through


if __name__ == "__main__":
    main()
