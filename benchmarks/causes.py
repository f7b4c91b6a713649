"""Does `prove REFERENCE TWIN` find what was planted, and nothing where nothing was?

Every known cause is planted in small networks, alone and in pairs, in graphs and in recipes. Both
networks are emitted, one in each framework, and read back as their owners' own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.table import Table

from causes_runs import Run, run_one
from planted_networks import NETWORKS
from plants import plants_in
from recipe_plants import recipe_plants

PROCESSES = 2
LIFETIME = 40
"""Runs in one process: frameworks keep what they once compiled."""

FRAMEWORKS = ("torch", "tensorflow")
ONLY_IN = {
    "rnn-double-bias": "tensorflow",
    "gru-reset-after": "tensorflow",
    "flatten-order": "torch",
}
"""Forms that PyTorch's own layers have not; and Keras' own flatten is read with its weights in the
order of PyTorch's."""

UNPLANTED, PAIRS, PLACES = 200, 60, 2
NEEDED = {"detected": 1.0, "right node": 0.95, "right cause": 0.9, "nothing where nothing is": 1.0}


def runs(rng: random.Random, quick: bool) -> list[Run]:
    """Each entry at a few places in all directions, random pairs, and networks with nothing; so
    ordered that each kind has its share of any beginning."""
    share = 10 if quick else 1
    planned: list[tuple[float, Run]] = []
    places = list(_places())
    for group in _grouped(places).values():
        spots = _some(group, rng, quick)
        for number, (network, plant) in enumerate(spots):
            run = _directed(network, (plant,), number + len(planned))
            planned.append((number / len(spots), run))
    for number in range(PAIRS // share):
        network = rng.choice(list(NETWORKS))
        mine = _grouped(spot for spot in places if spot[0] == network)
        graphs = [name for name in sorted(mine) if mine[name][0][1].startswith("graph")]
        first = rng.choice(graphs)
        second = rng.choice([name for name in sorted(mine) if name != first])
        pair = tuple(rng.choice(mine[name])[1] for name in (first, second))
        planned.append((number / (PAIRS // share), _directed(network, pair, number)))
    for number in range(UNPLANTED // share):
        network = list(NETWORKS)[number % len(NETWORKS)]
        first = FRAMEWORKS[number // len(NETWORKS) % 2]
        run = Run(network, (), number, first, disguise=True)
        planned.append((number / (UNPLANTED // share), run))
    return [run for _, run in sorted(planned, key=lambda one: one[0])]


def _directed(network: str, plants: tuple[str, ...], number: int) -> Run:
    """In one of the four directions."""
    turned = number // 2 % 2 == 1
    reference = FRAMEWORKS[number % 2]
    homes = [ONLY_IN[plant.split(":")[1]] for plant in plants if plant.split(":")[1] in ONLY_IN]
    for home in homes[:1]:
        other = next(name for name in FRAMEWORKS if name != home)
        reference = home if turned else other
    return Run(network, plants, number, reference, turned)


def _places() -> Iterator[tuple[str, str]]:
    """Every network with every plant that it has a place for: ``graph:id:number``."""
    for name, network in NETWORKS.items():
        graph = network.make()
        for number, planted in enumerate(plants_in(graph, network.loss)):
            yield name, f"graph:{planted.id}:{number}"
        classes = graph.type_of(graph.outputs[0]).shape[-1]
        for plant in recipe_plants(network.loss, classes):
            yield name, f"recipe:{plant.id}:0"


def _grouped(places: Iterable[tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
    groups = defaultdict(list)
    for name, plant in places:
        groups[plant.split(":")[1]].append((name, plant))
    return groups


def _some(group: list[tuple[str, str]], rng: random.Random, quick: bool) -> list[tuple[str, str]]:
    """A few of an entry's places, in as many networks as there are."""
    rng.shuffle(group)
    seen: dict[str, tuple[str, str]] = {}
    for name, plant in group:
        seen.setdefault(name, (name, plant))
    chosen = [*seen.values(), *(spot for spot in group if spot not in seen.values())]
    wanted = 1 if quick else PLACES if group[0][1].startswith("recipe") else 2 * PLACES
    return (chosen * wanted)[:wanted]


# Counting ---------------------------------------------------------------------------------------


@dataclass
class Count:
    """How often something was asked for, and how often it was right."""

    asked: int = 0
    right: int = 0
    misses: list[str] = field(default_factory=list)

    def add(self, right: bool, miss: str) -> None:
        self.asked += 1
        self.right += right
        if not right:
            self.misses.append(miss)

    @property
    def share(self) -> float:
        return self.right / self.asked if self.asked else 1.0


def measured(rows: Sequence[dict[str, Any]]) -> dict[str, Count]:
    """The four measures."""
    found = {name: Count() for name in NEEDED}
    for row in rows:
        if row["error"].startswith("NoPlace"):
            continue
        said = f"{row['label']}: {row['verdict']} {[c['id'] for c in row['causes']]} {row['rest']}"
        if not row["planted"]:
            found["nothing where nothing is"].add(row["verdict"] != "different", said)
            continue
        found["detected"].add(row["detected"], said)
        for one in row["planted"]:
            found["right cause"].add(one["named"], f"{one['id']} in {said}")
            if one["placed"] is not None:
                places = [c["nodes"] for c in row["causes"]]
                found["right node"].add(one["placed"], f"{one['id']} in {said} at {places}")
    return found


def by_entry(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, Count]]:
    """Detected, at the right node, by the right name, for each entry that was planted alone."""
    found: dict[str, dict[str, Count]] = defaultdict(lambda: defaultdict(Count))
    for row in rows:
        for one in row["planted"] if len(row["planted"]) == 1 else ():
            found[one["id"]]["detected"].add(row["detected"], "")
            found[one["id"]]["right cause"].add(one["named"], "")
            if one["placed"] is not None:
                found[one["id"]]["right node"].add(one["placed"], "")
    return found


def show(rows: Sequence[dict[str, Any]], console: Console) -> bool:
    """Prints the tables; whether everything is as it must be."""
    table = Table("cause", "detected", "right node", "right cause")
    for name, counts in sorted(by_entry(rows).items()):
        cells = (counts[one] for one in ("detected", "right node", "right cause"))
        table.add_row(name, *(f"{c.right}/{c.asked}" if c.asked else "-" for c in cells))
    console.print(table)
    totals = measured(rows)
    for name, count in totals.items():
        console.print(f"{name}: {count.right} of {count.asked}, needed {NEEDED[name]:.0%}")
        for miss in count.misses:
            console.print(f"  {miss}", markup=False, highlight=False)
    errors = [row["label"] for row in rows if row["error"]]
    console.print(f"{len(rows)} runs, {len(errors)} could not be run: {errors}", markup=False)
    return all(count.share >= NEEDED[name] for name, count in totals.items())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of it")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="ids or networks, by commas")
    parser.add_argument("--resume", action="store_true", help="keep the rows that are there")
    parser.add_argument("--out", type=Path, default=Path("isograd-runs/causes.jsonl"))
    arguments = parser.parse_args()
    wanted = {*arguments.only.split(",")} - {""}
    planned = runs(random.Random(arguments.seed), arguments.quick)
    planned = [one for one in planned if not wanted or wanted & {one.network, *one.ids}]
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    known = _known(arguments.out) if arguments.resume else {}
    arguments.out.write_text("".join(f"{json.dumps(row)}\n" for row in known.values()))
    left = [one for one in planned if one.label not in known]
    rows = [*known.values(), *carried_out(left, arguments.out)]
    return 0 if show(rows, Console()) else 1


def _known(out: Path) -> dict[str, dict[str, Any]]:
    """The rows of an earlier call, by what was run."""
    lines = out.read_text().splitlines() if out.exists() else []
    return {row["label"]: row for row in map(json.loads, lines)}


def carried_out(planned: Sequence[Run], out: Path) -> Iterator[dict[str, Any]]:
    """The rows, as they come; each is written at once."""
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[name] = "1"
    os.environ |= {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1"}
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    context = multiprocessing.get_context("spawn")
    start = perf_counter()
    with (
        out.open("a", encoding="utf-8") as file,
        context.Pool(PROCESSES, maxtasksperchild=LIFETIME) as pool,
    ):
        for done, found in enumerate(pool.imap_unordered(run_one, planned), start=1):
            row = asdict(found)
            file.write(json.dumps(row) + "\n")
            file.flush()
            minutes = (perf_counter() - start) / 60
            print(f"{done}/{len(planned)} {minutes:.1f} min", file=sys.stderr, end="\r")
            yield row


if __name__ == "__main__":
    sys.exit(main())
