"""Which forms are on the front: no other one is at least as good in all, and better in one."""

from __future__ import annotations

from collections.abc import Sequence

from isograd.frontier import Point


def mark(points: Sequence[Point], noise: float, batch: int) -> None:
    """Sets `Point.pareto`: quality and size as they are, latency with ``batch`` examples as a
    ratio to the baseline's. ``noise`` is the noise floor as a fraction: forms whose latencies it
    cannot tell apart share the front.
    """
    placed = [(point, _place(point, batch)) for point in points]
    for point, place in placed:
        others = (other for _, other in placed)
        point.pareto = place is not None and not any(
            other is not None and _dominates(other, place, noise) for other in others
        )


Place = tuple[float, int, float]
"""Quality, size, and latency over the baseline's."""


def _place(point: Point, batch: int) -> Place | None:
    """None for what has no place: it did not run, or computes something else."""
    latency = point.latency(batch)
    if point.status != "ok" or point.verdict == "different":
        return None
    if latency is None or point.quality is None or point.size is None:
        return None
    return point.quality, point.size, latency.ratio.ratio if latency.ratio else 1.0


def _dominates(a: Place, b: Place, noise: float) -> bool:
    """Whether ``a`` leaves no reason to take ``b``.

    Quality and size are compared as they are, latency with a margin. So no ring of forms can push
    each other off the front: along one, quality and size would have to stay the same, and latency
    to fall by more than the margin each time.
    """
    margin = 1.0 + noise
    no_worse = a[0] >= b[0] and a[1] <= b[1] and a[2] <= b[2] * margin
    return no_worse and (a[0] > b[0] or a[1] < b[1] or a[2] * margin < b[2])
