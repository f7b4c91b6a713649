"""Are Jacobians right?"""

from isograd.probes.question import Question
from isograd.probes.saying import several_ways

QUESTION = Question(
    "jacobians",
    "Jacobians",
    "The four derivatives of a function of two values, against the analytic answer. Yes: right in"
    " some way, and never silently wrong; partly: right in one way, silently wrong in another; "
    "no: never right.",
    several_ways,
)
