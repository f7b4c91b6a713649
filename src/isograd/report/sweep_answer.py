"""What a sweep comes to, in sentences. The page and the terminal say the same ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from isograd.notation import numbers
from isograd.notation.names import enumeration, title
from isograd.sweeping.race import Crossing, Duel, Point, Race
from isograd.sweeping.record import Outcome, Sweep

NOT_PROVEN = "To prove it takes `isograd prove`."


def contender_name(contender: str) -> str:
    """``PyTorch compile, bfloat16`` for ``torch/compile/bfloat16``; ``PyTorch`` for ``torch``."""
    framework, *rest = contender.split("/")
    mode = " ".join([title(framework), *rest[:1]])
    return ", ".join([mode, *rest[1:]])


def quantity_name(race: Race) -> str:
    """``training`` or ``inference``."""
    return "training" if race.quantity == "step" else "inference"


def headline(found: Sweep) -> str:
    """The whole answer in one sentence."""
    races = [race for race in found.races if race.quantity == "step"]
    if not races:
        return "Nothing could be measured." if found.outcomes else "Nothing is measured yet."
    if len(races) == 1:
        return verdict(races[0])
    turning = [race for race in races if race.modes and race.modes.crossings]
    if turning:
        return (
            f"In {len(turning)} of {len(races)} networks, which mode trains fastest depends on the "
            "batch size."
        )
    fastest = {one.fastest for race in races for one in race.standings}
    if len(fastest) == 1:
        return f"{contender_name(*fastest)} trains fastest in every network, with every batch size."
    return "Which mode trains fastest depends on the network, and not measurably on the batch size."


def verdict(race: Race) -> str:
    """Who is fastest from which batch size on."""
    if race.modes is None:
        names = enumeration(map(contender_name, race.times))
        if len(race.times) == 1:
            return f"Only {names} was measured."
        return f"Measured: {names}, with no batch size in common with another mode."
    return " ".join(map(duel_verdict, duels(race)))


def duels(race: Race) -> list[Duel]:
    """The fastest modes, and the frameworks where those two modes are of one of them."""
    if race.modes is None:
        return []
    frameworks = {name.partition("/")[0] for name in (race.modes.a, race.modes.b)}
    both = race.frameworks if race.frameworks and len(frameworks) == 1 else None
    return [race.modes, *([both] if both else [])]


def duel_verdict(duel: Duel) -> str:
    """Who of two is faster with which batch sizes."""
    if not duel.points:
        return f"{_both(duel)} were measured with no batch size in common."
    if duel.crossings:
        return " ".join(map(_crossing, duel.crossings))
    if not duel.winners:
        return f"No measurable difference between {_both(duel)}{_none(duel)}."
    (winner,) = duel.winners
    won = [point for point in duel.points if point.winner]
    where = "with every batch size" if len(won) == len(duel.points) else f"with {_batches(won)}"
    tied = [point for point in duel.points if not point.winner]
    rest = f", and with {_batches(tied)} there is no measurable difference" if tied else ""
    loser = duel.b if winner == duel.a else duel.a
    return (
        f"{contender_name(winner)} is faster than {contender_name(loser)} {where}{rest}"
        f"{_none(duel)}."
    )


def _none(duel: Duel) -> str:
    return ": no crossover in the measured range" if len(duel.points) > 1 else ""


def _both(duel: Duel) -> str:
    return f"{contender_name(duel.a)} and {contender_name(duel.b)}"


def _crossing(one: Crossing) -> str:
    batch, bounds = crossing_figure(one)
    return (
        f"{contender_name(one.before)} is faster with smaller batches, "
        f"{contender_name(one.after)} from a batch of about {batch} {bounds} on."
    )


def crossing_figure(one: Crossing) -> tuple[str, str]:
    """``("200", "[190–212]")``: whole batches, with as many digits as the interval supports."""
    places = min(numbers.decimals(one.batch, one.high - one.low), 0)
    text, low, high = (numbers.fixed(x, places) for x in (one.batch, one.low, one.high))
    return text, f"[{low}–{high}]"


def _batches(points: Sequence[Point]) -> str:
    sizes = enumeration(f"{point.batch:,}" for point in points)
    return f"a batch of {sizes}" if len(points) == 1 else f"batches of {sizes}"


@dataclass(frozen=True)
class Fact:
    """One figure of the answer."""

    term: str
    figure: str
    words: str


def facts(found: Sweep) -> list[Fact]:
    """How much was measured, where modes and frameworks overtake each other, and the noise."""
    ok = [outcome for outcome in found.outcomes if outcome.ok]
    trouble = len(found.outcomes) - len(ok)
    more = [f"{trouble} could not be measured" if trouble else "", _missing(found)]
    words = "; ".join(filter(None, more)) or "every cell of the grid"
    return [
        Fact("Cells measured", f"{len(ok):,}", words),
        *_crossover_facts(found),
        *_noise_fact(found.races),
    ]


def _missing(found: Sweep) -> str:
    return f"{len(found.missing)} not reached" if found.missing else ""


def _crossover_facts(found: Sweep) -> list[Fact]:
    """Of training, where a framework overtakes the other, network by network (at most two)."""
    facts = []
    for race in found.races:
        if race.quantity != "step" or race.frameworks is None:
            continue
        for one in race.frameworks.crossings:
            batch, bounds = crossing_figure(one)
            sides = (
                f"{contender_name(one.before)} before, {contender_name(one.after)} from there on"
            )
            words = f"{bounds}; {sides}, each in its fastest mode"
            facts.append(Fact(f"{race.model}: frameworks cross", f"batch of {batch}", words))
    return facts[:2]


def _noise_fact(races: Sequence[Race]) -> list[Fact]:
    known = [race for race in races if race.pairs]
    if not known:
        return []
    worst = max(known, key=lambda race: race.noise)
    figure = f"±{numbers.plain(worst.noise * 100, 2)}%"
    words = (
        f"between two processes of one program, {quantity_name(worst)} of {worst.model} "
        f"({worst.pairs} {'pair' if worst.pairs == 1 else 'pairs'}); part of every interval"
    )
    return [Fact("Noise", figure, words)]


def agreement(found: Sweep) -> str:
    """Whether cells do what their baselines do; empty where none was compared."""
    counts = Counter(one.agreement for one in found.outcomes if one.ok and not _is_baseline(one))
    compared = sum(counts.values()) - counts["not compared"]
    if not compared:
        return ""
    steps = found.conditions.steps
    share = f"{counts['agrees']} of" if counts["agrees"] < compared else "All"
    agree = f"{share} {compared} cells agree with their baseline in the outputs of a "
    agree += f"batch and the losses of {steps} steps, as far as rounding allows."
    doubt = [
        f"In {counts[word]} it is {word}." for word in ("different", "inconclusive") if counts[word]
    ]
    return " ".join([agree, *doubt, NOT_PROVEN])


def _is_baseline(outcome: Outcome) -> bool:
    return outcome.cell == outcome.baseline


def cautions(found: Sweep) -> list[str]:
    """What keeps times from being as good as they could be."""
    processors = {outcome.processor for outcome in found.outcomes if outcome.processor}
    notes = []
    if found.parallel > 1:
        notes.append(
            f"{found.parallel} cells ran at a time on each machine: their times disturb each other."
        )
    if len(processors) > 1:
        notes.append(
            f"Cells ran on different processors ({enumeration(sorted(processors))}). Those of one "
            "network, batch size and seed shared a machine; across batch sizes they may not have."
        )
    retried = sum(bool(outcome.attempts) for outcome in found.outcomes)
    if retried:
        notes.append(f"{retried} {'cell was' if retried == 1 else 'cells were'} tried again.")
    return notes


def failures(found: Sweep) -> list[Outcome]:
    """Cells that could not be measured."""
    return [outcome for outcome in found.outcomes if not outcome.ok]


def status(found: Sweep) -> str:
    """What is missing in a sweep that has not come to its end; empty for one that has."""
    if found.status == "complete":
        return ""
    why = f" ({found.reason})" if found.reason else ""
    done = len(found.cells) - len(found.missing)
    return f"{done} of {len(found.cells)} cells have ended{why}; the same command goes on."
