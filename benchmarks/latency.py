"""Latency of twins over that of the same architectures as a person writes them in the framework:
evaluations and whole training steps, interleaved, one process for each arm, one thread.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from isograd.errors import IsogradError
from isograd.measure.memory import KEEPING
from isograd.measure.process import WorkerProcess
from isograd.measure.schedule import measure
from isograd.measure.stats import interval, noise_floor, ratio
from isograd.models import load
from isograd.run.convert import convert

HERE = Path(__file__).parent
ALLOWED = 0.03
BATCHES = (1, 8)
IMAGE, TOKENS = "image=float32[N,3,224,224]", "tokens=int64[N,32]<1000"
MODES = {"tensorflow": ("function",), "torch": ("eager", "compile")}
HOME = {"torch": "torch_networks.py", "tensorflow": "keras_networks.py"}
KEPT = dict(setting.split("=") for setting in KEEPING.split())
"""Memory that was freed stays with the process, in all arms: else it goes back to the system after
each step or not by luck of the heap, which makes two processes of one LSTM differ by a factor of
two."""

SECOND_BIAS = 4 * 256
"""PyTorch's LSTM adds two biases, both trained, where Keras' has one."""


@dataclass(frozen=True)
class Pair:
    """A network of the other framework, the native one its twin in ``framework`` is timed against,
    what both take (without the batch axis), and by how many parameters they may differ."""

    name: str
    framework: str
    reference: str
    native: str
    shape: tuple[int, ...]
    inputs: str | None = None
    below: int | None = None
    apart: int = 0


PAIRS = (
    Pair("ResNet-18", "tensorflow", "resnet18", "resnet18", (224, 224, 3), IMAGE),
    Pair("LSTM", "tensorflow", "TextLSTM", "text_lstm", (32,), TOKENS, 1000, SECOND_BIAS),
    Pair("Transformer", "tensorflow", "TextTransformer", "text_transformer", (32,), TOKENS, 1000),
    Pair("ResNet-50", "torch", "resnet50", "resnet50_of_keras", (3, 224, 224)),
    Pair("LSTM", "torch", "text_lstm", "TextLSTM", (32,), below=1000, apart=SECOND_BIAS),
    Pair("Transformer", "torch", "text_transformer", "TextTransformer", (32,), below=1000),
)


class Arm:
    """One network in a process of its own."""

    def __init__(self, label: str, folder: Path, shape: tuple[int, ...]) -> None:
        self.label = label
        self.shape = shape
        environment = {
            "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]),
            "OMP_NUM_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "KERAS_BACKEND": "tensorflow",
            "CUDA_VISIBLE_DEVICES": "-1",
            **KEPT,
            "TORCHINDUCTOR_CACHE_DIR": str(folder / "compiled"),
        }
        self.worker = WorkerProcess(folder / f"{label}.log", environment, module="latency_arms")

    def run(self, steps: int) -> Sequence[float]:
        """Nanoseconds of each repetition."""
        found: list[float] = self.worker.call("run", steps)
        return found


@dataclass(frozen=True)
class Twin:
    """An emitted network: its file, its class, and the shape it takes without the batch axis."""

    source: Path
    symbol: str
    shape: tuple[int, ...]


def twin_of(pair: Pair, folder: Path) -> Twin:
    """Converts. Raises `IsogradError` when that is not possible."""
    home = next(file for framework, file in HOME.items() if framework != pair.framework)
    model = load(f"{HERE / home}:{pair.reference}", [pair.inputs] if pair.inputs else [])
    made = convert(model, pair.framework, folder / "twin", proven=False)
    ((name, kind),) = model.graph.inputs.items()
    sample = np.zeros((1, *(int(size) for size in kind.shape[1:])), "i1")
    shape = made.emitted.values[name](sample).shape[1:]
    return Twin(folder / "twin" / "model.py", made.emitted.class_name, shape)


def arms(pair: Pair, mode: str, twin: Twin, folder: Path, stack: ExitStack) -> list[Arm]:
    """Native, native again, and twin, started."""
    native = Twin(HERE / HOME[pair.framework], pair.native, pair.shape)
    made = []
    for label, network in (("native", native), ("again", native), ("twin", twin)):
        made.append(Arm(label, folder, network.shape))
        stack.callback(made[-1].worker.close)
        made[-1].worker.call("start", pair.framework, mode, network.source, network.symbol)
    return made


def prepare(pair: Pair, found: list[Arm], training: bool, batch: int) -> str:
    """Readies all arms; numbers of parameters in words. Exits when they are too far apart."""
    counts = {
        arm.label: arm.worker.call("prepare", training, (batch, *arm.shape), pair.below)
        for arm in found
    }
    twin, native = counts["twin"], counts["native"]
    if abs(twin - native) not in (0, pair.apart):
        raise SystemExit(f"{pair.name}: {twin:,} parameters, written natively {native:,}.")
    more = f": {abs(twin - native):,} for a second bias" if twin != native else ""
    return f"twin {twin:,} parameters, native {native:,}{more}"


def row(found: list[Arm], budget_s: float) -> list[str]:
    """What was measured, in words: the native's milliseconds, the ratio, and what it says."""
    rounds = measure(found, budget_s=budget_s).rounds
    noise = noise_floor([ratio("again", "native", rounds["again"], rounds["native"])]).fraction
    of = ratio("twin", "native", rounds["twin"], rounds["native"], noise)
    return [
        f"{interval(rounds['native']).median / 1e3:.2f}",
        f"{of.ratio:.3f}",
        f"{of.low:.3f} to {of.high:.3f}",
        f"{noise:.1%}",
        "yes" if of.ratio <= 1 + max(ALLOWED, noise) else "no",
    ]


def report(pair: Pair, mode: str, folder: Path, budget_s: float, console: Console) -> None:
    """Measures and prints one network in one mode. Raises `IsogradError` when it has no twin."""
    twin = twin_of(pair, folder)
    table = Table(
        *("", "batch", "native, ms", "twin / native", "95 % interval", "noise (A/A)"),
        "at most 1.03, or inside the noise",
        box=None,
    )
    with ExitStack() as stack:
        found = arms(pair, mode, twin, folder, stack)
        for training in (False, True):
            for batch in BATCHES:
                counts = prepare(pair, found, training, batch)
                kind = "training step" if training else "forward"
                table.add_row(kind, str(batch), *row(found, budget_s))
    console.print(f"\n{pair.name}, {pair.framework}/{mode}: {counts}", highlight=False)
    console.print(table)


def main() -> None:
    """Prints a table for each network and mode, or why there is none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", help="such as ResNet-18 or LSTM; default: all")
    parser.add_argument("--modes", nargs="+", default=["function", "eager"], help="or compile")
    parser.add_argument("--budget", type=float, default=8.0, help="seconds for each row")
    options = parser.parse_args()
    console = Console(width=110)
    for pair in PAIRS:
        if options.only and pair.name not in options.only:
            continue
        for mode in [mode for mode in MODES[pair.framework] if mode in options.modes]:
            with tempfile.TemporaryDirectory() as name:
                try:
                    report(pair, mode, Path(name), options.budget, console)
                except IsogradError as error:
                    label = f"{pair.name}, {pair.framework}/{mode}"
                    console.print(f"\n{label}: skipped. {error.what}", highlight=False)


if __name__ == "__main__":
    main()
