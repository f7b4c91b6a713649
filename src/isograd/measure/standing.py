"""Who leads a group of modes, by the comparisons that were measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from isograd.result import Comparison, Mode, Result, SpeedVerdict

NOISY = 0.05
"""A noise floor above this fraction hides differences that people care about."""

OPPOSITE: dict[SpeedVerdict, SpeedVerdict] = {"faster": "slower", "slower": "faster"}


@dataclass(frozen=True)
class Standing:
    """``leaders`` are the mode with the shortest step and all that it is not measurably faster
    than, ``others`` the rest, both by step time. ``tied`` tells `no measurable difference` among
    the leaders from `inconclusive`."""

    leaders: tuple[Mode, ...]
    others: tuple[Mode, ...]
    tied: bool

    @property
    def decided(self) -> bool:
        """Whether there is exactly one leader, and somebody to lead."""
        return len(self.leaders) == 1 and bool(self.others)


def is_fair(result: Result) -> bool:
    """Whether the fairness gate was reached and every condition holds."""
    return bool(result.fairness) and all(check.passed for check in result.fairness)


def standing(result: Result, modes: Sequence[Mode]) -> Standing:
    """Sorts modes that have a step time into leaders and others."""
    ordered = sorted(modes, key=lambda m: m.step_us.median if m.step_us else float("inf"))
    best, *rest = ordered
    verdicts = {mode.label: _verdict(result, best, mode) for mode in rest}
    close = [mode for mode in rest if verdicts[mode.label] != "faster"]
    return Standing(
        leaders=(best, *close),
        others=tuple(mode for mode in rest if verdicts[mode.label] == "faster"),
        tied=all(verdicts[mode.label] == "no measurable difference" for mode in close),
    )


def between(result: Result, a: str, b: str) -> Comparison | None:
    """Step time of ``a`` over that of ``b``: as measured, the other way round, or through a third
    mode that both were measured against; None if nothing connects them."""
    return _measured(result, a, b) or _through(result, a, b)


def _verdict(result: Result, a: Mode, b: Mode) -> SpeedVerdict:
    found = between(result, a.label, b.label)
    return found.verdict if found else "inconclusive"


def _measured(result: Result, a: str, b: str) -> Comparison | None:
    for found in result.comparisons:
        if found.verdict == "could not run":
            continue
        if (found.a, found.b) == (a, b):
            return found
        if (found.a, found.b) == (b, a):
            verdict = OPPOSITE.get(found.verdict, found.verdict)
            return Comparison(a, b, 1 / found.ratio, 1 / found.high, 1 / found.low, verdict)
    return None


def _through(result: Result, a: str, b: str) -> Comparison | None:
    """Interval arithmetic over two measured ratios. Two 95 % intervals hold together with at least
    90 % (Bonferroni); where their errors are independent, the extremes of both hold with 99 %."""
    for pivot in (mode.label for mode in result.modes if mode.label not in (a, b)):
        first, second = _measured(result, a, pivot), _measured(result, b, pivot)
        if first and second:
            low, high = first.low / second.high, first.high / second.low
            verdict = _judge(low, high, result)
            return Comparison(a, b, first.ratio / second.ratio, low, high, verdict)
    return None


def _judge(low: float, high: float, result: Result) -> SpeedVerdict:
    if result.noise_floor is None:
        return "inconclusive"
    from isograd.measure.stats import verdict  # here, because most results never need it

    return verdict(low, high, result.noise_floor.fraction)
