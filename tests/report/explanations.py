"""Explanations as `isograd prove REFERENCE TWIN` writes them."""

from __future__ import annotations

from isograd.explanation import AlignedRow, Explanation, Training
from isograd.result import (
    Cause,
    Curve,
    Effect,
    FirstDivergence,
    Location,
    Place,
    Spot,
    Stage,
)

FIXES = {
    "torch": "nn.BatchNorm2d(channels, eps=1e-05)",
    "tensorflow": "layers.BatchNormalization(epsilon=1e-05)",
}


def stage(name: str, ratio: float) -> Stage:
    verdict = "different" if ratio > 1000 else "equivalent"
    return Stage(name, verdict, ratio * 1e-16, ratio * 1e-15, 1e-16, ratio, "outputs", "2 tensors")


def spots(name: str, other: str, op: str = "BatchNorm", line: int = 12) -> tuple[Spot, Spot]:
    return (
        Spot(op, name.replace(".", "_"), name, f"net.py:{line}"),
        Spot(op, other.replace(".", "_"), other, f"port.py:{line}"),
    )


def bn_eps(places: int = 1, ratio: float = 8.8e11) -> Cause:
    found = [spots(f"blocks.{i}.bn", f"block{i}.norm", line=12 + i) for i in range(places)]
    return Cause(
        "bn-eps",
        "Batch normalization adds epsilon 1e-05 to the variance in the reference, 0.001 in it.",
        "blocks.0.bn (net.py:12) / block0.norm (port.py:12)",
        [*found],
        "1e-05",
        "0.001",
        Effect("different", "forward", ratio, 0.00067),
        Effect("equivalent", "forward", 0.4, 1e-16),
        FIXES,
        "documentation of torch.nn.BatchNorm2d",
    )


def softmax() -> Cause:
    return Cause(
        "unknown",
        "Not in the catalogue: Softmax(axis=1) is in the twin only.",
        "head (port.py:30)",
        [(None, Spot("Softmax(axis=1)", "softmax", "head", "port.py:30"))],
        "nothing",
        "Softmax(axis=1)",
        Effect("different", "forward", 1.6e15, 1.08),
        Effect("equivalent", "forward", 0.4, 1e-16),
        {},
    )


def row(name: str, other: str, op: str = "ReLU", **values) -> AlignedRow:
    ours, theirs = spots(name, other, op)
    return AlignedRow(values.pop("kind", "same"), ours, theirs, **values)


def make_rows(blocks: int = 12) -> list[AlignedRow]:
    """A network of blocks, of which the first has another epsilon, with a softmax too many."""
    rows = []
    for i in range(blocks):
        module = (f"blocks.{i}", f"block{i}")
        rows += [
            row(f"blocks.{i}.conv", f"block{i}.conv", "Conv(out_channels=8)", module=module),
            row(f"blocks.{i}.bn", f"block{i}.norm", "BatchNorm", module=module),
            row(f"blocks.{i}", f"block{i}", "ReLU", module=module),
        ]
        rows[-1].reference.node, rows[-1].twin.node = f"relu_{i}", f"relu_{i}"
    rows[1].kind = "differs"
    rows[1].attributes = [("eps", "1e-05", "0.001")]
    for number, one in enumerate(rows):
        one.ratio = 0.3 if number == 0 else 8.8e11
    end = Spot("Softmax(axis=1)", "softmax", "head", "port.py:30")
    return [*rows, AlignedRow("twin only", None, end)]


def make_explanation(places: int = 1) -> Explanation:
    rows = make_rows()
    parting = FirstDivergence(
        "forward",
        "blocks_0_bn",
        "blocks_0_bn",
        Place("net.py:12", "blocks_0_bn", [2, 3, 5, 5], [-1.2517171332, -0.6260082433]),
        Place("port.py:12", "block0_norm", [2, 5, 5, 3], [-1.2508891098, -0.6255784855]),
        9.3e11,
        8e-4,
        1e-15,
        [
            (depth, one.reference.node, one.ratio or 0.0)
            for depth, one in enumerate(rows)
            if one.reference
        ],
    )
    return Explanation(
        reference="net.py:Net",
        twin="port.py:build",
        verdict="different",
        parameters=12_474,
        stages=[stage("structure", 0.0), stage("forward", 1.5e15), stage("gradients", 9e14)],
        frameworks=("torch", "tensorflow"),
        location=Location("different", "forward", [parting]),
        causes=[softmax(), bn_eps(places)],
        harmless=["LogSoftmax twice: written otherwise, computes the same here"],
        rows=rows,
    )


def make_equivalent() -> Explanation:
    found = make_explanation()
    rows = [one for one in found.rows if one.reference]
    rows[1].kind, rows[1].attributes = "same", []
    return Explanation(
        reference=found.reference,
        twin=found.twin,
        verdict="equivalent",
        parameters=found.parameters,
        stages=[stage("structure", 0.0), stage("forward", 1.5), stage("gradients", 2.0)],
        frameworks=found.frameworks,
        location=Location("equivalent"),
        rows=rows,
    )


def make_trainings() -> list[Training]:
    def curves(end: float) -> list[Curve]:
        return [
            Curve(seed, [2.0, 1.0, 1 - end + seed / 100], [0.3, 0.6, end + seed / 1000], [1, 2, 3])
            for seed in (0, 1)
        ]

    return [
        Training("reference", "torch", curves(0.93)),
        Training("twin", "tensorflow", curves(0.97)),
        Training("twin, mended", "tensorflow", curves(0.93)),
    ]
