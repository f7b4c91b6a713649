"""A record as `isograd data` writes it."""

from __future__ import annotations

import json

from pages import poisoned

from isograd.feeding import Delivery, Equal, Feeding, Measured, Shuffle, Trap
from isograd.result import Comparison, Interval, NoiseFloor
from isograd.waiting import Fed, Spot

PLACES = [[place, (place * 7) % 100] for place in range(100)]


def measured(id: str, batch_us: float, ratio: float | None, shuffle: Shuffle) -> Measured:
    return Measured(
        id,
        "about it",
        status="ok",
        first_batch_s=0.4,
        peak_memory_mb=300.0,
        batch_us=Interval(batch_us, batch_us * 0.98, batch_us * 1.02),
        items_per_s=64e6 / batch_us,
        ratio=ratio and Comparison(id, "memory", ratio, ratio * 0.98, ratio * 1.02, "slower"),
        delivery=Delivery("exact", 1437),
        shuffle=shuffle,
    )


def make_feeding() -> Feeding:
    good = Shuffle(0.01, 0.99, 0.002, 1.02, 0.0014, [], PLACES)
    bad = Shuffle(0.83, 0.4, 0.025, 21.0, 0.0014, ["rank correlation", "label mix"], PLACES)
    slow = measured("torch/feed:slow", 130e3, 3500.0, good)
    slow.spots = [Spot("pipes.py:12", "__getitem__", 0.97)]
    return Feeding(
        "isograd data digits",
        "2026-01-01T00:00:00+00:00",
        {"name": "digits", "kind": "a named data set", "items": 1437, "bytes": 4_500_000},
        {"batch size": 64, "augmentation": "flip"},
        {"python": "3.11"},
        status="complete",
        model={"name": "lenet"},
        pipelines=[
            measured("memory", 37.0, None, good),
            measured("torch/batched", 180.0, 4.9, good),
            slow,
            measured("tensorflow/map", 520.0, 14.0, bad),
            Measured("tensorflow/indices", "about it", status="crashed", reason="it died"),
        ],
        noise=NoiseFloor(0.02, []),
        fed=[
            Fed("torch/eager", "memory", 37.0, 5e3, 5e3, 0.01, 0.01, 0.01, "fed"),
            Fed("torch/eager", "torch/batched", 180.0, 5e3, 5e3, 0.03, 0.02, 0.04, "fed"),
            Fed("torch/eager", "torch/feed:slow", 130e3, 5e3, 5e3, 0.96, 0.95, 0.97, "waits"),
            Fed("tensorflow/xla", "tensorflow/map", 520.0, reason="out of luck"),
        ],
        augmentation=[Equal("flip", True, 0.0, 0.0, "equivalent")],
        traps=[Trap("antialiasing", "on", "off", 54.0, 0.99, "Say it.")],
    )


def make_hostile() -> Feeding:
    """Markup in every string."""
    found = json.loads(make_feeding().to_json())
    free = {"source", "settings", "environment", "model"}
    for one in found["pipelines"]:
        one["shuffle"] = one["shuffle"] and {**one["shuffle"], "worse": []}
    fixed = {"id", "mode", "pipeline"}
    return Feeding.from_json(json.dumps(_poison(found, free, fixed)))


def _poison(found, free, fixed):
    made = poisoned(found, free=free)

    def put_back(value, original):
        if isinstance(value, dict):
            for key in fixed & set(value):
                value[key] = original[key]
            for inner, before in zip(value.values(), original.values(), strict=True):
                put_back(inner, before)
        elif isinstance(value, list):
            for inner, before in zip(value, original, strict=True):
                put_back(inner, before)

    put_back(made, found)
    return made
