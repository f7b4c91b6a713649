"""A record as `isograd finetune` writes it, and one as `isograd pretrain` does."""

from __future__ import annotations

import json

import numpy as np
from pages import poisoned

from isograd.result import Comparison, Mode, NoiseFloor, Proof, Stage
from isograd.run.stepwise import held_against
from isograd.tuning import Method, Sample, Training, Tuning

MODES = ("torch/eager", "tensorflow/function")
STEPS = 40


def make_finetuning() -> Tuning:
    methods = [_method("full", 1000), _method("lora-8", 50)]
    methods[1].merged = dict.fromkeys(MODES, 1e-15)
    found = _record("fine-tuning", methods)
    found.comparisons += [
        Comparison(f"lora-8 {mode}", f"full {mode}", 0.8, 0.75, 0.85, "faster") for mode in MODES
    ]
    return found


def make_pretraining() -> Tuning:
    found = _record("pretraining", [_method("gpt", 1000, seeds=(0,), quality=-0.8)])
    found.model["kind"] = "gpt"
    found.samples = [Sample(mode, "Every Sunday,", " Jonas went home.") for mode in MODES]
    return found


def make_hostile() -> Tuning:
    """Markup in every string; what labels refer to stays consistent."""
    raw = json.loads(make_finetuning().to_json())
    free = {"model", "data", "training", "environment"}
    poison = poisoned(raw, free=free) | {"kind": raw["kind"]}
    for method, original in zip(poison["methods"], raw["methods"], strict=True):
        for course, other in zip(method["courses"], original["courses"], strict=True):
            course["quality_verdict"] = other["quality_verdict"]
    found = Tuning.from_json(json.dumps(poison))
    for method in found.methods:
        labels = [mode.label for mode in method.modes]
        for one in (*method.trainings, *method.courses):
            one.mode = labels[one.mode.startswith("tensorflow")]
    return found


def _record(kind, methods) -> Tuning:
    return Tuning(
        kind=kind,
        command="isograd finetune checkpoint",
        created="2026-01-01T00:00:00+00:00",
        model={"name": "BertForSequenceClassification"},
        data={"name": "reviews"},
        training={"epochs": 2},
        environment={"python": "3.11"},
        status="complete",
        verdict="equivalent",
        reference=MODES[0],
        methods=methods,
        comparisons=[
            Comparison(f"{m.name} {MODES[1]}", f"{m.name} {MODES[0]}", 0.9, 0.88, 0.93, "faster")
            for m in methods
        ],
        noise_floor=NoiseFloor(0.02, []),
        step_us={f"{m.name} {mode}": 9000.0 for m in methods for mode in MODES},
        written={"full": "full/checkpoint"},
    )


def _method(name, trained, seeds=(0, 1, 2), quality=0.9) -> Method:
    trainings = [_training(mode, seed, quality) for seed in seeds for mode in MODES]
    trainings += [_training(MODES[0], seed, quality, disturbed=1) for seed in seeds]
    method = Method(name, "all weights", 1050, trained, 2 * trained, trainings=trainings)
    method.modes = [_mode(label) for label in MODES]
    method.courses = [
        held_against(MODES[1], method.of(MODES[1]), method.of(MODES[0]), method.disturbed)
    ]
    return method


def _training(mode, seed, quality, disturbed=None) -> Training:
    moved = 1e-6 * (mode == MODES[1]) + 1e-6 * (disturbed is not None)
    losses = 0.7 * np.exp(-np.arange(STEPS) / 20) + 0.01 * seed + moved
    ends = [quality - 0.2, quality + 0.01 * seed]
    return Training(mode, seed, disturbed, losses.tolist(), ends, 1.0)


def _mode(label) -> Mode:
    framework, mode = label.split("/")
    stages = [Stage("forward", "equivalent", 1e-15, 1e-15, 1e-15, 1.0, "outputs")]
    found = Mode(framework, mode, status="ok", verdict="equivalent")
    found.proof = Proof("equivalent", stages, 1000)
    return found
