"""How well a program can be watched and mended, by what small programs saw in each mode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from isograd.claims.outcome import Figure, Outcome, Vote, judged, untested
from isograd.claims.speeds import label
from isograd.claims.words import told
from isograd.evidence import Evidence, Found
from isograd.probes.result import Answer, Probes

DEBUGGING = ("python-at-each-step", "inner-values-seen", "shape-errors-point", "nan-is-located")
"""Questions of `isograd probe` that decide how a mistake is found."""

EARLY = ("graph-before-run",)
"""What a static graph shows before anything has run."""

RANK = {"no": 0, "partly": 1, "yes": 2}


def dynamic_graphs_are_easier(evidence: Evidence) -> Outcome:
    """What eager mode answers to each question, against each static mode of the same framework."""
    for one in evidence.probes:
        figures = list(_of_static_modes(one.record, DEBUGGING, wanted="less"))
        if figures:
            result = told(figures, "Harder than in eager mode", "Easier, or as easy")
            text = f"{result} Asked were {_titles(one.record, DEBUGGING)}."
            return judged(text.strip(), figures, [str(one.path)])
    return untested("No answers of isograd probe about debugging are there.")


def shown_early(probes: Iterable[Found[Probes]]) -> tuple[list[Figure], list[str]]:
    """Whether each static mode has a graph before the first run, against eager mode; and the file
    that says so."""
    for one in probes:
        figures = list(_of_static_modes(one.record, EARLY, wanted="more"))
        if figures:
            return figures, [str(one.path)]
    return [], []


def _of_static_modes(probes: Probes, names: Sequence[str], *, wanted: str) -> Iterator[Figure]:
    """A static mode's answers, as votes on "it is less (or more) than eager mode's". The same
    answer says nothing where others differ; a mode of which all are the same speaks against both.
    """
    answers = {(one.label, one.question): one for name in names for one in probes.of(name)}
    for mode in dict.fromkeys(known for known, _ in answers):
        eager = f"{mode.partition('/')[0]}/eager"
        pairs = [(answers.get((mode, n)), answers.get((eager, n))) for n in names]
        figures = [_figure(one, other, wanted) for one, other in pairs if one and other]
        if mode == eager or not figures:
            continue
        if not any(figure.vote for figure in figures):
            figures = [replace(figure, vote="against") for figure in figures]
        yield from figures


def _figure(one: Answer, eager: Answer, wanted: str) -> Figure:
    subject = label(one.framework, one.mode)
    what = f"{one.question}: {eager.answer or eager.status} in eager mode"
    if one.answer is None or eager.answer is None:
        return Figure(subject, what, "open", text=f"{one.status}. {one.reason}")
    difference = RANK[one.answer] - RANK[eager.answer]
    shown = difference < 0 if wanted == "less" else difference > 0
    vote: Vote = "for" if shown else "against" if difference else ""
    return Figure(subject, what, vote, text=one.answer)


def _titles(probes: Probes, names: Iterable[str]) -> str:
    """The questions, in short."""
    asked = [one.title for one in probes.questions if one.name in names]
    return "; ".join(title.rstrip("?") for title in asked) or "no questions"
