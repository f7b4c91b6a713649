"""The fairness gate's question about data: is a comparison one of networks, or of pipelines?"""

from __future__ import annotations

from isograd.notation import numbers
from isograd.notation.names import title
from isograd.report.data_answer import mode_name, rate, spent
from isograd.result import Check, Result
from isograd.waiting import WAITS, Fed, Feed

NAME = "the data keeps up"


def keeps_up(result: Result) -> Check:
    """Whether every mode that a user's pipeline feeds has its next batch in time."""
    if not result.feeds:
        return Check(NAME, True, "data in memory on both sides; no pipeline of yours was measured")
    failed = [feed for feed in result.feeds if feed.status != "ok"]
    if failed:
        return Check(NAME, False, "; ".join(f"{f.text} failed: {f.reason}" for f in failed))
    late = [one for one in result.fed if one.verdict != "fed"]
    if late:
        return Check(NAME, False, "; ".join(_late(feed, late) for feed in _of(late, result.feeds)))
    worst = max((one.waits or 0.0 for one in result.fed), default=0.0)
    detail = f"no mode waits more than {numbers.percent(worst)} of its time for the pipelines"
    return Check(NAME, bool(result.fed), detail if result.fed else "no mode could be fed")


def _of(late: list[Fed], feeds: list[Feed]) -> list[Feed]:
    return [feed for feed in feeds if any(one.pipeline == feed.text for one in late)]


def _late(feed: Feed, late: list[Fed]) -> str:
    """Which pipeline, how slow it is and where, which mode waits, and what that means."""
    own = [one for one in late if one.pipeline == feed.text]
    worst = max(own, key=lambda one: one.waits or 0.0)
    if worst.waits is None:
        return f"{mode_name(worst.mode)} could not be fed by {feed.text}: {worst.reason}"
    where = f", and {spent(feed.spots)}" if feed.spots else ""
    meaning = (
        f"end to end this would compare pipelines, {title(feed.framework)}'s with what feeds the "
        "other side"
        if worst.verdict == "waits"
        else f"whether that is below {WAITS:.0%} cannot be told "
        f"[{numbers.percent(worst.low)} to {numbers.percent(worst.high)}]"
    )
    return (
        f"{feed.text} delivers {rate(_a_second(feed.batch_us))} batches a second, "
        f"{numbers.time(feed.batch_us)} each{where}; {mode_name(worst.mode)} makes "
        f"{rate(_a_second(worst.step_us))} steps a second, {numbers.time(worst.step_us)} each, and "
        f"waits {numbers.percent(worst.waits)} of its time{_others(own)}: {meaning}"
    )


def _others(own: list[Fed]) -> str:
    return f" ({len(own)} modes wait)" if len(own) > 1 else ""


def _a_second(microseconds: float | None) -> float | None:
    return 1e6 / microseconds if microseconds else None
