"""What tracing and compiling do beside the graphs that they make, told by the views of those."""

from __future__ import annotations

from collections.abc import Sequence

from isograd.errors import IsogradError
from isograd.frameworks import TRACED, part
from isograd.frameworks.protocol import Live, Subject
from isograd.measure.renewed import RenewedWorker
from isograd.models import Model
from isograd.references import Reference
from isograd.training import Recipe
from isograd.views import Event, View


def own_network(model: Model, framework: str, recipe: Recipe) -> Live | None:
    """The network as its owner wrote it, if that is in this framework and can be made anywhere."""
    original = model.original
    if original is None or original.framework != framework:
        return None
    if not isinstance(original.network, Reference):
        return None
    return Live(original, recipe.batch_size)


def show_tracing(
    worker: RenewedWorker, views: Sequence[View], subject: Subject, live: Live | None
) -> None:
    """Gives the views of traced and compiled graphs the events that say how often that is done and
    why, and what Python runs meanwhile. All views are of one framework."""
    made = {view.stage: view for view in views if view.status != "skipped"}
    framework = views[0].framework
    tellers = {
        what: made[stage]
        for what, stages in TRACED[framework].items()
        if (stage := next((one for one in stages if one in made), None))
    }
    if not tellers:
        return
    try:
        found: dict[str, list[Event]] = worker.call("run", watch, framework, subject, live)
    except IsogradError as error:
        text = f"What tracing does beside this could not be watched: {error.what}"
        found = {next(iter(tellers)): [Event("refused", text)]}
    for what, events in found.items():
        if what in tellers:
            tellers[what].events += events


def watch(framework: str, subject: Subject, live: Live | None) -> dict[str, list[Event]]:
    """The events, in a process in which the framework has been set up."""
    events: dict[str, list[Event]] = part(framework, "views.retracing").watch(subject, live)
    return events
