"""Why a form of lower precision is no faster: only what the machine and the measurement show."""

from __future__ import annotations

from collections.abc import Collection

UNITS: dict[str, tuple[str, ...]] = {
    "bfloat16": ("avx512_bf16", "amx_bf16"),
    "int8": ("avx_vnni", "avx512_vnni", "amx_int8"),
}
"""Precision to the instruction sets with its dot products, as Linux names them.

Source: Intel 64 and IA-32 Architectures Software Developer's Manual: VDPBF16PS (avx512_bf16),
VPDPBUSD (both vnni), TDPBF16PS and TDPBUSD (amx)."""

SMALL = 0.5
"""Below this share of a call, making products free would not make the call twice as fast."""


def reason(
    precision: str,
    batch: int,
    baseline_ms: float,
    flops: int | None,
    rate: float,
    instructions: Collection[str],
) -> str:
    """Sentences for a form of ``precision`` that is slower than float32 at ``batch`` examples;
    empty where nothing was found that explains it.

    ``baseline_ms`` is what a float32 call takes, ``flops`` what one example needs, ``rate`` the
    machine's float32 operations per second (`isograd.measure.environment.sgemm_rate`), and
    ``instructions`` the processor's.
    """
    if precision not in UNITS:
        return ""
    found = [_share(precision, batch, baseline_ms, flops, rate), _missing(precision, instructions)]
    return " ".join(filter(None, found))


def _share(precision: str, batch: int, baseline_ms: float, flops: int | None, rate: float) -> str:
    """Products cannot take longer than at the rate of large ones allows, give or take: where that
    is a small part of the call, the rest is not arithmetic that a precision makes cheaper."""
    if not flops or not rate or not baseline_ms:
        return ""
    arithmetic_ms = 1e3 * flops * batch / rate
    share = arithmetic_ms / baseline_ms
    if share >= SMALL:
        return ""
    return (
        f"At batch {batch} its arithmetic would take {arithmetic_ms * 1e3:.2g} us at the "
        f"{rate / 1e9:.3g} GFLOP/s that float32 reaches here in large products, {share:.0%} of the "
        f"baseline's call: cheaper products gain little of it, and {precision} adds conversions."
    )


def _missing(precision: str, instructions: Collection[str]) -> str:
    """What the processor lacks; without a list of its instruction sets nothing is said."""
    units = UNITS[precision]
    if not instructions or any(unit in instructions for unit in units):
        return ""
    return (
        f"This processor has no single instruction for dot products of {precision} (neither "
        f"{' nor '.join(units)}): several do the work of one."
    )
