"""How much there is to write and to know."""

from __future__ import annotations

from collections.abc import Iterator

from isograd.claims.outcome import Figure, Outcome, Vote, judged, untested
from isograd.claims.speeds import label
from isograd.effort.record import Effort, Script
from isograd.effort.source import Usage
from isograd.evidence import Evidence, Found
from isograd.notation.names import title
from isograd.views.document import Graphs

OURS, THEIRS = "torch", "tensorflow"


def quantities(used: Usage) -> dict[str, int | None]:
    """What is counted in a script, by name; less is less to write or to know."""
    return {
        "statements": used.statements,
        "API names and methods": len(used.names) + len(used.methods),
        "namespaces": len(used.namespaces),
        "statements before the first result": used.before_result,
    }


def api_is_simpler(evidence: Evidence) -> Outcome:
    """PyTorch's script against TensorFlow's, of each network, quantity by quantity."""
    for one in evidence.efforts:
        figures = [figure for pair in _pairs(one.record) for figure in _compared(*pair)]
        if figures:
            return judged(_in_words(figures), figures, [str(one.path)])
    return untested("Scripts of both frameworks were not counted.")


def learning_is_not_tested(evidence: Evidence) -> Outcome:
    """How people learn takes people. What there is of it: how long the first step takes, and how
    often something is traced again when the batch changes."""
    figures = [*_first_steps(evidence), *_tracings(evidence)]
    paths = [str(one.path) for one in evidence.compares[:1]]
    paths += [str(one.path) for one in _of_networks(evidence)]
    reason = "How fast people learn takes people to test it on."
    if figures:
        reason += " Measured nevertheless: what stands between a script and its first step."
    return untested(reason, figures, paths if figures else ())


# Parts ----------------------------------------------------------------------------------------


def _pairs(effort: Effort) -> Iterator[tuple[Script, Script]]:
    """Both scripts of each network that has two."""
    by = {(one.network, one.framework): one for one in effort.scripts}
    for network in dict.fromkeys(one.network for one in effort.scripts):
        if (network, OURS) in by and (network, THEIRS) in by:
            yield by[network, OURS], by[network, THEIRS]


def _compared(ours: Script, theirs: Script) -> Iterator[Figure]:
    """PyTorch's count, with a vote on "less"."""
    others = quantities(theirs.usage)
    for quantity, count in quantities(ours.usage).items():
        other = others[quantity]
        if count is None or other is None:
            continue
        vote: Vote = "for" if count < other else "against" if count > other else ""
        what = f"{ours.network} ({ours.origin}); {other} in {title(THEIRS)}"
        yield Figure(quantity, what, vote, float(count), unit="in PyTorch")


def _in_words(figures: list[Figure]) -> str:
    """By quantity: how many of the networks take less of it in PyTorch."""
    sentences = []
    for quantity in dict.fromkeys(figure.subject for figure in figures):
        votes = [figure.vote for figure in figures if figure.subject == quantity]
        less, more = votes.count("for"), votes.count("against")
        sentences.append(f"{quantity}, fewer in {less} of {len(votes)} pairs and more in {more}")
    return f"PyTorch's scripts against TensorFlow's: {'; '.join(sentences)}."


def _first_steps(evidence: Evidence) -> Iterator[Figure]:
    for one in evidence.compares[:1]:
        for mode in one.record.modes:
            parts = (mode.import_s, mode.build_s, mode.first_call_s)
            if None not in parts:
                spent = sum(part for part in parts if part is not None)
                what = "import, build and first step, in a fresh process"
                yield Figure(label(mode.framework, mode.mode), what, value=spent, unit="s")


def _of_networks(evidence: Evidence) -> list[Found[Graphs]]:
    """The newest graphs of a network that has one graph."""
    return [found for found in evidence.graphs if found.record.layers][:1]


def _tracings(evidence: Evidence) -> Iterator[Figure]:
    """What traces and compiles again for inputs of another size."""
    for one in _of_networks(evidence):
        for view in one.record.views:
            for event in view.events:
                if event.kind in ("retrace", "recompile"):
                    name = label(view.framework, view.stage)
                    yield Figure(name, event.text, value=float(event.count), unit="times")
