"""Why a form is slower than the baseline: from its figures, and from what the machine has."""

from __future__ import annotations

from isograd.deploy.slower import SMALL, UNITS, reason
from isograd.frontier import Frontier, Point
from isograd.notation import numbers


def explain(point: Point, found: Frontier) -> None:
    """Writes into `Point.because` why it is slower, for the first batch size at which it is;
    nothing where it is not, or where nothing was found that explains it."""
    slow = next((o for o in point.latencies if o.ratio and o.ratio.verdict == "slower"), None)
    point.because = ""
    if slow is None or slow.ratio is None:
        return
    usual_ms = slow.p50_ms / slow.ratio.ratio  # at the same time
    flops = next((v.flops for v in found.variants if v.name == point.variant), None)
    rate = float(found.environment.get("sgemm_rate") or 0.0)
    if point.precision in UNITS:
        instructions = found.environment.get("instructions") or ()
        point.because = reason(point.precision, slow.batch, usual_ms, flops, rate, instructions)
    else:
        point.because = _around(slow.batch, slow.p50_ms, flops, rate)


def _around(batch: int, call_ms: float, flops: int | None, rate: float) -> str:
    """Of a float32 form: where arithmetic is a small part of its call, the difference is made by
    what its runtime does around it."""
    if not flops or not rate or not call_ms:
        return ""
    arithmetic_ms = 1e3 * flops * batch / rate
    if arithmetic_ms / call_ms >= SMALL:
        return ""
    call, arithmetic = (numbers.time(1e3 * ms) for ms in (call_ms, arithmetic_ms))
    return (
        f"{1 - arithmetic_ms / call_ms:.0%} of a call of {call} (batch of {batch}) is what its "
        f"runtime does around the arithmetic, which takes {arithmetic} at the rate of large "
        "float32 products here."
    )
