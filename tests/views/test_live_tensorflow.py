"""A Keras network that depends on data is shown as it runs, and each static graph says where it
stops, or has its loop inside; a network without such control flow has none of that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from live_networks import CountingKeras, StraightKeras, line
from tensorflow.python.framework import ops

from isograd.errors import UsageError
from isograd.frameworks import LIVE_VIEWS
from isograd.frameworks.protocol import Live, Original
from isograd.frameworks.tensorflow.views import live as keras_live
from isograd.frameworks.tensorflow.views import retracing
from isograd.ir.inputs import parse_input
from isograd.reference_text import parse_reference
from isograd.views import View
from isograd.views.variations import variations

FILE = Path(__file__).parents[2] / "examples/control_flow/keras_halving.py"
SPECS = (parse_input("x=float32[N,8]"),)

Views = dict[str, list[View]]


def of(network: object) -> Live:
    return Live(Original("tensorflow", network, SPECS), batch=4)


def views_of(live: Live) -> Views:
    found = {stage: keras_live.capture(stage, live) for stage in LIVE_VIEWS["tensorflow"]}
    for view in (view for views in found.values() for view in views):
        view.check()
    return found


@pytest.fixture(scope="module")
def halving() -> Views:
    return views_of(of(parse_reference(f"{FILE}:Halving")))


@pytest.fixture(scope="module")
def straight() -> Views:
    return views_of(of(StraightKeras()))


def sources(view: View, kind: str) -> list[str]:
    return [str(event.source).rpartition("/")[2] for event in view.events if event.kind == kind]


def at(text: str) -> str:
    return line(FILE, text)


def test_the_dynamic_graph_is_another_one_at_each_call(halving: Views) -> None:
    views = halving["dynamic"]
    assert [view.stage for view in views] == ["dynamic", "dynamic-2", "dynamic-3"]
    graphs = [[operation.kind for operation in view.operations] for view in views]
    assert all(a != b for n, a in enumerate(graphs) for b in graphs[:n])
    (change,) = [event for event in views[0].events if event.kind == "change"]
    assert all(f"{int(view.figures['executed'])} operations" in change.text for view in views)


def test_each_round_of_the_loop_is_recorded(halving: Views) -> None:
    for view in halving["dynamic"]:
        forward = [one for one in view.operations if one.phase == "forward"]
        halved = [one for one in forward if str(one.source).endswith(at("x = x / 2"))]
        asked = [one for one in forward if str(one.source).endswith(at("while tf.norm"))]
        assert sum(one.kind == "Greater" for one in asked) == len(halved) + 1


def test_loop_and_branch_are_named_with_their_lines(halving: Views) -> None:
    for view in halving["dynamic"]:
        assert sources(view, "loop") == [at("while tf.norm")]
        assert sources(view, "branch") == [at("if tf.reduce_sum")]


@pytest.mark.parametrize("stage", ["session", "function"])
def test_a_graph_without_autograph_is_refused_at_the_loop(halving: Views, stage: str) -> None:
    view = halving[stage][0]
    assert view.status == "partial"
    assert sources(view, "refused") == [at("while tf.norm")]
    assert "tf.while_loop" in view.events[-1].text
    assert {"MatMul", "Tanh"} <= set(view.kinds())
    assert view.operations[-1].mark


def test_autograph_puts_loop_and_branch_into_the_graph(halving: Views) -> None:
    view = halving["function"][1]
    loops = [one for one in view.operations if one.kind in ("While", "StatelessWhile")]
    assert str(loops[0].source).endswith(at("while tf.norm"))
    assert sources(view, "loop")[0] == at("while tf.norm")
    assert sources(view, "branch")[0] == at("if tf.reduce_sum")
    assert {"up", "down"} <= {one.scope for one in view.operations}


def test_one_graph_serves_all_calls(halving: Views) -> None:
    view = halving["function"][1]
    assert view.figures["traces"] == 1
    assert view.figures["deviation"] < 1e-5
    assert any("One graph serves all 3 calls" in event.text for event in view.events)


def test_xla_has_the_loop_and_says_why_not_its_gradient(halving: Views) -> None:
    (view,) = halving["hlo"]
    assert view.kinds()["while"] == view.kinds()["conditional"] == 1
    assert sources(view, "loop") == [at("while tf.norm")]
    without_autograph, gradients = [event for event in view.events if event.kind == "refused"]
    assert str(without_autograph.source).endswith(at("while tf.norm"))
    assert "fixed tensor list size" in gradients.text
    assert str(gradients.source).endswith(at("x = x / 2"))  # what each round has to keep


def test_layers_are_called_as_the_attributes_that_hold_them(halving: Views) -> None:
    view = halving["dynamic"][0]
    first = next(one for one in view.operations if one.kind == "MatMul")
    assert (first.scope, str(first.source).rpartition("/")[2]) == ("fc1", at("x = self.fc1"))


def test_a_network_without_control_flow_has_one_graph_and_no_event(straight: Views) -> None:
    for stage in LIVE_VIEWS["tensorflow"]:
        (view,) = straight[stage]
        assert (view.status, view.events) == ("ok", [])


def test_traces_have_tensorflows_reason() -> None:
    calls = variations([np.ones((4, 8), np.float32)])
    found = retracing.retraces(lambda x: x * 2, calls, ["x"])
    texts = [event.text.removeprefix("tf.function traced again: ") for event in found.events]
    assert texts == [
        "x was float32[4, 8] and is float32[5, 8].",
        "x was float32[4, 8] and is float64[4, 8].",
        "a Python number beside the inputs was 0.5 and is 0.25.",
        "a Python number beside the inputs was 0.5 and is 0.125.",
    ]
    assert found.traces == 1 + len(texts)


def test_calls_that_are_alike_are_traced_once() -> None:
    calls = variations([np.ones((4, 8), np.float32)])[:2]
    found = retracing.retraces(lambda x: x * 2, calls, ["x"])
    assert (found.traces, found.events) == (1, [])


def test_what_a_traced_network_does_besides_computing_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    subject: object = None
    found = retracing.watch(subject, of(CountingKeras()))["function"]  # type: ignore[arg-type]
    told = [event.text for event in found if event.kind == "constant"]
    assert "Python ran 3 lines" in told[0]
    assert told[1].startswith("self.calls is set")
    assert told[2].startswith("print(...)")


def test_a_stage_that_is_not_known_is_refused() -> None:
    with pytest.raises(UsageError, match="view"):
        keras_live.capture("grappler", of(StraightKeras()))


def test_an_interface_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(ops, "_EagerTensorBase")
    with pytest.raises(UsageError, match="_EagerTensorBase"):
        keras_live.capture("dynamic", of(StraightKeras()))


def test_nothing_is_left_behind(halving: Views) -> None:
    assert tf.constant(1.0).numpy() == 1.0
    assert "mock" not in repr(type(ops._EagerTensorBase.__bool__))
