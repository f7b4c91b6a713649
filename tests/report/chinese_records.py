"""The made-up records of other tests, with the sentences that isograd itself would have written
into them."""

from __future__ import annotations

import dataclasses

import explanations
import feedings
import frontiers
import graphs
from explanations import stage

from isograd.causes.catalogue import catalogue
from isograd.deploy.slower import reason
from isograd.explanation import Explanation
from isograd.feeding import Delivery, Feeding, Trap
from isograd.frontier import Frontier
from isograd.pipelines.specification import SPECIFICATIONS
from isograd.pipelines.traps import KNOWN
from isograd.report.frontier_findings import findings
from isograd.result import Cause, Effect
from isograd.run.precision_verdicts import slower_because
from isograd.views import Graphs
from isograd.views.changes import changes

DIED = "The worker died of SIGSEGV."


def explanation(kind: str) -> Explanation:
    """An explanation as ``different``, ``rest``, ``accepted``, ``course``, ``equivalent`` or
    ``inconclusive``."""
    if kind in ("equivalent", "inconclusive"):
        found = explanations.make_equivalent()
        found.verdict = kind
        if kind == "inconclusive":
            found.stages[1].verdict = kind
            found.rest = "nothing in the two graphs differs, but what the two networks do does"
        return found
    found = explanations.make_explanation(places=5)
    found.causes[1].summary = _summary("bn-eps", "1e-05", "0.001")
    found.training = explanations.make_trainings()
    found.unclear = ["Dropout: p=0.5 against p=0.4: written otherwise, computes the same here"]
    found.ambiguous = [(["a.weight"], ["b.kernel"])]
    found.harmless = [
        "LogSoftmax: axis=1 against axis=-1: log_softmax(log_softmax(x)) is log_softmax(x)"
    ]
    if kind == "rest":
        found.rest = (
            "with all of this mended, the two still differ in the stage gradients, 12.5 times the "
            "rounding envelope at conv.weight"
        )
    if kind == "accepted":
        found.causes[1].accepted = True
        found.location.divergences *= 3
    if kind == "course":
        unseen = Effect("equivalent", reason="not measured at a fixed batch")
        summary = _summary("batch-size", "1", "32")
        found.causes = [
            Cause("batch-size", summary, "batch_size", [], "1", "32", unseen, unseen, {})
        ]
        found.location = None
        found.stages = [stage("structure", 0.0), stage("forward", 1.0)]
    return found


def _summary(id: str, ours: str, theirs: str) -> str:
    entry = next(one for one in catalogue() if one.id == id)
    return entry.summary.format(reference=ours, twin=theirs)


def views() -> Graphs:
    """Graphs with views that are whole, cut off and not there."""
    found = graphs.make_graphs()
    ran, exported, other, xla = found.views
    ran.about = (
        "Every operator that one eager training step dispatches, in order, recorded while it ran "
        "(TorchDispatchMode)."
    )
    ran.figures |= {"saved_bytes": 29_572.0, "graph_breaks": 0.0}
    ran.events[0].text = "A branch of Python's chose one side, and that alone was recorded."
    exported.about = (
        "The network in training mode with the batch size left open, as torch.export takes it in "
        "(training IR). Loss, backward pass and update stay outside of it."
    )
    exported.title = "Exported graph"
    exported.operations[-1].mark = exported.reason = (
        "torch.export refuses to choose by a tensor's value here. It takes torch.cond for a branch "
        "and torch.while_loop for a loop."
    )
    exported.events[
        0
    ].text = "The graph ends here: Python chooses by a tensor's value where to go on."
    other.about = (
        "Every operation that one eager training step executed, forward, loss, backward, update, "
        "in order, written down while it ran (op_callbacks). Nothing of it outlives the step."
    )
    xla.title = "XLA's program, optimised"
    xla.about = (
        "What XLA runs: one kernel for each fusion, which holds the instructions that it computes "
        "together (experimental_get_compiler_ir, stage optimized_hlo)."
    )
    xla.reason = "TensorFlow 2.21.0 has no experimental_get_compiler_ir, which this view needs."
    found.changes = changes(ran, dataclasses.replace(ran, operations=ran.operations[:9]))
    for overlay in found.overlays:
        overlay.about = "Nothing is scaled."
    return found


def frontier(kind: str) -> Frontier:
    """A frontier as ``complete``, ``partial``, ``reached``, ``missed`` or ``empty``."""
    found = frontiers.make_frontier()
    instructions = found.environment["instructions"]
    for point in found.points:
        if point.because:
            point.because = reason("int8", 8, 0.4, 203_264, 9e11, ["avx2"])
        if point.status != "ok":
            point.reason = DIED
    for training in found.trainings:
        training.because = training.because and slower_because("bfloat16", instructions)
    for variant, about in zip(found.variants, ABOUT, strict=True):
        variant.about = about
    found.points[0].notes = [
        "Called without torch.no_grad, it keeps what a backward pass would need."
    ]
    found.findings = findings(found)
    if kind == "partial":
        found.status, found.reason = "partial", "interrupted while training in lower precision"
    if kind in ("reached", "missed"):
        found.target = "accuracy>=0.97, size<100kB"
        found.answer = found.points[20].id if kind == "reached" else None
        found.reason = "The budget of 600 s is spent; there is more to measure."
    if kind == "empty":
        found.points = [point for point in found.points if point.status != "ok"]
        found.findings, found.variants, found.trainings = [], [], []
    return found


ABOUT = (
    "the network after 5 epochs in float32",
    "for inference: normalisations and constants folded into the layers, no dropout",
    "the weakest 50% of the channels are taken out, then fine-tuned",
    "the weakest 75% of the channels are taken out, then fine-tuned",
    "the smallest 80% of the weights are zero, then fine-tuned",
)


def feeding(kind: str) -> Feeding:
    """Pipelines as ``complete``, ``partial``, ``wrong`` or ``unfed``."""
    found = feedings.make_feeding()
    said = {one.id: one.about for one in SPECIFICATIONS}
    found.source |= {"kind": "a named data set, arrays in memory", "inputs": "float32[8, 8]"}
    for one in found.pipelines:
        one.about = said.get(one.id, "your own: pipes.py:slow")
        one.reason = one.reason and DIED
    found.fed[-1].reason = DIED
    known = KNOWN[0]
    found.traps = [
        Trap(known.name, known.torch, known.tensorflow, 54.0, 0.99, known.instead),
    ]
    if kind == "partial":
        found.status, found.reason = "partial", "interrupted while opening the pipelines"
    if kind == "wrong":
        found.pipelines[1].delivery = Delivery("wrong", 1437, 3, 2, 1)
        found.pipelines[3].delivery = Delivery("inconclusive", 1437)
    if kind == "unfed":
        found.fed = []
    return found
