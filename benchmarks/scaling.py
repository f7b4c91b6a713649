"""Does the model of several workers predict what a slower network does to them?

Two hosts are made of network namespaces, which takes root. The model is fitted to one worker, and
to two that a fast link ties; with the latency and the bandwidth of other links it says what a step
will take there. Then those links are made, and the step is measured. A prediction counts as right
within 15 %.

    python benchmarks/scaling.py [--model mnist-mlp] [--rounds 6]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isograd.bench.fit import usual_data
from isograd.frameworks import part
from isograd.models import load
from isograd.run.scale import Material, chosen
from isograd.scaling.cost import Cost, Measured, fit
from isograd.scaling.engine import Engine, Task
from isograd.scaling.job import Job, read_lines
from isograd.scaling.launch import free_port, run
from isograd.scaling.request import Link, Request
from isograd.training import SGD, Recipe
from links import HEADERS, Hosts, two_hosts, why_not

ENGINES = ("ddp", "multiworker")

LINKS = (
    Link(0.0, 100e6 / 8),
    Link(0.0, 20e6 / 8),
    Link(0.005, 100e6 / 8),
    Link(0.02, 100e6 / 8),
    Link(0.02, 20e6 / 8),
)

WITHIN = 0.15


@dataclass(frozen=True)
class Bench:
    """One engine's job; what it measures lies in ``folder``."""

    engine: Engine
    job: Job
    folder: Path
    batch: int
    rounds: int

    def times(
        self, name: str, workers: int, hosts: Hosts | None = None, *arguments: str
    ) -> dict[str, list[list[float]]]:
        """Microseconds of all that was timed, by its name: a list for each round."""
        out = self.folder / name
        task = Task(
            self.engine.name,
            workers,
            self.job.folder,
            "measure.py",
            (
                *("--out", str(out), "--batch", str(self.batch)),
                *("--rounds", str(self.rounds), "--round-seconds", "0.3", *arguments),
            ),
            hosts=hosts.addresses if hosts else (),
            port=free_port(workers),
            interface=hosts.interface if hosts else "",
        )
        commands = part(self.job.folder.name, "scale").commands(task)
        prefix = hosts.prefix if hosts else (lambda host: ())
        run(commands, out / "logs", timeout_s=300, prefix=lambda h: prefix(h) if h else ())
        lines = read_lines(out / "times.jsonl")
        return {n: [[t / 1e3 for t in one[n]] for one in lines] for n in lines[0] if n != "round"}


def fitted(bench: Bench) -> tuple[Cost, int]:
    """The model, from one worker and from two that a fast link ties; each one's batch."""
    share = bench.batch // 2
    sizes = ("--sizes", str(share), str(bench.batch))
    alone = bench.times("plain-1", 1, None, *sizes)
    with two_hosts() as hosts:
        together = bench.times("plain-2", 2, hosts)
    size = max(int(name.split()[1]) for name in together if name.startswith("reduce "))
    measured = [Measured(1, bench.batch, alone), Measured(2, share, together)]
    cost = fit(measured, size, bench.engine.crossings)
    assert cost is not None
    return cost, share


def judged(bench: Bench, links: Sequence[Link]) -> list[bool]:
    """Prints predicted and measured times, and whether they agree."""
    cost, share = fitted(bench)
    print(f"\n{bench.engine.title}: {cost.bytes:,} bytes of gradients; " + plain(cost, share))
    print("  latency  bandwidth   predicted    measured   off by")
    found = []
    for index, link in enumerate(links):
        predicted = cost.step(2, share, Link(link.latency_s, link.bandwidth / HEADERS))
        with two_hosts(link) as hosts:
            times = bench.times(f"link-{index}", 2, hosts, "--only", "step")["step"]
        measured = float(np.median([np.median(one) for one in times]))
        off = predicted / measured - 1
        found.append(abs(off) <= WITHIN)
        print(
            f"  {link.latency_s * 1e3:5.1f} ms {link.bandwidth * 8 / 1e6:5.0f} Mbit "
            f"{predicted / 1e3:8.1f} ms {measured / 1e3:8.1f} ms  {off:+7.1%}"
            f"{'' if found[-1] else '  MISSED'}",
            flush=True,
        )
        record = {"engine": bench.engine.name, "latency_s": link.latency_s}
        record |= {"bandwidth": link.bandwidth, "predicted_us": predicted, "measured_us": measured}
        with (bench.folder.parent / "scaling.jsonl").open("a") as file:
            file.write(json.dumps(record) + "\n")
    return found


def plain(cost: Cost, share: int) -> str:
    """What the fast link gives."""
    alone, together = cost.step(1, 2 * share) / 1e3, cost.step(2, share) / 1e3
    return f"a step of one worker {alone:.2f} ms, of two on a fast link {together:.2f} ms"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--model", default="mnist-mlp")
    arguments.add_argument("--engine", choices=ENGINES, nargs="+", default=ENGINES)
    arguments.add_argument("--batch-size", type=int, default=64)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--links", type=int, default=len(LINKS), help="only the first of them")
    options = arguments.parse_args()
    reason = why_not()
    if reason:
        sys.exit(f"Nothing was measured: {reason}.")
    model = load(options.model)
    recipe = Recipe(loss=model.loss, optimizer=SGD(), batch_size=options.batch_size)
    material = Material.of(model, Request(recipe, usual_data(model)))
    found = []
    with tempfile.TemporaryDirectory(prefix="isograd-") as folder:
        for framework, engine in chosen(options.engine):
            home = Path(folder)
            job = material.job(home / framework)
            bench = Bench(engine, job, home / engine.name, options.batch_size, options.rounds)
            found += judged(bench, LINKS[: options.links])
    print(f"\nWithin {WITHIN:.0%}: {sum(found)} of {len(found)} predictions.")
    sys.exit(0 if all(found) else 1)


if __name__ == "__main__":
    main()
