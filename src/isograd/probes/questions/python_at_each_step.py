"""Does Python come by at each step?"""

from isograd.probes.question import Finding, Observed, Question
from isograd.probes.saying import numbers


def judge(observed: Observed) -> Finding:
    prints, breakpoints = observed["prints"], observed["breakpoints"]
    said = (
        f"In {len(prints)} steps, print ran {_times(prints)} and breakpoint() {_times(breakpoints)}"
    )
    if observed["last print"]:
        said += f"; print showed “{observed['last print']}”"
    fired = [min(counts) > 0 for counts in (prints, breakpoints)]
    return ("yes" if all(fired) else "partly" if any(fired) else "no"), f"{said}."


def _times(counts: list[int]) -> str:
    total = sum(counts)
    words = {0: "never", 1: "once"}.get(total, f"{total} times")
    return f"{words} ({', '.join(map(numbers, counts))})"


QUESTION = Question(
    "python-at-each-step",
    "print and breakpoint",
    "A print of a value and a breakpoint() stand in the step, which is run three times after it "
    "was built. Yes: both fire in each of them; partly: one of both does; no: neither.",
    judge,
)
