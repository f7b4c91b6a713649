"""Can an inner layer's values and gradients be seen?"""

from __future__ import annotations

from isograd.probes.question import Finding, Observed, Question
from isograd.probes.saying import failed, quoted


def judge(observed: Observed) -> Finding:
    attempts = observed["seen"]
    good = [name for name, attempt in attempts.items() if _works(attempt)]
    said = [f"By {observed['how']}."]
    if good:
        said.append(f"Right in each step: {'; '.join(good)}.")
    said += [_told(name, one) for name, one in attempts.items() if name not in good]
    answer = "yes" if len(good) == len(attempts) else "partly" if good else "no"
    return answer, " ".join(said)  # type: ignore[return-value]


def _works(attempt: Observed) -> bool:
    if failed(attempt):
        return False
    return bool(attempt["value"]["right"]) and min(attempt["value"]["each step"]) > 0


def _told(name: str, attempt: Observed) -> str:
    start = f"{name[0].upper()}{name[1:]}"
    if failed(attempt):
        return f"{start}: {quoted(attempt)}."
    counts = attempt["value"]["each step"]
    wrong = ", or wrong" if any(counts) and not attempt["value"]["right"] else ""
    return f"{start}: came {', '.join(map(str, counts))} times in the steps{wrong}."


QUESTION = Question(
    "inner-values-seen",
    "inner values seen",
    "What goes through an inner layer and the gradient there, without a change to the network's "
    "code; attached before it is built, and to a network that runs already. Yes: all four are "
    "seen, and right, in each step; partly: some; no: none.",
    judge,
)
