"""Static against dynamic graphs in training: who is faster, by how much, and when it pays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from isograd.claims.outcome import Figure, Outcome, Vote, judged, untested
from isograd.claims.speeds import fair, is_faster, is_sound, label, named, speed, turned, workload
from isograd.claims.words import told
from isograd.evidence import Evidence, Found
from isograd.measure.standing import between
from isograd.notation import numbers
from isograd.result import Comparison, Mode, Result

NOTHING = "No fair comparison of a static mode with eager mode is there."


def static_graphs_are_faster(evidence: Evidence) -> Outcome:
    """Each static mode's training step against its own framework's eager mode."""
    found = fair(evidence.compares)
    figures = [figure for one in found for figure in against_eager(one.record)]
    if not figures:
        return untested(NOTHING)
    return judged(told(figures, "Faster", "Not faster"), figures, _paths(found))


def dynamic_graphs_lose(evidence: Evidence) -> Outcome:
    """How much faster a framework's best static mode is than its eager mode, at the largest amount
    of work in a step that was measured; the smaller ones show how that changes."""
    found = sorted(fair(evidence.compares), key=lambda one: _work(one.record))
    figures: list[Figure] = []
    sentences = []
    for framework in dict.fromkeys(m.framework for one in found for m in one.record.modes):
        ratios = [(one.record, r) for one in found if (r := _best_static(one.record, framework))]
        if len({_work(result) for result, _ in ratios}) < 2:
            continue
        figures += _sizes(framework, ratios)
        sentences.append(_trend(framework, ratios))
    if not figures:
        return untested(
            "It takes comparisons of eager with static modes at two amounts of work in a step, and "
            "two were not found."
        )
    return judged(" ".join(sentences), figures, _paths(found))


def compiling_pays(evidence: Evidence) -> Outcome:
    """After how many steps each compiled mode's longer first call is paid back by faster steps,
    against the steps that were trained."""
    found = fair(evidence.compares)
    figures = [figure for one in found for figure in _paid_back(one.record)]
    if not figures:
        return untested(NOTHING)
    return judged(told(figures, "It paid", "It did not pay"), figures, _paths(found))


def against_eager(result: Result, framework: str = "", name: str = "") -> list[Figure]:
    """How many times as fast as its framework's eager mode each static mode trains; of one
    framework or mode, where it is named."""
    what = f"a training step, against eager mode; {named(result)}"
    return [
        speed(found, label(mode.framework, mode.mode), what)
        for mode, found in _static(result)
        if framework in ("", mode.framework) and name in ("", mode.mode)
    ]


# Parts ----------------------------------------------------------------------------------------


def _paths(found: list[Found[Result]]) -> list[str]:
    return [str(one.path) for one in found]


def _static(result: Result) -> Iterator[tuple[Mode, Comparison]]:
    """Each static mode that is sound, with the time of its step over eager mode's."""
    sound = {mode.label: mode for mode in result.modes if is_sound(mode)}
    for mode in sound.values():
        eager = f"{mode.framework}/eager"
        if mode.mode != "eager" and eager in sound:
            found = between(result, mode.label, eager)
            if found:
                yield mode, found


def _work(result: Result) -> int:
    """What a step computes grows with both."""
    _, parameters, batch = workload(result)
    return parameters * batch


def _best_static(result: Result, framework: str) -> Comparison | None:
    """The time of the fastest static mode's step over eager mode's."""
    own = [found for mode, found in _static(result) if mode.framework == framework]
    return min(own, key=lambda found: found.ratio, default=None)


def _sizes(framework: str, ratios: list[tuple[Result, Comparison]]) -> list[Figure]:
    """Eager mode's speed at each size; the votes are those of the largest."""
    found = []
    for result, ratio in ratios:
        what = f"eager mode's step, against {ratio.a.partition('/')[2]}; {named(result)}"
        figure = speed(turned(ratio), label(framework, "eager"), what)
        counts = _work(result) == _work(ratios[-1][0])
        vote: Vote = is_faster(ratio) if counts else ""  # it loses where the other is faster
        found.append(replace(figure, vote=vote))
    return found


def _trend(framework: str, ratios: list[tuple[Result, Comparison]]) -> str:
    (small, first), (large, last) = ratios[0], ratios[-1]
    change = "does not change measurably"
    if last.low > first.high:
        change = "shrinks"
    elif last.high < first.low:
        change = "grows"
    return (
        f"{label(framework, 'eager')} runs at {numbers.plain(first.ratio)}× the speed of the best "
        f"static mode with {named(small)}, at {numbers.plain(last.ratio)}× with {named(large)}: "
        f"what it loses {change} with the work in a step."
    )


def _paid_back(result: Result) -> Iterator[Figure]:
    training = result.training
    steps = int(training["steps_per_epoch"]) * int(training["epochs"])
    what = f"steps until the first call has paid, of {steps:,} that were trained; {named(result)}"
    for mode, found in _static(result):
        figure = Figure(label(mode.framework, mode.mode), what, "against")
        faster = is_faster(found)
        if faster == "open":
            yield replace(figure, vote="open", text="noise hides whether its steps are faster")
        elif faster == "against" or mode.break_even_steps is None:
            yield replace(figure, text="never: its steps are not faster")
        else:
            vote: Vote = "for" if mode.break_even_steps <= steps else "against"
            value = float(mode.break_even_steps)
            yield replace(figure, vote=vote, value=value, unit="steps")
        yield from _to_target(result, mode)


def _to_target(result: Result, mode: Mode) -> Iterator[Figure]:
    """Beside it, for the reader: a training's time until the same accuracy, first call included."""
    eager = next((m for m in result.modes if m.label == f"{mode.framework}/eager"), mode)
    if mode.time_to_target_s and eager.time_to_target_s:
        what = f"time to the same accuracy; {eager.time_to_target_s:.3g} s in eager mode"
        name = label(mode.framework, mode.mode)
        yield Figure(name, what, value=mode.time_to_target_s, unit="s")
