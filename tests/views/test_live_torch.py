"""A PyTorch network that depends on data is shown as it runs, and each static graph says where it
stops; a network without such control flow has none of that."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from live_networks import CountingTorch, StraightTorch, line

from isograd.errors import UsageError
from isograd.frameworks import LIVE_VIEWS
from isograd.frameworks.protocol import Live, Original
from isograd.frameworks.torch.views import live as torch_live
from isograd.frameworks.torch.views.recompiling import compilations
from isograd.frameworks.torch.views.retracing import recompiles
from isograd.ir.inputs import parse_input
from isograd.reference_text import parse_reference
from isograd.views import View
from isograd.views.variations import variations

FILE = Path(__file__).parents[2] / "examples/control_flow/torch_halving.py"
SPECS = (parse_input("x=float32[N,8]"),)

Views = dict[str, list[View]]


def of(network: object) -> Live:
    return Live(Original("torch", network, SPECS), batch=4)


def views_of(live: Live) -> Views:
    found = {stage: torch_live.capture(stage, live) for stage in LIVE_VIEWS["torch"]}
    for view in (view for views in found.values() for view in views):
        view.check()
    return found


@pytest.fixture(scope="module")
def halving() -> Views:
    return views_of(of(parse_reference(f"{FILE}:Halving")))


@pytest.fixture(scope="module")
def straight() -> Views:
    return views_of(of(StraightTorch()))


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
    assert all(f"{int(view.figures['operators'])} operations" in change.text for view in views)


def test_each_round_of_the_loop_is_recorded(halving: Views) -> None:
    for view in halving["dynamic"]:
        halved = [one for one in view.operations if str(one.source).endswith(at("x = x / 2"))]
        rounds = sum(one.phase == "forward" for one in halved)
        asked = [one for one in view.operations if "_local_scalar_dense" in one.kind]
        loops = [one for one in asked if str(one.source).endswith(at("while x.norm()"))]
        assert len(loops) == rounds + 1


def test_both_sides_of_the_branch_are_among_the_calls(halving: Views) -> None:
    scopes = [{one.scope for one in view.operations} for view in halving["dynamic"]]
    assert any("up" in found for found in scopes)
    assert any("down" in found for found in scopes)
    assert not any({"up", "down"} <= found for found in scopes)


@pytest.mark.parametrize("stage", ["dynamic", "jit"])
def test_loop_and_branch_are_named_with_their_lines(halving: Views, stage: str) -> None:
    view = halving[stage][0]
    assert sources(view, "loop") == [at("while x.norm()")]
    assert sources(view, "branch") == [at("if x.sum()")]


def test_a_trace_is_shown_to_be_wrong_at_another_call(halving: Views) -> None:
    (view,) = halving["jit"]
    network = torch_live.LiveNetwork(of(parse_reference(f"{FILE}:Halving")))
    first, *others = [network.tensors(call)[0] for call, _ in network.differing_calls()]
    traced = torch.jit.trace(network.model, first, check_trace=False)
    worst = max((traced(x) - network.model(x)).abs().max().item() for x in others)
    assert view.figures["wrong_by"] == pytest.approx(worst)
    assert worst > 0.01


def test_export_refuses_at_the_line_of_the_loop_and_keeps_what_it_had(halving: Views) -> None:
    (view,) = halving["export"]
    assert view.status == "partial"
    assert sources(view, "refused") == [at("while x.norm()")]
    assert view.operations[-1].mark
    assert {"aten.linear.default", "aten.tanh.default"} <= set(view.kinds())


def test_graph_breaks_are_those_that_dynamo_counts(halving: Views) -> None:
    first, *rest = halving["aot"]
    network = torch_live.LiveNetwork(of(parse_reference(f"{FILE}:Halving")))
    inputs = network.tensors(next(network.calls()))
    torch._dynamo.reset()
    counted = torch._dynamo.explain(network.model)(*inputs)
    assert len(sources(first, "break")) == counted.graph_break_count > 0
    assert 1 + len(rest) == counted.graph_count
    lines = {at("while x.norm()"), at("if x.sum()")}
    assert set(sources(first, "break")) == lines


def test_a_whole_graph_is_refused_at_the_line_of_the_loop(halving: Views) -> None:
    assert sources(halving["aot"][0], "refused") == [at("while x.norm()")]


def test_modules_and_lines_are_the_users(halving: Views) -> None:
    view = halving["dynamic"][0]
    (fc1,) = [o for o in view.operations if o.kind == "aten.addmm.default" and o.scope == "fc1"]
    assert str(fc1.source).endswith(at("x = torch.tanh"))


def test_a_network_without_control_flow_has_one_graph_and_no_event(straight: Views) -> None:
    for stage in ("dynamic", "export", "aot"):
        (view,) = straight[stage]
        assert view.status == "ok"
        assert [event for event in view.events if event.kind != "recompile"] == []
    (jit,) = straight["jit"]
    assert [event.kind for event in jit.events] == ["constant"]  # its lines ran once
    assert "wrong_by" not in jit.figures


def test_what_a_traced_network_does_besides_computing_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (view,) = torch_live.capture("jit", of(CountingTorch()))
    told = {str(event.source).rpartition("/")[2]: event.text for event in view.events}
    here = Path(__file__).with_name("live_networks.py")
    counts = [n for n, text in enumerate(here.read_text().splitlines(), 1) if "calls += 1" in text]
    assert "self.calls is set" in told[f"{here.name}:{counts[0]}"]
    assert "print(...)" in told[f"{here.name}:{counts[0] + 1}"]


def test_recompilations_have_dynamos_reason() -> None:
    network = StraightTorch()
    found = recompiles(network, variations([torch.randn(4, 8).numpy()]))
    reasons = " ".join(event.text for event in found.recompiles)
    assert "size mismatch at index 0. expected 4, actual 5" in reasons
    assert "number == 0.5" in reasons
    assert {event.kind for event in found.recompiles} == {"recompile"}


def test_a_counter_is_one_reason_to_compile_again(capsys: pytest.CaptureFixture[str]) -> None:
    network, x = CountingTorch(), torch.randn(4, 8)
    found = compilations(network, [(x,)] * 5)
    (counter,) = [event for event in found.recompiles if "self.calls == " in event.text]
    assert counter.count == 3  # the second call makes the attribute, which is a reason of its own


def test_calls_that_are_alike_compile_once() -> None:
    network, x = StraightTorch(), torch.randn(4, 8)
    found = compilations(network, [(x,), (x + 1,)])
    assert (found.graphs, found.recompiles) == (1, [])


def test_a_stage_that_is_not_known_is_refused() -> None:
    with pytest.raises(UsageError, match="view"):
        torch_live.capture("inductor", of(StraightTorch()))


def test_an_interface_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch._dynamo, "explain")
    with pytest.raises(UsageError, match=r"torch\._dynamo\.explain"):
        torch_live.capture("aot", of(StraightTorch()))
