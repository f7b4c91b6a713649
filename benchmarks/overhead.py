"""A mode's step time in isograd against the same loop written by hand, interleaved in one run."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from isograd.bench.timing import StepArm
from isograd.bench.training import Course
from isograd.bench.workbench import Bench, Setting, Workbench
from isograd.data import batch_order, load
from isograd.measure.process import WorkerProcess
from isograd.measure.schedule import measure
from isograd.measure.stats import noise_floor, ratio
from isograd.models import load as load_model
from isograd.result import Mode
from isograd.training import Recipe

LABELS = ("torch/eager", "tensorflow/function")
BUDGET_S = 40.0
ALLOWED = 0.02


class HandArm:
    """The hand-written loop."""

    def __init__(
        self, label: str, course: Course, batches: NDArray[np.int64], folder: Path
    ) -> None:
        self.label = f"{label} by hand"
        self.batches = batches
        environment = {
            "PYTHONPATH": str(Path(__file__).parent),
            "OMP_NUM_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "2",
        }
        log = folder / f"{label.replace('/', '-')}-by-hand.log"
        self.worker = WorkerProcess(log, environment, module="by_hand")
        self.worker.call("start", label, course.inputs, course.targets)
        self.run(200)

    def run(self, steps: int) -> Sequence[float]:
        """Nanoseconds of each step."""
        found: list[float] = self.worker.call("run", np.resize(self.batches, (steps, 64)))
        return found


def main() -> None:
    """Prints, for each mode, isograd's step time over that of the loop written by hand."""
    console = Console(width=100)
    model = load_model("mnist-mlp")
    course = Course.of(model.graph, load("digits"), Recipe())
    batches = batch_order(len(course.targets), 64, 20, seed=0).reshape(-1, 64)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workbench = Workbench(Setting(model.graph, course.recipe, folder), LABELS)
        arms: list[StepArm | HandArm] = []
        for label in LABELS:
            framework, mode = label.split("/")
            for tag in ("", "-again"):
                emitted = workbench.emitted[framework]
                bench = Bench(workbench.setting, Mode(framework, mode), emitted, tag=tag)
                bench.start()
                bench.side().set_state(model.initial_state(0))
                bench.side().load_data((course.inputs,), course.targets)
                bench.side().train(batches[:200])
                arms.append(StepArm(bench, batches, f"{label}{tag}"))
            arms.append(HandArm(label, course, batches, folder))
        rounds = measure(arms, budget_s=BUDGET_S).rounds
        for arm in arms:
            arm.bench.close() if isinstance(arm, StepArm) else arm.worker.close()
    pairs = [ratio(f"{x}-again", x, rounds[f"{x}-again"], rounds[x]) for x in LABELS]
    noise = noise_floor(pairs).fraction
    table = Table("mode", "isograd / by hand", "95 % interval", "within 2 % or the noise", box=None)
    for label in LABELS:
        found = ratio(label, f"{label} by hand", rounds[label], rounds[f"{label} by hand"], noise)
        good = found.ratio <= 1 + max(ALLOWED, noise)
        span = f"{found.low:.3f} to {found.high:.3f}"
        table.add_row(label, f"{found.ratio:.3f}", span, "yes" if good else "no")
    console.print(table)
    console.print(f"noise floor (A/A): {noise:.1%}")


if __name__ == "__main__":
    main()
