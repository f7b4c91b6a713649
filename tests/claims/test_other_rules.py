"""Derivatives, graphs, formats and scripts: the data decide, in both directions."""

from __future__ import annotations

import pytest
from evidences import (
    compared,
    comparison,
    derivative,
    found,
    graphs,
    point,
    seen,
    shipped,
    view,
)
from test_debugging_rules import probed

from isograd.claims.outcome import decide
from isograd.claims.rules import RULES
from isograd.claims.rules.gradients import CHEAP
from isograd.evidence import Evidence
from isograd.observation import Observation
from isograd.result import Stage
from isograd.views.document import Overlay
from isograd.views.view import Event

STEP = ("forward", "loss", "backward", "update")


@pytest.mark.parametrize(
    ("votes", "verdict"),
    [
        (("for", "for", ""), "holds"),
        (("against", ""), "does not hold"),
        (("against", "open"), "does not hold"),
        (("for", "against"), "depends"),
        (("for", "open"), "depends"),
        (("open", ""), "not testable"),
        ((), "not testable"),
    ],
)
def test_a_statement_holds_only_if_nothing_speaks_against_it(votes, verdict) -> None:
    assert decide(votes) == verdict


# Derivatives -----------------------------------------------------------------------------------


def stages(gradients: str, float32: str = "equivalent") -> tuple[Stage, ...]:
    return (
        Stage("gradients", gradients, 0.0, 0.0, 1e-16, 0.7, "w"),  # type: ignore[arg-type]
        Stage("float32", float32, 0.0, 0.0, 1e-8, 1.1, "w"),  # type: ignore[arg-type]
    )


def exactness(gradients: str, float32: str = "equivalent", off: float = 1e-16) -> str:
    result = comparison({}, stages=stages(gradients, float32))
    result.derivatives = [derivative(off, 1e-9)]
    return RULES["autodiff-exact"](compared(result)).verdict


def test_gradients_are_exact_where_proof_and_formula_say_so() -> None:
    assert exactness("equivalent") == "holds"


def test_gradients_that_differ_are_not() -> None:
    assert exactness("different", "different", off=1e-3) == "does not hold"
    assert exactness("different") == "depends"


def test_a_derivative_farther_from_the_formula_than_finite_differences_speaks_against_it() -> None:
    assert exactness("equivalent", off=1e-6) == "depends"


def test_rounding_that_hides_the_answer_keeps_it_from_holding() -> None:
    assert exactness("inconclusive") == "depends"


def test_gradients_of_one_framework_are_equal_to_nothing() -> None:
    alone = comparison({}, stages=stages("equivalent"))
    alone.modes = [mode for mode in alone.modes if mode.framework == "torch"]
    assert RULES["autodiff-exact"](compared(alone)).verdict == "not testable"
    both = comparison({}, stages=stages("equivalent"))
    both.derivatives = [derivative(1e-16, 1e-9)]
    assert RULES["autodiff-exact"](compared(alone, both)).verdict == "holds"


def timed(forward: float, backward: float, noise: float = 0.01) -> Evidence:
    overlays = (
        Overlay("torch", "time", "us", {}, noise=noise),
        Overlay("torch", "forward time", "us", {"fc": forward / 2}, {"loss": forward / 2}),
        Overlay("torch", "backward time", "us", {"fc": backward}),
    )
    return seen(graphs(overlays=overlays))


def test_a_gradient_is_cheap_below_the_bound() -> None:
    outcome = RULES["gradient-cheap"](timed(100, 150))
    assert outcome.verdict == "holds"
    assert outcome.figures[0].value == pytest.approx(2.5)
    assert RULES["gradient-cheap"](timed(100, 900)).verdict == "does not hold"
    assert RULES["gradient-cheap"](timed(100, 100 * (CHEAP - 1))).verdict == "not testable"


def test_operations_count_as_well() -> None:
    counted = graphs(
        view("torch/dynamic", figures={"flops_forward": 10.0, "flops_backward": 100.0})
    )
    assert RULES["gradient-cheap"](seen(counted)).verdict == "does not hold"


# Graphs ----------------------------------------------------------------------------------------


def test_a_static_view_that_shows_more_is_easier_to_inspect() -> None:
    more = graphs(view("torch/dynamic", *STEP, tied=False), view("torch/aot", *STEP))
    assert RULES["static-inspectable"](seen(more)).verdict == "holds"
    less = graphs(view("torch/dynamic", *STEP), view("torch/jit", "forward"))
    assert RULES["static-inspectable"](seen(less)).verdict == "does not hold"


def test_a_view_that_shows_the_same_says_nothing() -> None:
    same = graphs(view("torch/dynamic", *STEP), view("torch/aot", *STEP))
    assert RULES["static-inspectable"](seen(same)).verdict == "not testable"


def test_a_view_that_could_not_be_had_keeps_it_from_holding() -> None:
    half = graphs(
        view("torch/dynamic", *STEP, shaped=False), view("torch/aot", *STEP), view("torch/jit")
    )
    assert RULES["static-inspectable"](seen(half)).verdict == "depends"


def test_a_loop_in_the_graph_is_what_autograph_promises() -> None:
    loop, refused = Event("loop", "while is a loop"), Event("refused", "no value here")
    kept = graphs(view("tensorflow/function", "forward", events=(loop,)), layers=False)
    assert RULES["autograph"](seen(kept)).verdict == "holds"
    stopped = graphs(view("tensorflow/function", "forward", events=(refused,)), layers=False)
    assert RULES["autograph"](seen(stopped)).verdict == "does not hold"
    both = graphs(*stopped.views, view("tensorflow/function-2", events=(loop,)), layers=False)
    assert RULES["autograph"](seen(both)).verdict == "depends"


def test_a_network_without_such_a_loop_says_nothing_about_autograph() -> None:
    assert RULES["autograph"](seen(graphs(view("tensorflow/function", *STEP)))).verdict == (
        "not testable"
    )


# Formats ---------------------------------------------------------------------------------------

TORCH = ("torchscript", "exported-program", "aot-inductor", "onnx")
KERAS = ("saved-model", "litert", "onnx")


def formats(torch: dict[str, str], keras: dict[str, str]) -> Evidence:
    """Format to status; those that are not named worked."""
    points = [
        point(f"dense/{framework}/{name}", technique="artefact", status=states.get(name, "ok"))
        for framework, names, states in (("torch", TORCH, torch), ("tensorflow", KERAS, keras))
        for name in names
    ]
    return shipped(*points)


def test_the_richer_tools_are_those_that_write_more_formats_that_work() -> None:
    assert RULES["tf-production"](formats({}, {})).verdict == "does not hold"
    failed = dict.fromkeys(TORCH[:2], "failed")
    assert RULES["tf-production"](formats(failed, {})).verdict == "holds"


def test_formats_that_were_not_tried_leave_it_open() -> None:
    untried = dict.fromkeys(TORCH[:2], "not installed")
    assert RULES["tf-production"](formats(untried, {})).verdict == "not testable"


def test_a_format_that_computes_something_else_does_not_count() -> None:
    wrong = formats({}, {})
    for one in wrong.frontiers[0].record.points:
        if one.candidate.startswith("torch/") and one.technique == "artefact":
            one.verdict = "different"
    assert RULES["tf-production"](wrong).verdict == "holds"


def test_what_runs_without_python_stands_beside_the_formats_and_decides_nothing() -> None:
    answers = {"torch/eager": "no", "torch/jit": "yes", "tensorflow/function": "yes"}
    evidence = formats({}, {})
    before = RULES["tf-production"](evidence)
    evidence.probes += probed("runs-without-python", answers).probes
    outcome = RULES["tf-production"](evidence)
    assert outcome.verdict == before.verdict
    assert "Run without Python: PyTorch jit and TensorFlow function." in outcome.result
    assert [f.text for f in outcome.figures if f.what.endswith("without Python")] == [
        "no",
        "yes",
        "yes",
    ]


# Scripts ---------------------------------------------------------------------------------------


def observed(name: str, what: dict[str, object]) -> Evidence:
    return Evidence(observations=[found(Observation(name, "", "", {}, what))])


def article(verdict: str, *causes: str) -> Evidence:
    listed = [{"id": id, "summary": "why"} for id in causes]
    return observed("article", {"verdict": verdict, "causes": listed})


def test_two_scripts_are_the_same_if_the_proof_says_so() -> None:
    outcome = RULES["same-tutorials"](article("different", "double-softmax"))
    assert outcome.verdict == "does not hold"
    assert "double-softmax" in outcome.result
    assert RULES["same-tutorials"](article("equivalent")).verdict == "holds"
    assert RULES["same-tutorials"](article("inconclusive")).verdict == "not testable"


def defaults(eager: bool) -> Evidence:
    return observed("defaults", {"tensorflow": {"version": "2", "executing_eagerly": eager}})


def test_tensorflow_is_static_if_it_executes_nothing_at_once() -> None:
    assert RULES["tf-static"](defaults(True)).verdict == "does not hold"
    assert RULES["tf-static"](defaults(False)).verdict == "holds"


def test_what_is_executed_may_change_from_call_to_call() -> None:
    evidence = defaults(True)
    changes = (Event("change", "another graph at each call"),)
    evidence.graphs = seen(graphs(view("tensorflow/dynamic", "forward", events=changes))).graphs
    outcome = RULES["tf-static"](evidence)
    assert "changes from call to call" in outcome.result
    assert outcome.evidence == ["observation.json", "graph-0"]


def test_without_evidence_there_is_no_verdict() -> None:
    for id, rule in RULES.items():
        assert rule(Evidence()).verdict == "not testable", id
