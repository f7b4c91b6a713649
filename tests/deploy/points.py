"""Points that were never measured, for tests of what is made of them."""

from __future__ import annotations

from isograd.frontier import Frontier, Latency, Point
from isograd.measure.stats import verdict
from isograd.result import Comparison, NoiseFloor

BASELINE = "dense/torch/eager"


def point(
    id: str = BASELINE,
    *,
    quality: float = 0.97,
    size: int = 400_000,
    ratio: float = 1.0,
    noise: float = 0.05,
    **more: object,
) -> Point:
    variant, _, candidate = id.partition("/")
    against = None
    if id != BASELINE:
        low, high = ratio * 0.98, ratio * 1.02
        against = Comparison(id, BASELINE, ratio, low, high, verdict(low, high, noise))
    found = Point(
        variant,
        candidate,
        "mode",
        "torch",
        "int8" if "int8" in id else "float32",
        command=f"isograd optimize net --only {id}",
        status="ok",
        quality=quality,
        lost=100 * (0.97 - quality),
        agreement=0.999,
        size=size,
        cold_start_s=1.5,
        peak_memory_mb=200.0,
        latencies=[
            Latency(batch, ratio * scale, ratio * scale, ratio * scale, batch / ratio, against)
            for batch, scale in ((1, 0.8), (8, 2.0))
        ],
    )
    for name, value in more.items():
        setattr(found, name, value)
    return found


def frontier(*points: Point, noise: float = 0.05) -> Frontier:
    return Frontier(
        command="isograd optimize net",
        created="2026-01-01T00:00:00+00:00",
        model={"name": "net", "reference": "net"},
        data={"name": "digits"},
        training={},
        environment={},
        baseline=BASELINE,
        batches=[1, 8],
        noise={batch: NoiseFloor(noise, []) for batch in (1, 8)},
        points=list(points),
    )
