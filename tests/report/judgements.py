"""Claims as the rules judge them: by evidence of every kind, for, against and undecided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from claim_records import make_claims
from evidences import compared, comparison, derivative, graphs, point, seen, shipped, view
from test_debugging_rules import probed
from test_distribution_rules import pair
from test_effort_rules import counted, script
from test_gain_rules import int8, trained, trainings
from test_other_rules import article, defaults, formats, stages, timed

from isograd.claims.catalogue import Source, catalogue
from isograd.claims.record import Claims, Finding, Left, Ran
from isograd.claims.rules import RULES
from isograd.evidence import Evidence
from isograd.run.experiments import EXPERIMENTS
from isograd.views.view import Event

MIXED = {"torch/compile": 0.5, "torch/jit": 1.2, "tensorflow/function": 0.2, "tensorflow/xla": 1.4}
STEP = ("forward", "loss", "backward", "update")


def evidence() -> Iterator[Evidence]:
    """Of each kind, what says something else."""
    yield Evidence()
    yield compared(comparison(MIXED, batch=8), comparison(MIXED, batch=512, spread=0.5))
    yield compared(comparison({"torch/compile": 0.5}, batch=512), comparison(MIXED, epochs=10_000))
    yield compared(comparison({"torch/compile": 1.0}, batch=512), comparison(MIXED))
    for verdict in ("equivalent", "different", "inconclusive"):
        proven = comparison(MIXED, stages=stages(verdict, "equivalent"))
        proven.derivatives = [derivative(1e-16, 1e-9)]
        for mode in proven.modes:
            mode.import_s, mode.build_s, mode.time_to_target_s = 2.0, 0.5, 1.0
        yield compared(proven)
        yield article(verdict, *(() if verdict == "equivalent" else ("double-softmax", "bias")))
        yield trainings(trained("float32", 1.0), trained("bfloat16", 0.8, verdict))
    yield from _shipped()
    yield from _drawn()
    yield from (defaults(True), defaults(False))
    yield from (pair(0.9, 0.6), pair(0.9, 0.8, spread=0.2), pair(0.9, 0.6, workers=2))
    yield pair(0.9, 0.6, crowded=True)
    yield counted(script("torch", 5), script("tensorflow", 9))
    for name, title in (
        ("nan-is-located", "NaN traced to its line"),
        ("graph-before-run", "graph before the run"),
    ):
        asked = probed(name, {"torch/eager": "yes", "torch/jit": "no", "torch/compile": None})
        asked.probes[0].record.questions[0].title = title
        yield asked


def _shipped() -> Iterator[Evidence]:
    for answer in ("yes", "no"):
        beside = formats({}, {})
        beside.probes += probed("runs-without-python", {"torch/jit": answer}).probes
        yield beside
    yield shipped(
        point("dense/torch/grad", 1.2),
        point("dense/torch/inference-mode", status="crashed"),
        point("dense/torch/torchscript", 0.5),
        point("dense/torch/onnx", 0.4),
        int8("dense/torch/onnx-int8-static", 0.2, size=250),
        point("dense/tensorflow/eager", 8.0),
        point("dense/tensorflow/function", 2.0),
        point("structured-50/torch/eager", 0.6, size=500, lost=5.0, agreement=0.9),
        point("unstructured-80/torch/eager", 1.0),
        point("dense/torch/bfloat16", 2.0, technique="mixed precision", precision="bfloat16"),
    )
    yield formats({}, {})
    some = formats({"onnx": "failed"}, {"litert": "not installed"})
    for one in some.frontiers[0].record.points:
        one.reason = "The worker died of SIGSEGV."
    yield some


def _drawn() -> Iterator[Evidence]:
    yield timed(100, 150)
    figures = {"flops_forward": 10.0, "flops_backward": 20.0}
    yield seen(
        graphs(
            view("torch/dynamic", *STEP, tied=False, figures=figures),
            view("torch/aot", *STEP),
            view("torch/jit", "forward", shaped=False),
            view("torch/export"),
        )
    )
    loop = Event("loop", "tf.while_loop")
    yield seen(graphs(view("tensorflow/function", "forward", events=(loop,)), layers=False))
    yield seen(graphs(view("tensorflow/function", "forward", events=(loop,))))


def make_judged() -> Claims:
    """Every statement with every result that its rule comes to, and with every small run."""
    found = make_claims()
    every = ((claim, RULES[claim.id](one)) for one in evidence() for claim in catalogue())
    outcomes = {(claim.id, outcome.result): (claim, outcome) for claim, outcome in every}
    found.findings = [
        Finding(
            claim.id,
            claim.statement,
            claim.tested,
            claim.limits,
            [Source("Keras", "https://example.org/page")],
            outcome.verdict,
            outcome.result,
            [replace(figure) for figure in outcome.figures],
            ["small/result.json"],
        )
        for claim, outcome in outcomes.values()
    ]
    left = ("made with torch 2.1.0; 2.13.0 is installed", "measured on another processor: EPYC-9")
    found.left = [Left("../old/result.json", reason) for reason in left]
    found.runs = [Ran(one.name, one.about, "ok", "", 61.0, "") for one in EXPERIMENTS.values()]
    late = "takes about 60 s, and 4 s of the budget are left"
    found.runs.append(replace(found.runs[0], status="skipped", reason=late))
    return found
