"""What input pipelines come to, in sentences; every report says the same."""

from __future__ import annotations

from collections.abc import Sequence

from isograd.feeding import Delivery, Feeding, Measured, Shuffle
from isograd.notation import numbers
from isograd.notation.names import enumeration, title
from isograd.pipelines.specification import MEMORY
from isograd.waiting import Fed, Spot

FEED = "/feed:"
"""In the name of a pipeline that is the user's own."""


def name(id: str) -> str:
    """``PyTorch workers-2``."""
    framework, slash, rest = id.partition("/")
    return f"{title(framework)} {rest.removeprefix('feed:')}" if slash else "arrays in memory"


def mode_name(label: str) -> str:
    """``PyTorch compile``."""
    framework, _, mode = label.partition("/")
    return f"{title(framework)} {mode}"


def ran(found: Feeding) -> list[Measured]:
    """The pipelines that were measured, the arrays in memory left out."""
    return [p for p in found.pipelines if p.batch_us and p.id != MEMORY]


def quickest(found: Feeding) -> list[Measured]:
    """The quickest pipeline of each framework."""
    best: dict[str, Measured] = {}
    for one in ran(found):
        other = best.get(one.framework)
        if other is None or _time(one) < _time(other):
            best[one.framework] = one
    return sorted(best.values(), key=_time)


def _time(one: Measured) -> float:
    return one.batch_us.median if one.batch_us else float("inf")


def best_fed(found: Feeding) -> dict[str, Fed]:
    """For each mode, the loop in which it waited least; where none ran, one that says why. Arrays
    in memory are what pipelines are held against, and none of them."""
    best: dict[str, Fed] = {}
    for one in found.fed:
        if one.pipeline == MEMORY:
            continue
        other = best.get(one.mode)
        if other is None or _share(one) < _share(other):
            best[one.mode] = one
    return best


def yours(found: Feeding) -> list[Fed]:
    """The loops that the user's own pipelines feed."""
    return [one for one in found.fed if FEED in one.pipeline]


def told_loops(found: Feeding) -> list[Fed]:
    """The loops that are worth a line: each mode's best, and those with the user's pipelines."""
    best = list(best_fed(found).values())
    return [one for one in found.fed if one in best or FEED in one.pipeline]


def _share(fed: Fed) -> float:
    return 2.0 if fed.waits is None else fed.waits


def headline(found: Feeding) -> str:
    """The whole answer in a few words: what is wrong first, then who waits, then who is quick."""
    wrong = [p for p in found.pipelines if p.delivery and p.delivery.verdict == "wrong"]
    if wrong:
        return f"{enumeration(name(p.id) for p in wrong)}: not what the source holds."
    if found.fed:
        return _fed_headline(found)
    best = quickest(found)
    if not best:
        return "No pipeline could be measured."
    first, *others = best
    if others and not _apart(found, first, others[0]):
        return f"{name(first.id)} and {name(others[0].id)} cannot be told apart."
    return f"Quickest: {name(first.id)}, {rate(first.items_per_s)} items a second."


def _apart(found: Feeding, quick: Measured, slow: Measured) -> bool:
    """Whether the intervals of their ratios to the arrays in memory lie apart, by more than what
    alike processes differ by."""
    noise = found.noise.fraction if found.noise else 0.0
    if not (quick.ratio and slow.ratio):
        return False
    return quick.ratio.high * (1 + noise) < slow.ratio.low


def place(found: Feeding, one: Measured) -> str:
    """``quickest`` in its framework, or ``among the quickest`` where others cannot be told from
    it."""
    rivals = [p for p in ran(found) if p.framework == one.framework and p is not one]
    return "quickest" if all(_apart(found, one, p) for p in rivals) else "among the quickest"


def _fed_headline(found: Feeding) -> str:
    slow = [one for one in yours(found) if one.verdict == "waits"]
    if slow:
        worst = max(slow, key=_share)
        return (
            f"{mode_name(worst.mode)} waits {numbers.percent(worst.waits)} of its time for your "
            f"{worst.pipeline.partition(FEED)[2]}."
        )
    best = best_fed(found)
    waiting = [one for one in best.values() if one.verdict == "waits"]
    if waiting:
        worst = max(waiting, key=_share)
        others = f", {len(waiting) - 1} others wait as well" if len(waiting) > 1 else ""
        return (
            f"{mode_name(worst.mode)} waits {numbers.percent(worst.waits)} of its time for data, "
            f"even with its best pipeline{others}."
        )
    if all(one.verdict == "fed" for one in best.values()):
        return "Every mode can be fed: none has to wait for its data."
    return "Whether every mode is fed cannot be told."


def sentences(found: Feeding) -> list[str]:
    """What else there is to say: rates, what the order is worth, what waits for what."""
    return [
        *_wrong(found),
        *_rates(found),
        *_orders(found),
        *_waits(found),
        *_slow(found),
    ]


def _wrong(found: Feeding) -> list[str]:
    return [
        f"{name(p.id)}: {delivered(p.delivery)}."
        for p in found.pipelines
        if p.delivery and p.delivery.verdict == "wrong"
    ]


def _rates(found: Feeding) -> list[str]:
    said = []
    for one in quickest(found):
        where = f"{place(found, one).capitalize()} in {title(one.framework)}"
        line = f"{where}: {name(one.id)}, {rate(one.items_per_s)} items"
        if one.ratio:
            ratio = " ".join(numbers.ratio_range(one.ratio.ratio, one.ratio.low, one.ratio.high))
            line = f"{line} a second, {ratio} the time of arrays in memory"
        said.append(f"{line}.")
    return said


def _orders(found: Feeding) -> list[str]:
    """Orders that are worse than a permutation, those that are alike together."""
    alike: dict[str, list[str]] = {}
    for one in found.pipelines:
        if one.shuffle and one.shuffle.worse:
            alike.setdefault(worse(one.shuffle), []).append(name(one.id))
    return [f"{enumeration(names)}: order {why}." for why, names in alike.items()]


def _waits(found: Feeding) -> list[str]:
    return [
        f"{mode_name(one.mode)}, fed by {name(one.pipeline)}: {waits(one)}."
        for one in told_loops(found)
        if one.verdict != "fed"
    ]


def _slow(found: Feeding) -> list[str]:
    return [f"{name(p.id)} {spent(p.spots)}." for p in found.pipelines if p.spots]


def delivered(delivery: Delivery | None) -> str:
    """``each item once, the same bytes``, or what is wrong."""
    if delivery is None:
        return "not checked"
    if delivery.verdict == "exact":
        return "each item once, the same bytes"
    if delivery.verdict == "inconclusive":
        return "it changes what it reads, so that its items cannot be told"
    wrong = {
        "{} never come": delivery.missing,
        "{} come more than once": delivery.repeated,
        "{} are other bytes than the source's": delivery.foreign,
    }
    said = (words.format(numbers.count(n)) for words, n in wrong.items() if n)
    return f"of {numbers.count(delivery.items)} delivered items, {enumeration(said)}"


def worse(shuffle: Shuffle) -> str:
    """``worse than a permutation: rank correlation 0.14, label mix 1.2×``."""
    figures = {
        "rank correlation": numbers.plain(shuffle.rank_correlation, 2),
        "reach": numbers.percent(shuffle.reach),
        "neighbours": numbers.percent(shuffle.neighbours),
        "label mix": numbers.multiple(shuffle.label_mix or 0.0),
    }
    told = enumeration(f"{measure} {figures[measure]}" for measure in shuffle.worse)
    return f"worse than a permutation in {told}"


def waits(fed: Fed) -> str:
    """``fed, waits 2%``, ``waits 41% [38–44]``, or why that is not known."""
    if fed.waits is None:
        return f"could not run: {fed.reason.rstrip('.')}"
    share = numbers.percent(fed.waits)
    bounds = f"[{100 * (fed.low or 0):.0f}–{100 * (fed.high or 0):.0f}]"
    if fed.verdict == "fed":
        return f"fed, waits {share} of the time"
    if fed.verdict == "waits":
        return f"waits {share} {bounds} of the time"
    return f"inconclusive, waits {share} {bounds} of the time"


def spent(spots: Sequence[Spot]) -> str:
    """``spends 97% of its time at slow.py:12 (__getitem__)``."""
    told = (f"{numbers.percent(s.share)} of its time at {s.where} ({s.function})" for s in spots)
    return f"spends {enumeration(told)}"


def rate(value: float | None) -> str:
    """Items a second to three digits: ``342k``."""
    if value is None:
        return numbers.MISSING
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"
