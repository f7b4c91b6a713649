"""One record of every kind that is saved, each as small as shows all that its page has."""

from __future__ import annotations

from collections.abc import Callable

from chinese import study
from claim_records import make_claims
from explanations import make_explanation
from feedings import make_feeding
from frontiers import make_frontier
from graphs import make_graphs
from measurements import measured
from probe_records import make_probes
from results import make_result
from scalings import make_scaling
from sweep_records import make_sweep
from tunings import make_finetuning

from isograd.advise.conclude import advise
from isograd.advise.profile import Profile
from isograd.result import Saved


def make_advice() -> Saved:
    return advise(Profile(), measured(), model="net.py:Net", command="isograd advise net.py:Net")


def make_asked() -> Saved:
    return make_probes(["python-at-each-step", "runs-without-python"])


def make_few_claims() -> Saved:
    found = make_claims()
    found.findings = found.findings[:4]  # one of each verdict
    return found


def make_small_sweep() -> Saved:
    return make_sweep(models=("lenet",))


RECORDS: dict[str, Callable[[], Saved]] = {
    "isograd/study": study,
    "isograd/result": make_result,
    "isograd/explanation": make_explanation,
    "isograd/graphs": make_graphs,
    "isograd/frontier": make_frontier,
    "isograd/scaling": make_scaling,
    "isograd/probes": make_asked,
    "isograd/advice": make_advice,
    "isograd/claims": make_few_claims,
    "isograd/tuning": make_finetuning,
    "isograd/sweep": make_small_sweep,
    "isograd/feeding": make_feeding,
}
"""Schema, without its version, to a record as its command writes it."""
