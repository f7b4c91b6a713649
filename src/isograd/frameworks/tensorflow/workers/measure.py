"""Times training steps of several workers, in TensorFlow.

    python measure.py --engine mirrored --workers 2 --batch 64 --out times

(several processes: with TF_CONFIG, as train.py). Beside whole steps, it times the step of one
worker that nobody waits for, with batches of several sizes, and the sum over all workers of as many
numbers as there are gradients. ``times.jsonl`` has nanoseconds, a line for each round, as the first
worker sees them.
"""

import argparse
import json
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import tensorflow as tf
from safetensors.numpy import load_file
from train import HERE, Trainer, open_strategy, parser

LONGEST = 500
"""Steps in a round."""


class Clock:
    """Times calls that all workers make together."""

    def __init__(self, trainer: Trainer, round_s: float) -> None:
        self.trainer = trainer
        self.round_s = round_s
        self.counts: dict[str, int] = {}

    def meet(self, value: float = 0.0) -> float:
        """Waits for all workers. Returns the first worker's value."""
        own = tf.constant(value if self.trainer.first else 0.0)
        return float(self._sum(own)) / self.trainer.here

    @tf.function
    def _sum(self, own: tf.Tensor) -> tf.Tensor:
        strategy = self.trainer.strategy
        each = strategy.run(lambda: tf.identity(own))
        return strategy.reduce(tf.distribute.ReduceOp.SUM, each, axis=None)

    def round(self, name: str, call: Callable[[], object]) -> list[int]:
        """Nanoseconds of each call. The first time, calls that count for nothing find out how
        many make a round; the first worker decides for all."""
        if name not in self.counts:
            for _ in range(3):
                call()
            typical = sorted(self._times(call, 5))[2] / 1e9
            wanted = self.meet(self.round_s / typical)
            self.counts[name] = int(min(max(wanted, 3), LONGEST))
        self.meet()
        return self._times(call, self.counts[name])

    def _times(self, call: Callable[[], object], count: int) -> list[int]:
        stamps = [time.perf_counter_ns()]
        for _ in range(count):
            call()
            stamps.append(time.perf_counter_ns())
        return [after - before for before, after in pairwise(stamps)]


def calls(trainer: Trainer, options: argparse.Namespace) -> dict[str, Callable[[], object]]:
    """What is timed, by name."""
    batch = _rows(trainer.order, options.batch)
    count = sum(variable.shape.num_elements() for variable in trainer.parameters)
    found: dict[str, Callable[[], object]] = {
        "step": lambda: trainer.step(batch),
        "local": lambda: trainer.step(batch, False),
    }
    for size in options.sizes:
        rows = _rows(trainer.order, size * trainer.workers)
        found[f"local {size}"] = lambda rows=rows: trainer.step(rows, False)  # type: ignore[misc]
    for numbers in (1, count) if trainer.workers > 1 else ():
        zeros = tf.zeros(numbers, trainer.dtype)
        found[f"reduce {numbers * trainer.dtype.size}"] = _reduction(trainer, zeros)
    return {name: call for name, call in found.items() if name in (options.only or found)}


def _rows(order: tf.Tensor, count: int) -> tf.Tensor:
    """So many examples in their order, which begins again where it ends."""
    flat = tf.reshape(order, [-1])
    return tf.gather(flat, tf.range(count) % tf.size(flat))


def _reduction(trainer: Trainer, numbers: tf.Tensor) -> Callable[[], object]:
    def replica() -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        return context.all_reduce(tf.distribute.ReduceOp.SUM, numbers)

    return tf.function(lambda: trainer.strategy.run(replica))


def wait_for_turn(folder: Path | None, number: int) -> None:
    """Until the file of this round is there: then nothing else is being timed."""
    while folder and not (folder / f"turn-{number}").exists():
        time.sleep(0.002)


def measure(options: argparse.Namespace) -> None:
    """All rounds."""
    trainer = Trainer(options, open_strategy(options))
    trainer.load(load_file(HERE / "weights.safetensors"))
    timed = calls(trainer, options)
    clock = Clock(trainer, options.round_seconds)
    for number in range(options.rounds):
        if trainer.first:
            wait_for_turn(options.turns, number)
        clock.meet()
        times: dict[str, Any] = {name: clock.round(name, call) for name, call in timed.items()}
        if trainer.first:
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
    measure(options)


if __name__ == "__main__":
    main()
