"""A sweep as `isograd sweep` writes it, with times by a known law, and variants of it."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace

from pages import poisoned

from isograd.result import Interval
from isograd.sweeping.cell import Cell, Conditions, Network, key_of
from isograd.sweeping.races import races
from isograd.sweeping.record import Outcome, Sweep, Timing

MODES = {
    "torch/eager": lambda b: 620 + 4.1 * b,
    "torch/jit": lambda b: 540 + 4.1 * b,
    "torch/compile": lambda b: 330 + 3.9 * b,
    "tensorflow/eager": lambda b: 3300 + 4.6 * b,
    "tensorflow/session": lambda b: 560 + 2.6 * b,
    "tensorflow/function": lambda b: 720 + 2.6 * b,
}
"""Microseconds of a step with a batch: TensorFlow's session overtakes PyTorch's compile at 177."""

BATCHES = (1, 8, 32, 128, 512, 2048)
CONDITIONS = Conditions()
FACTORS = {"mnist-mlp": (1.0, 1.0), "lenet": (2.0, 1.0)}
"""Network to what its times are multiplied with, and those of TensorFlow on top."""


def make_sweep(models=tuple(FACTORS), seeds=(0,), **more) -> Sweep:
    networks = {model: Network(model) for model in models}
    cells = [
        Cell(model, *name.split("/"), batch, seed=seed)
        for seed in seeds
        for model in models
        for batch in BATCHES
        for name in MODES
    ]
    keys = {key_of(cell, networks[cell.model], CONDITIONS): cell for cell in cells}
    sweep = Sweep(
        command="isograd sweep grid.toml",
        created="2026-11-25T11:02:11+00:00",
        grid="grid.toml",
        networks=networks,
        conditions=CONDITIONS,
        cells=keys,
        environment={"processor": "AMD EPYC 9354 32-Core Processor", "python": "3.11.4"},
        status="complete",
        outcomes=[make_outcome(key, cell) for key, cell in keys.items()],
        **more,
    )
    sweep.races = races(sweep.outcomes)
    return sweep


def make_outcome(key: str, cell: Cell) -> Outcome:
    baseline = replace(cell, framework="torch", mode="eager")
    if cell.mode == "eager" and cell.framework == "tensorflow" and cell.batch_size == 2048:
        return Outcome(
            key,
            cell,
            "out of memory",
            "The worker was killed, most likely for want of memory.",
            attempts=["out of memory: The worker was killed."] * 2,
            baseline=baseline,
            log="tcmalloc: large alloc",
        )
    return Outcome(
        key,
        cell,
        "ok",
        baseline=baseline,
        host="here",
        processor="AMD EPYC 9354 32-Core Processor",
        step=make_timing(cell, baseline, 1.0),
        inference=make_timing(cell, baseline, 0.3),
        import_s=1.4,
        build_s=0.02,
        first_call_s=11.8 if cell.mode == "compile" else 0.1,
        peak_memory_mb=400 + cell.batch_size / 8,
        losses=[2.3, 2.1, 1.9],
        outputs=0.8,
        training=3.1,
        agreement="agrees",
        seconds=9.0,
    )


def make_timing(cell: Cell, baseline: Cell, factor: float) -> Timing:
    generator = random.Random(f"{cell} {factor}")
    drift = [generator.lognormvariate(0, 0.1) for _ in range(24)]
    process = generator.lognormvariate(0, 0.004)
    own = [_us(cell) * factor * process * d * generator.lognormvariate(0, 0.01) for d in drift]
    other = [_us(baseline) * factor * d * generator.lognormvariate(0, 0.01) for d in drift]
    middle = sorted(own)[12]
    return Timing(Interval(middle, middle * 0.97, middle * 1.03), own, other)


def _us(cell: Cell) -> float:
    all_of, tensorflows = FACTORS[cell.model]
    own = tensorflows if cell.framework == "tensorflow" else 1.0
    return MODES[f"{cell.framework}/{cell.mode}"](cell.batch_size) * all_of * own


def make_hostile() -> Sweep:
    """Every text of a sweep is markup, and numbers are what they should not be."""
    sweep = make_sweep(models=("mnist-mlp",))
    sweep.outcomes[0].outputs = math.inf
    hostile = Sweep.from_json(json.dumps(poisoned(json.loads(sweep.to_json()))))
    hostile.races = races(hostile.outcomes)
    return hostile
