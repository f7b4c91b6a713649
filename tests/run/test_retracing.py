"""What tracing does is told by the first view that can tell it; a failure to watch it is said."""

from __future__ import annotations

from typing import Any, cast

import pytest

from isograd.errors import WorkerError
from isograd.frameworks.protocol import Live, Original, Subject
from isograd.ir.inputs import parse_input
from isograd.measure.process import WorkerProcess
from isograd.models import Model, load
from isograd.reference_text import parse_reference
from isograd.run.retracing import own_network, show_tracing
from isograd.training import Recipe
from isograd.views import Event, View

SUBJECT = cast(Subject, None)


class Answering:
    """A worker that has seen one event of each kind, or cannot watch."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked = 0

    def call(self, *request: Any) -> dict[str, list[Event]]:
        self.asked += 1
        if self.error:
            raise self.error
        events = {"jit": "constant", "compile": "recompile"}
        return {what: [Event(cast(Any, kind), what)] for what, kind in events.items()}


def told(stages: list[str], worker: Answering, skipped: str = "") -> dict[str, list[str]]:
    views = [
        View("torch", stage, stage, "", status="skipped" if stage == skipped else "ok")
        for stage in stages
    ]
    show_tracing(cast(WorkerProcess, worker), views, SUBJECT, None)
    return {view.stage: [event.text for event in view.events] for view in views}


def test_each_view_tells_its_own() -> None:
    found = told(["dynamic", "jit", "aot", "inductor"], Answering())
    assert found == {"dynamic": [], "jit": ["jit"], "aot": [], "inductor": ["compile"]}


def test_another_view_tells_it_where_the_first_is_not_there() -> None:
    assert told(["aot", "inductor"], Answering(), skipped="inductor")["aot"] == ["compile"]


def test_nothing_is_watched_where_no_view_tells_it() -> None:
    worker = Answering()
    assert told(["dynamic", "autograd"], worker) == {"dynamic": [], "autograd": []}
    assert worker.asked == 0


def test_a_failure_to_watch_is_said() -> None:
    (text,) = told(["jit"], Answering(WorkerError("It died.")))["jit"]
    assert "could not be watched: It died." in text


@pytest.mark.parametrize(("framework", "is_own"), [("torch", True), ("tensorflow", False)])
def test_a_users_own_network_is_watched_in_its_own_framework(framework: str, is_own: bool) -> None:
    original = Original("torch", parse_reference("zoo:Net"), (parse_input("x=float32[N,2]"),))
    model = Model(load("mnist-mlp").graph, "net.py:Net", original=original)
    expected = Live(original, 16) if is_own else None
    assert own_network(model, framework, Recipe(batch_size=16)) == expected
