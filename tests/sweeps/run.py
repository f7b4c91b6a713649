"""Proves every network of every corpus, each in a process of its own, and writes a table.

    python tests/sweeps/run.py                      everything
    python tests/sweeps/run.py torch keras          these corpora
    python tests/sweeps/run.py torch/resnet18       these networks

Rows are written as they come, to ``isograd-runs/sweep-<time>-<process>/rows.jsonl``; the table
stands beside them. Ends with 1 if a network is not proven equivalent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
SECONDS = 900
"""A network may take so long."""

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "PYTHONWARNINGS": "ignore",
}


def corpora() -> dict[str, list[str]]:
    """Corpus to its networks."""
    from keras_networks import APPLICATIONS
    from keras_networks import NETWORKS as KERAS_NETWORKS
    from torch_networks import NETWORKS

    found = {
        "torch": list(NETWORKS),
        "keras": list(KERAS_NETWORKS),
        "applications": list(APPLICATIONS),
    }
    if find_spec("transformers"):
        from huggingface import ARCHITECTURES

        found["huggingface"] = list(ARCHITECTURES)
    return found


def chosen(words: list[str]) -> Iterator[tuple[str, str]]:
    """(corpus, network) for each that the words name; all of them for no words."""
    for corpus, names in corpora().items():
        for name in names:
            if not words or corpus in words or f"{corpus}/{name}" in words:
                yield corpus, name


ALONE = Lock()
"""Held by networks of many million parameters: two proofs of such would not fit into memory."""


def prove(pair: tuple[str, str]) -> dict[str, Any]:
    """The row of one network, from a process of its own."""
    with ALONE if pair[0] == "applications" else nullcontext():
        return _proven(*pair)


def _proven(corpus: str, name: str) -> dict[str, Any]:
    command = [sys.executable, str(HERE / "one.py"), corpus, name]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env={**os.environ, **ENVIRONMENT},
            check=True,
        )
        return json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        reason = f"no answer for {SECONDS} s"
    except subprocess.CalledProcessError as error:
        reason = " ".join(error.stderr.strip().splitlines()[-1:])
    return {"corpus": corpus, "network": name, "verdict": "failed", "reason": reason}


def markdown(rows: list[dict[str, Any]]) -> str:
    """The table, and how many of each corpus passed."""
    lines = ["| corpus | network | parameters | verdict | worst | import | total | reason |"]
    lines += ["|---|---|---:|---|---:|---:|---:|---|"]
    for row in rows:
        cells = [row["corpus"], row["network"], f"{row.get('parameters', 0):,}", row["verdict"]]
        cells += [f"{row.get('ratio', float('nan')):.1f}x"]
        cells += [f"{row.get(key, float('nan')):.1f} s" for key in ("import_s", "total_s")]
        lines.append(f"| {' | '.join([*cells, row['reason'].replace('|', '/')])} |")
    return "\n".join([*summary(rows), "", *lines]) + "\n"


def summary(rows: list[dict[str, Any]]) -> list[str]:
    """One line for each corpus."""
    return [
        f"- {corpus}: {sum(r['verdict'] == 'equivalent' for r in own)} of {len(own)} equivalent"
        for corpus in dict.fromkeys(row["corpus"] for row in rows)
        if (own := [row for row in rows if row["corpus"] == corpus])
    ]


def main() -> None:
    folder = Path("isograd-runs") / f"sweep-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}"
    folder.mkdir(parents=True)
    console = Console()
    rows: list[dict[str, Any]] = []
    pairs = list(chosen(sys.argv[1:]))
    with ThreadPoolExecutor(os.cpu_count()) as pool, (folder / "rows.jsonl").open("w") as log:
        for number, row in enumerate(pool.map(prove, pairs), start=1):
            rows.append(row)
            log.write(json.dumps(row) + "\n")
            log.flush()
            style = "green" if row["verdict"] == "equivalent" else "red"
            console.print(
                f"{number:>3}/{len(pairs)} {row['corpus']}/{row['network']} "
                f"[{style}]{row['verdict']}[/{style}] {row['reason'][:200]}",
                highlight=False,
            )
    (folder / "table.md").write_text(markdown(rows))
    table = Table("corpus", "equivalent", "of")
    for line in summary(rows):
        corpus, counts = line.removeprefix("- ").split(": ")
        table.add_row(corpus, counts.split()[0], counts.split()[2])
    console.print(table, f"[dim]written[/dim] {folder / 'table.md'}")
    raise SystemExit(int(any(row["verdict"] != "equivalent" for row in rows)))


if __name__ == "__main__":
    main()
