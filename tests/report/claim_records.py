"""A record as `isograd claims` writes it."""

from __future__ import annotations

from isograd.claims.catalogue import Source, catalogue
from isograd.claims.outcome import Figure, Verdict
from isograd.claims.record import Claims, Finding, Left, Ran, Used
from isograd.effort.record import Script
from isograd.effort.source import Usage

VERDICTS: tuple[Verdict, ...] = ("holds", "does not hold", "depends", "not testable")

FIGURES = [
    Figure("PyTorch compile", "a training step", "for", 1.44, 1.42, 1.46, "× as fast"),
    Figure("PyTorch jit", "a training step", "against", 0.93, 0.91, 0.94, "× as fast"),
    Figure("TensorFlow xla", "a training step", "open", 1.02, 0.8, 1.3, "× as fast"),
    Figure("PyTorch", "formats", "", 4.0, unit="formats"),
    Figure("TensorFlow", "a format", "open", text="crashed. No memory."),
]


def finding(id: str, verdict: Verdict) -> Finding:
    claim = next(claim for claim in catalogue() if claim.id == id)
    return Finding(
        id,
        claim.statement,
        claim.tested,
        claim.limits,
        [Source("A page", "https://example.org/page"), Source("A file", "examples/README.md")],
        verdict,
        f"Found for {id}.",
        list(FIGURES),
        ["small/result.json", "../other/graph.json"],
    )


def make_claims() -> Claims:
    ids = [claim.id for claim in catalogue()]
    findings = [finding(id, VERDICTS[n % 4]) for n, id in enumerate(ids)]
    usage = Usage(20, ["torch.nn.Linear"], ["backward"], ["torch.nn"], 12)
    return Claims(
        "isograd claims --budget 5m",
        "2026-11-25T12:00:00+00:00",
        {"python": "3.11.4", "packages": {"torch": "2.13.0"}},
        status="complete",
        findings=findings,
        used=[Used("small/result.json", "2026-11-25T11:00:00+00:00", 3700.0, {"torch": "2.13.0"})],
        left=[Left("../old/result.json", "made with torch 2.1.0; 2.13.0 is installed")],
        runs=[
            Ran("small", "timing the network", "ok", "", 61.0, "isograd compare"),
            Ran("large", "timing it again", "skipped", "takes about 60 s", 0.0, "isograd compare"),
        ],
        scripts=[
            Script("net", framework, "emitted", usage) for framework in ("torch", "tensorflow")
        ],
        budget_s=300.0,
    )
