"""What tutorials say: that two scripts are the same, and that TensorFlow's graph is static."""

from __future__ import annotations

from isograd.claims.outcome import Figure, Outcome, Vote, judged, untested
from isograd.evidence import Evidence
from isograd.notation.names import title

ARTICLE = "article"
DEFAULTS = "defaults"
"""Names of observations; see `isograd.run.small_runs`."""


def scripts_are_the_same(evidence: Evidence) -> Outcome:
    """The proof of two tutorial scripts against each other, with the causes of what differs."""
    seen = evidence.observation(ARTICLE)
    if seen is None:
        return untested("The two scripts were not proven against each other.")
    verdict, causes = seen.record.observed["verdict"], seen.record.observed["causes"]
    says: dict[str, Vote] = {"equivalent": "for", "different": "against"}
    proof = Figure("both scripts", "proof", says.get(verdict, "open"), text=verdict)
    figures = [proof, *(Figure(one["id"], "cause", text=one["summary"]) for one in causes)]
    result = f"The proof says {verdict}."
    if causes:
        result += f" {len(causes)} causes: {', '.join(one['id'] for one in causes)}."
    return judged(result, figures, [str(seen.path)])


def graphs_are_static(evidence: Evidence) -> Outcome:
    """Whether an operation is executed at once in a fresh process, without anything being set."""
    seen = evidence.observation(DEFAULTS)
    if seen is None or "tensorflow" not in seen.record.observed:
        return untested("TensorFlow was not started to see.")
    observed = seen.record.observed["tensorflow"]
    eager = bool(observed["executing_eagerly"])
    figures = [
        Figure(
            title("tensorflow"),
            f"executing eagerly in a fresh process, {observed['version']}",
            "against" if eager else "for",
            text="yes" if eager else "no",
        )
    ]
    paths = [str(seen.path)]
    for one in evidence.graphs:
        dynamic = one.record.view("tensorflow/dynamic")
        changes = [e.text for e in dynamic.events if e.kind == "change"] if dynamic else []
        if changes:
            figures.append(
                Figure(title("tensorflow"), "what it executes", "against", text=changes[0])
            )
            paths.append(str(one.path))
            break
    how = "is executed at once" if eager else "is only recorded in a graph"
    result = f"In TensorFlow {observed['version']}, an operation {how} if nothing is set."
    if len(figures) > 1:
        result += (
            " What is executed changes from call to call where the network decides by its data."
        )
    return judged(result, figures, paths)
