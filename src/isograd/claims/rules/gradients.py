"""Automatic differentiation: how exact it is, and what a gradient costs."""

from __future__ import annotations

from collections.abc import Iterator

from isograd.claims.outcome import Figure, Outcome, Vote, judged, untested
from isograd.evidence import Evidence
from isograd.notation import numbers
from isograd.notation.names import enumeration, title
from isograd.result import DerivativeRow, Result, Verdict
from isograd.views.document import Graphs, Overlay

CHEAP = 5.0
"""A gradient and the value take at most so many times the operations of the value alone, whatever
the number of parameters. Source: Baur and Strassen, "The complexity of partial derivatives",
Theoretical Computer Science 22, 1983."""

STAGES = {
    "gradients": "gradients in float64, against the reference's, in rounding envelopes",
    "float32": "float32's distance to float64, over the reference's own",
}
"""Stages of a proof that say how exact gradients are; the second one covers the whole step."""

SAYS: dict[Verdict, Vote] = {"equivalent": "for", "different": "against"}


def differentiation_is_exact(evidence: Evidence) -> Outcome:
    """Gradients of every mode, in float64 against each other and the formula, and in float32
    against float64."""
    for one in evidence.compares:
        if len({mode.framework for mode in one.record.modes if mode.proof}) > 1:
            figures = list(_exactness(one.record))
            return judged(_exact_in_words(figures), figures, [str(one.path)])
    return untested("No proof of gradients in two frameworks is there.")


def gradients_are_cheap(evidence: Evidence) -> Outcome:
    """A pass forward and backward, over the pass forward alone: in time, by stamps in the same
    eager steps, and in floating-point operations as the framework counts them."""
    for one in evidence.graphs:
        figures = [*_times(one.record), *_operations(one.record)]
        if figures:
            spans = enumeration(map(_said, figures))
            result = f"Value and gradient, over the value alone: {spans}; the bound is {CHEAP:g}×."
            return judged(result, figures, [str(one.path)])
    return untested("No graphs with the time of forward and backward passes are there.")


# Parts ----------------------------------------------------------------------------------------


def _exactness(result: Result) -> Iterator[Figure]:
    for mode in result.modes:
        for stage in mode.proof.stages if mode.proof else ():
            if stage.name in STAGES:
                yield Figure(
                    f"{title(mode.framework)} {mode.mode}",
                    STAGES[stage.name],
                    SAYS.get(stage.verdict, "open"),
                    stage.ratio,
                    unit="×",
                )
    for framework in dict.fromkeys(name for row in result.derivatives for name in row.automatic):
        yield _against_formula(framework, result.derivatives)


def _against_formula(framework: str, rows: list[DerivativeRow]) -> Figure:
    """The largest distance of automatic differentiation from the formula, over the largest
    derivative; it must be closer than finite differences, which only come near."""
    known = [(row, row.analytic) for row in rows if row.analytic is not None]
    known = [(row, exact) for row, exact in known if framework in row.automatic]
    what = "largest distance from the formula, over the largest derivative, in float64"
    scale = max((abs(exact) for _, exact in known), default=0.0)
    if not scale:
        return Figure(title(framework), what, "open", text="no formula was evaluated")
    own = max(abs(row.automatic[framework] - exact) for row, exact in known) / scale
    near = max(abs(row.finite_difference - exact) for row, exact in known) / scale
    return Figure(title(framework), what, "for" if own <= near else "against", own)


def _exact_in_words(figures: list[Figure]) -> str:
    bad = [figure.subject for figure in figures if figure.vote == "against"]
    doubtful = [figure.subject for figure in figures if figure.vote == "open"]
    if bad:
        return f"Not as exact as the reference: {enumeration(dict.fromkeys(bad))}."
    if doubtful:
        return f"Rounding hides the answer in {enumeration(dict.fromkeys(doubtful))}."
    worst = max((f.value or 0.0 for f in figures if f.what == STAGES["gradients"]), default=0.0)
    return (
        "Gradients agree in every mode of both: they differ by at most "
        f"{numbers.multiple(worst)} of what rounding alone moves them."
    )


def _said(figure: Figure) -> str:
    """``2.3× in PyTorch's time``."""
    framework, _, kind = figure.subject.partition(", ")
    return f"{numbers.plain(figure.value)}× in {framework}'s {kind}"


def _vote(low: float, high: float) -> Vote:
    if high <= CHEAP:
        return "for"
    return "against" if low > CHEAP else "open"


def _times(graphs: Graphs) -> Iterator[Figure]:
    by = {(one.framework, one.quantity): one for one in graphs.overlays}
    for framework in dict.fromkeys(one.framework for one in graphs.overlays):
        parts = [by.get((framework, f"{way} time")) for way in ("forward", "backward")]
        spent = [_spent(part) for part in parts if part is not None]
        if len(spent) < 2 or not spent[0]:
            continue
        whole = by.get((framework, "time"))
        noise = whole.noise if whole is not None and whole.noise else 0.0
        backward = spent[1] / spent[0]
        wide = (1 + noise) / (1 - noise) if noise < 1 else float("inf")
        low, high = 1 + backward / wide, 1 + backward * wide
        what = f"time of an eager step's two passes, over the forward pass; {_about(graphs)}"
        yield Figure(
            f"{title(framework)}, time", what, _vote(low, high), 1 + backward, low, high, "×"
        )


def _spent(overlay: Overlay) -> float:
    """Of the network and its loss."""
    return sum(overlay.values.values()) + overlay.outside.get("loss", 0.0)


def _operations(graphs: Graphs) -> Iterator[Figure]:
    for view in graphs.views:
        forward = view.figures.get("flops_forward")
        backward = view.figures.get("flops_backward")
        if forward and backward:
            value = 1 + backward / forward
            what = (
                f"floating-point operations of both passes, over the forward pass; {_about(graphs)}"
            )
            yield Figure(
                f"{title(view.framework)}, operations", what, _vote(value, value), value, unit="×"
            )


def _about(graphs: Graphs) -> str:
    return f"{graphs.model}, batch of {graphs.batch_size}"
