"""What there is to see of static graphs, and what becomes of control flow in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from isograd.claims.outcome import Figure, Outcome, Vote, judged, untested
from isograd.claims.rules.debugging import shown_early
from isograd.claims.speeds import label
from isograd.claims.words import told
from isograd.evidence import Evidence
from isograd.notation import numbers
from isograd.views.document import Graphs
from isograd.views.view import Operation, View

STEP = ("forward", "loss", "backward", "update")
"""The parts of a training step."""

DYNAMIC = "dynamic"
"""The stage at which a framework shows what eager mode executes."""

RECORDS = ("autograd", "tape")
"""Stages that belong to eager mode as well: what it records for the backward pass."""


@dataclass(frozen=True)
class Quantity:
    """Something that a view may show more or less of: a fraction."""

    what: str
    of: Callable[[Sequence[Operation]], float]


def _phases(operations: Sequence[Operation]) -> float:
    return len({one.phase for one in operations} & {*STEP}) / len(STEP)


def _shaped(operations: Sequence[Operation]) -> float:
    """Operations without a value, such as an assignment, have no shape to know."""
    making = [one for one in operations if one.values]
    known = [one for one in making if all(value.shape is not None for value in one.values)]
    return len(known) / len(making) if making else 0.0


def _traced_back(operations: Sequence[Operation]) -> float:
    """Of the network itself: losses and updates are no line of the user's."""
    own = [one for one in operations if one.phase in ("forward", "backward")]
    return sum(one.node is not None for one in own) / len(own) if own else 0.0


QUANTITIES = (
    Quantity("parts of a step that it shows: forward, loss, gradients, update", _phases),
    Quantity("operations whose shape it knows", _shaped),
    Quantity("operations of the network that are tied to their layer", _traced_back),
)


def static_graphs_show_more(evidence: Evidence) -> Outcome:
    """What each static view of a step shows, against the view of what eager mode executes; and
    whether there is something to see before the first run."""
    figures, paths = shown_early(evidence.probes)
    for one in evidence.graphs:
        own = list(_against_dynamic(one.record)) if one.record.layers else []
        if any(figure.vote for figure in own):
            figures, paths = [*own, *figures], [str(one.path), *paths]
            break
    if not any(figure.vote for figure in figures):
        return untested("No graphs of a dynamic and a static mode are there.")
    return judged(told(figures, "Shows more", "Shows less, or no more"), figures, paths)


def autograph_keeps_control_flow(evidence: Evidence) -> Outcome:
    """Whether a loop of Python's that depends on data became a loop of the graph, in the views of
    tf.function."""
    for one in evidence.graphs:
        figures = [f for view in one.record.views if (f := _loop(view))]
        if not one.record.layers and figures:
            result = told(figures, "A loop of the graph", "Refused, or unrolled")
            return judged(result, figures, [str(one.path)])
    return untested("No graphs of a network with a loop that depends on data are there.")


# Parts ----------------------------------------------------------------------------------------


def _against_dynamic(graphs: Graphs) -> Iterator[Figure]:
    for framework in dict.fromkeys(view.framework for view in graphs.views):
        dynamic = graphs.view(f"{framework}/{DYNAMIC}")
        if dynamic is None or not dynamic.operations:
            continue
        for view in graphs.views:
            if view.framework == framework and view.stage not in (DYNAMIC, *RECORDS):
                yield from _compared(view, dynamic)


def _compared(view: View, dynamic: View) -> Iterator[Figure]:
    subject = label(view.framework, view.stage)
    if not view.operations:
        yield Figure(subject, "a view of the step", "open", text=view.reason)
        return
    for quantity in QUANTITIES:
        own, other = (quantity.of(_computing(one)) for one in (view, dynamic))
        vote: Vote = "for" if own > other else "against" if own < other else ""
        what = f"{quantity.what}; {numbers.percent(other)} in {DYNAMIC}"
        yield Figure(subject, what, vote, own, unit="share")


def _computing(view: View) -> list[Operation]:
    return [one for one in view.operations if one.phase != "input"]


def _loop(view: View) -> Figure | None:
    """What became of the loop in a view of tf.function; None in all other views."""
    if view.framework != "tensorflow" or view.stage.partition("-")[0] != "function":
        return None
    kept = [event for event in view.events if event.kind == "loop"]
    refused = [event for event in view.events if event.kind == "refused"]
    vote: Vote = "for" if kept and not refused else "against"
    text = (refused or kept)[0].text if refused or kept else "no loop is in the graph"
    return Figure(view.title, "a while loop on a tensor", vote, text=text)
