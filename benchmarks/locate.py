"""What locating the first divergence takes, in passes: the time of the search, given both graphs
and open tapes, over that of one forward and backward pass of both sides as they run natively.

Both sides are the same network, so that every stage is gone through: nothing takes longer.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import process_time

from isograd.frameworks import part
from isograd.frameworks.side import Side, plan
from isograd.ir import ops
from isograd.ir.alignment import align
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.proof import make_trial
from isograd.proof.correspondence import correspondence
from isograd.proof.locate import disturbed, locate
from isograd.proof.trial import Trial
from isograd.proof.witness import Witness
from isograd.training import SGD, Recipe

DEPTHS = (10, 30, 100, 300)
PAIRS = (("torch", "torch"), ("torch", "tensorflow"), ("tensorflow", "tensorflow"))
REPEATS = 3

RECIPE = Recipe(loss="mean_squared_error", optimizer=SGD(), batch_size=16)


def network(depth: int) -> Graph:
    """Residual blocks of convolution, normalisation and activation, ``depth`` layers in all."""
    b = Builder(f"depth {depth}")
    x = b.input("x", ("N", 16, 12, 12))
    for number in range(depth // 2):
        y = b(ops.conv2d(16, 3, padding=1, bias=False), x, scope=f"block{number}.conv")
        y = b(ops.BatchNorm(), y, scope=f"block{number}.bn")
        y = b(ops.conv2d(16, 3, padding=1), b(ops.ReLU(), y), scope=f"block{number}.out")
        x = b(ops.Add(), x, b(ops.MultiplyScalar(0.1), y))
    return b.finish(b(ops.Linear(4), b(ops.GlobalAvgPool(), x), scope="head"))


def native(graph: Graph, framework: str, trial: Trial, folder: Path) -> Callable[[], object]:
    """A forward and backward pass as the emitted network makes it, in float64."""
    emitted = part(framework, "emitter").emit(graph)
    source = folder / f"{framework}-{len(graph.nodes)}.py"
    source.write_text(emitted.source, encoding="utf-8")
    planned = plan(graph, emitted, source, "eager", RECIPE, dtype="float64")
    side = Side(graph, emitted, part(framework, "modes").open_executor(planned))
    side.set_state(trial.weights)
    return lambda: side.gradients(trial.inputs, trial.targets)


def seconds(call: Callable[[], object]) -> float:
    """The least of some calls, behind a first one: CPU time, as other work on the machine does not
    count."""
    call()
    times = []
    for _ in range(REPEATS):
        start = process_time()
        call()
        times.append(process_time() - start)
    return min(times)


def measured(depth: int, frameworks: tuple[str, str], folder: Path) -> tuple[float, float]:
    """Seconds of one pass of both sides, and of locating."""
    graph = network(depth)
    trial = make_trial(graph, RECIPE, None, recorded=(1,))
    passes = sum(seconds(native(graph, framework, trial, folder)) for framework in frameworks)
    known = correspondence(graph, graph, align(graph, graph))
    tapes = [part(framework, "tape").open_tape(graph) for framework in frameworks]
    point = trial.weights, trial.inputs, trial.masks[0], trial.targets
    ours = Witness(graph, tapes[0], *point, RECIPE)

    def search() -> None:
        fresh = replace(ours)  # nothing is remembered
        theirs = fresh.beside(graph, tapes[1], trial.weights, RECIPE, known)
        found = locate(fresh, theirs, disturbed(fresh, trial), known)
        assert found.verdict == "equivalent", found

    return passes, seconds(search)


def main() -> None:
    """Prints the table."""
    for framework in {framework for pair in PAIRS for framework in pair}:
        part(framework, "runtime").configure("cpu", 1)
    print("Locating the first divergence, through all stages; one thread, float64, CPU time")
    print(f"{'sides':24}{'layers':>8}{'passes, ms':>12}{'locating, ms':>14}{'ratio':>8}")
    with tempfile.TemporaryDirectory(prefix="isograd-") as folder:
        for pair in PAIRS:
            for depth in DEPTHS:
                passes, search = measured(depth, pair, Path(folder))
                times = f"{1e3 * passes:12.1f}{1e3 * search:14.1f}{search / passes:8.2f}"
                print(f"{' / '.join(pair):24}{depth:8}{times}", flush=True)


if __name__ == "__main__":
    main()
