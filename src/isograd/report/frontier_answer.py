"""What a frontier comes to, in sentences. The page and the terminal say the same ones."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from isograd.deploy.search import DENSE
from isograd.frontier import ALLOWED, Frontier, Latency, Point
from isograd.notation import numbers
from isograd.notation.names import enumeration, title


@dataclass(frozen=True)
class Fact:
    """One figure of the answer; ``point`` is what has it, None where nothing stands out."""

    term: str
    figure: str
    words: str
    point: Point | None = None


@dataclass(frozen=True)
class Duel:
    """The best form of each framework, with its figure, in size or in the latency of a ``batch``;
    ``winner`` is None where they do not differ by more than noise."""

    batch: int | None
    sides: list[tuple[Point, str]]
    winner: str | None
    words: str

    @property
    def quantity(self) -> str:
        """What it is about."""
        return "size" if self.batch is None else f"latency, batch of {self.batch}"


WORTH_TELLING = 1.05
"""A gain below this factor reads as 1.0× and is no headline."""


def name(point: Point) -> str:
    """``PyTorch int8-static, structured-50``."""
    return f"{title(framework(point))} {form(point)}"


def form(point: Point) -> str:
    """``int8-static, structured-50``."""
    own = point.candidate.partition("/")[2] or point.candidate
    return own if point.variant == DENSE else f"{own}, {point.variant}"


def framework(point: Point) -> str:
    """Who built it."""
    return point.candidate.partition("/")[0]


def baseline(found: Frontier) -> Point | None:
    """The point that all others are held against, if it has been reached."""
    return next((one for one in found.points if one.id == found.baseline), None)


def affordable(found: Frontier) -> list[Point]:
    """What may be named in the answer: it ran, is what it should be, and costs at most `ALLOWED`
    points. Where accuracy was not measured, only a proven form of the baseline's own network."""
    return [point for point in found.points if _is_affordable(found, point)]


def _is_affordable(found: Frontier, point: Point) -> bool:
    if point.status != "ok" or point.verdict not in (None, "equivalent"):
        return False
    if point.id == found.baseline:
        return True
    if point.lost is not None:
        return point.lost <= ALLOWED
    return point.verdict == "equivalent" and point.variant == found.baseline.partition("/")[0]


def smallest(points: list[Point]) -> Point | None:
    """The one with the least to ship."""
    return min((p for p in points if p.size), key=lambda p: p.size or 0, default=None)


def fastest(points: list[Point], batch: int) -> Point | None:
    """The one with the least time over the baseline's, both measured in turns."""
    timed = [(relative(latency), p) for p in points if (latency := p.latency(batch))]
    return min(timed, key=lambda pair: pair[0][1], default=(None, None))[1]


def relative(latency: Latency) -> tuple[float, float, float]:
    """Time over the baseline's: low, middle and high."""
    ratio = latency.ratio
    return (ratio.low, ratio.ratio, ratio.high) if ratio else (1.0, 1.0, 1.0)


def headline(found: Frontier) -> str:
    """The whole answer in a few words."""
    ran = any(point.status == "ok" for point in found.points)
    if not ran:
        return "Nothing could be measured." if found.points else "Nothing is measured yet."
    if found.target:
        return _target(found)
    gains = [*_smaller(found), *_faster(found)]
    cost = f"for at most {ALLOWED} points of accuracy"
    if not gains:
        return f"Nothing was found that is smaller or faster {cost}."
    return f"Up to {' and '.join(gains)}, {cost}."


def _target(found: Frontier) -> str:
    if answer(found):
        return f"Reached: {found.target}."
    so_far = " so far" if found.status == "partial" else ""
    return f"Not reached{so_far}: {found.target}."


def answer(found: Frontier) -> Point | None:
    """What reached the target."""
    return next((one for one in found.points if one.id == found.answer), None)


def reached(found: Frontier) -> str:
    """What reached the target, with its figures; empty where nothing did, or was asked for."""
    point = answer(found)
    if point is None:
        return ""
    latency = point.latency(found.batches[0]) if found.batches else None
    figures = [
        f"{percent(point.quality)} accurate" if point.quality is not None else "",
        f"{numbers.size(point.size)} to ship" if point.size else "",
        f"{numbers.time(latency.p50_ms * 1e3)} with a batch of {latency.batch}" if latency else "",
    ]
    known = [figure for figure in figures if figure]
    return f"By {name(point)}: {enumeration(known)}." if known else f"By {name(point)}."


def standing_out(found: Frontier) -> Point | None:
    """What to look at first: the answer, or else the first one of the facts."""
    named = (fact.point for fact in facts(found) if fact.point)
    return answer(found) or next(named, None)


def _smaller(found: Frontier) -> Iterator[str]:
    best, base = smallest(affordable(found)), baseline(found)
    if best and base and best.size and base.size and base.size > WORTH_TELLING * best.size:
        yield f"{numbers.multiple(base.size / best.size)} smaller"


def _faster(found: Frontier) -> Iterator[str]:
    speeds = [
        1 / latency.ratio.ratio
        for batch in found.batches
        if (point := fastest(affordable(found), batch))
        and (latency := point.latency(batch))
        and latency.ratio
        and latency.ratio.verdict == "faster"
    ]
    if speeds and max(speeds) > WORTH_TELLING:
        yield f"{numbers.multiple(max(speeds))} as fast"


def facts(found: Frontier) -> list[Fact]:
    """Which one is the smallest, and which the fastest with the smallest and the largest batch."""
    points, base = affordable(found), baseline(found)
    if base is None or base.status != "ok":
        return []
    least = smallest(points)
    ends = list(dict.fromkeys([*found.batches[:1], *found.batches[-1:]]))
    fast = [(fastest(points, batch), batch) for batch in ends]
    return [
        *([_smallest_fact(least, base)] if least else []),
        *(_fastest_fact(point, batch) for point, batch in fast if point),
    ]


def _smallest_fact(point: Point, base: Point) -> Fact:
    if point is base or not point.size or not base.size or point.size >= base.size:
        return Fact("Smallest", numbers.size(base.size), "Nothing ships less than the baseline.")
    times = numbers.multiple(base.size / point.size)
    words = f"{times} smaller than the baseline, {loss(point.lost)}"
    return Fact("Smallest", numbers.size(point.size), words, point)


def _fastest_fact(point: Point, batch: int) -> Fact:
    term = f"Fastest, batch of {batch}"
    latency = point.latency(batch)
    ratio = latency.ratio if latency else None
    if latency is None or ratio is None or ratio.verdict != "faster":
        return Fact(term, "none", "Nothing is measurably faster than the baseline.")
    speed, bounds = numbers.ratio_range(1 / ratio.ratio, 1 / ratio.high, 1 / ratio.low)
    words = f"{speed} {bounds} as fast as the baseline, {loss(point.lost)}"
    return Fact(term, numbers.time(latency.p50_ms * 1e3), words, point)


def loss(lost: float | None) -> str:
    """``0.2 points lost``: of accuracy, against the baseline."""
    if lost is None or not math.isfinite(lost):
        return "accuracy not measured"
    if abs(lost) < 0.005:
        return "no accuracy lost"
    return f"{abs(lost):.2g} points {'lost' if lost > 0 else 'gained'}"


def percent(fraction: float | None) -> str:
    """A share of the test examples: counted, so that all its digits are true of them."""
    if fraction is None or not math.isfinite(fraction):
        return numbers.MISSING
    return f"{fraction * 100:.2f}%"


def duels(found: Frontier) -> list[Duel]:
    """Size and the time of each batch size, of the best that both frameworks have; empty where
    fewer than two have something to name."""
    by: dict[str, list[Point]] = {}
    for point in affordable(found):
        by.setdefault(framework(point), []).append(point)
    if len(by) < 2:
        return []
    ours, theirs = [*by.values()][:2]
    fought = [_by_size(ours, theirs), *(_by_time(found, b, ours, theirs) for b in found.batches)]
    return [one for one in fought if one]


def _by_size(ours: list[Point], theirs: list[Point]) -> Duel | None:
    a, b = smallest(ours), smallest(theirs)
    if a is None or b is None or not a.size or not b.size:
        return None
    sides = [(p, numbers.size(p.size)) for p in (a, b)]
    if a.size == b.size:
        return Duel(None, sides, None, "the same size")
    winner, times = (a, b.size / a.size) if a.size < b.size else (b, a.size / b.size)
    return Duel(None, sides, framework(winner), f"{numbers.multiple(times)} smaller")


def _by_time(found: Frontier, batch: int, ours: list[Point], theirs: list[Point]) -> Duel | None:
    """Both were measured in turns with the baseline: they differ where their intervals, widened by
    the noise floor, are apart."""
    a, b = fastest(ours, batch), fastest(theirs, batch)
    if a is None or b is None:
        return None
    timed = [(p, t) for p in (a, b) if (t := p.latency(batch))]
    sides = [(p, numbers.time(t.p50_ms * 1e3)) for p, t in timed]
    (winner, quick), (_, slow) = sorted(timed, key=lambda pair: relative(pair[1])[1])
    if relative(quick)[2] * (1 + found.noise_of(batch)) >= relative(slow)[0]:
        return Duel(batch, sides, None, "no measurable difference")
    times = numbers.multiple(relative(slow)[1] / relative(quick)[1])
    return Duel(batch, sides, framework(winner), f"{times} as fast")


def verdict(found: Frontier) -> str:
    """Which framework wins where, in one sentence."""
    fought = duels(found)
    if not fought:
        return _missing(found)
    won: dict[str | None, list[Duel]] = {}
    for one in fought:
        won.setdefault(one.winner, []).append(one)
    even = won.pop(None, [])
    parts = [_won(title(winner or ""), some) for winner, some in won.items()]
    if even:
        where = enumeration(
            "in size" if d.batch is None else f"with a batch of {d.batch}" for d in even
        )
        parts.append(f"they do not differ by more than noise {where}")
    return f"{'; '.join(parts)}."


def _missing(found: Frontier) -> str:
    """Who has nothing to name, where somebody has."""
    named = {framework(point) for point in affordable(found)}
    tried = dict.fromkeys(framework(point) for point in found.points)
    missing = [title(one) for one in tried if one not in named]
    if not named or not missing:
        return ""
    return f"No form of {enumeration(missing)} ran and costs so little."


def _won(winner: str, some: list[Duel]) -> str:
    """``PyTorch's best forms ship less and are faster with a batch of 1 and 8``."""
    batches = [str(one.batch) for one in some if one.batch is not None]
    parts = ["ship less"] if len(batches) < len(some) else []
    if batches:
        parts.append(f"are faster with a batch of {enumeration(batches)}")
    return f"{winner}'s best forms {' and '.join(parts)}"
