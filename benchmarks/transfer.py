"""A sharded checkpoint of 4 GB through `transfer`, every matrix transposed: peak memory, and speed
against that of copying the files."""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.table import Table

from isograd.checkpoints import TensorInfo, write_safetensors
from isograd.ir import mapping_document
from isograd.ir.mapping import Array, Link, Permute, TensorMap, Transform

ROUNDS = 3
SHARD_SIZE = 1_000_000_000
SPARE = 3
"""Sizes of the checkpoint that must be free on the disk: itself, its twin, and room."""

ALLOWED_MB = 1024
ALLOWED_RATIO = 0.5


def layout(gigabytes: float) -> dict[str, TensorInfo]:
    """A language model in bfloat16: embedding, blocks, head; hidden size 4096."""
    shapes = {"embed.weight": (32000, 4096), "head.weight": (32000, 4096), "norm.weight": (4096,)}
    block = 0
    while sum(np.prod(shape) for shape in shapes.values()) * 2 < gigabytes * 1e9:
        for name in ("q", "k", "v", "o"):
            shapes[f"blocks.{block}.{name}.weight"] = (4096, 4096)
        for name, shape in (
            ("gate", (11008, 4096)),
            ("up", (11008, 4096)),
            ("down", (4096, 11008)),
        ):
            shapes[f"blocks.{block}.{name}.weight"] = shape
        block += 1
    return {name: TensorInfo("BF16", shape) for name, shape in shapes.items()}


def mapping(tensors: dict[str, TensorInfo]) -> str:
    """Every matrix but the embedding is transposed, as Keras keeps its kernels."""
    links = []
    for name, info in tensors.items():
        turned = len(info.shape) == 2 and not name.startswith("embed")
        steps = (Permute((1, 0)),) if turned else ()
        links.append(Link(name, name.replace("weight", "kernel"), Transform(steps)))
    map = TensorMap(tuple(links))
    return mapping_document.to_json(map, "torch", "tensorflow", list(tensors))


def make(folder: Path, gigabytes: float) -> list[Path]:
    """The checkpoint, of random bits, and its mapping."""
    tensors = layout(gigabytes)
    rng = np.random.default_rng(0)

    def produce(name: str) -> Array:
        return rng.integers(0, 1 << 16, tensors[name].shape, np.uint16)

    (folder / "mapping.json").write_text(mapping(tensors))
    return write_safetensors(folder / "model.safetensors", tensors, produce, shard_size=SHARD_SIZE)


def run_transfer(folder: Path) -> tuple[float, float]:
    """Seconds and peak memory in MiB of a transfer in a process of its own."""
    out = folder / "out"
    command = [sys.executable, __file__, "--child", str(folder), str(out)]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    shutil.rmtree(out)
    return answer["seconds"], answer["peak_mb"]


def run_copy(files: list[Path]) -> float:
    """Seconds of `shutil.copyfile` for all of them.

    What is timed follows a copy that is thrown away: it then finds the same in the page cache and
    memory that was just freed. A virtual machine may have to ask its host for any other, which
    takes several times as long as writing does.
    """
    with tempfile.TemporaryDirectory(dir=files[0].parent) as name:
        start = perf_counter()
        for file in files:
            shutil.copyfile(file, Path(name) / file.name)
        return perf_counter() - start


def child(folder: Path, out: Path) -> None:
    """One transfer, measured; prints JSON."""
    from isograd.run.transfer import transfer

    run_copy(sorted(folder.glob("*.safetensors*")))
    start = perf_counter()
    transfer(
        folder / "model.safetensors.index.json",
        folder / "mapping.json",
        "tensorflow",
        out / "model.safetensors",
        shard_size=SHARD_SIZE,
    )
    seconds = perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak}))


def main() -> None:
    """Prints the medians over `ROUNDS` interleaved rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=4.0)
    parser.add_argument("--folder", type=Path, help="where the files go; default: a temporary one")
    parser.add_argument("--child", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(*options.child)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        if shutil.disk_usage(folder).free < SPARE * options.gigabytes * 1e9:
            raise SystemExit(f"{SPARE * options.gigabytes:.0f} GB must be free in {folder.parent}.")
        report(folder, make(folder, options.gigabytes))


def report(folder: Path, files: list[Path]) -> None:
    """Measures and prints."""
    size = sum(file.stat().st_size for file in files)
    copies, transfers = [], []
    for _ in range(ROUNDS):
        run_copy(files)
        copies.append(run_copy(files))
        transfers.append(run_transfer(folder))
    copy_s, transfer_s = median(copies), median(seconds for seconds, _ in transfers)
    peak = max(peak for _, peak in transfers)
    console = Console(width=100)
    table = Table("", "MB/s", "seconds, each round", box=None)
    table.add_row("copy", f"{size / copy_s / 1e6:.0f}", ", ".join(f"{s:.1f}" for s in copies))
    seconds = ", ".join(f"{s:.1f}" for s, _ in transfers)
    table.add_row("transfer", f"{size / transfer_s / 1e6:.0f}", seconds)
    console.print(f"{size / 1e9:.2f} GB in {len(files) - 1} shards")
    console.print(table)
    ratio = copy_s / transfer_s
    good = "yes" if ratio >= ALLOWED_RATIO else "no"
    console.print(f"speed of a copy: {ratio:.2f}; half or more: {good}", highlight=False)
    good = "yes" if peak < ALLOWED_MB else "no"
    console.print(f"peak memory: {peak:.0f} MiB; under {ALLOWED_MB}: {good}", highlight=False)


if __name__ == "__main__":
    main()
