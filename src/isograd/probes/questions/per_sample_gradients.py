"""Are gradients of each example right?"""

from isograd.probes.question import Question
from isograd.probes.saying import several_ways

QUESTION = Question(
    "per-sample-gradients",
    "per-sample gradients",
    "The gradients of two examples' own losses, in one go, against the analytic answer. Yes: "
    "right in some way, and never silently wrong; partly: right in one way, silently wrong in "
    "another; no: never right.",
    several_ways,
)
