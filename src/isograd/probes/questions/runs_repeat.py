"""Are two runs with the same seeds identical?"""

from __future__ import annotations

from isograd.probes.question import Finding, Observed, Question


def judge(observed: Observed) -> Finding:
    runs = observed["runs"]
    count = len(runs)
    digests = {run["weights"] for run in runs}
    losses = ", ".join(f"{run['loss']!r}" for run in runs)
    if len(digests) == 1:
        return (
            "yes",
            f"{count} processes end with the same weights, bit by bit (loss {losses}).",
        )
    if len({run["loss"] for run in runs}) == 1:
        return "partly", f"The loss is the same ({losses}), the weights are not."
    return "no", f"{count} processes end with different weights (losses {losses})."


QUESTION = Question(
    "runs-repeat",
    "bit-identical runs",
    "Ten steps of training with seeds (weights, dropout, order of the data), in two processes. "
    "Yes: the weights are the same, bit by bit; partly: the loss is; no: neither.",
    judge,
    processes=2,
)
