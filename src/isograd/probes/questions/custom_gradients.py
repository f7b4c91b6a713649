"""Are custom gradients right?"""

from isograd.probes.question import Question
from isograd.probes.saying import several_ways

QUESTION = Question(
    "custom-gradients",
    "custom gradients",
    "A rounding whose gradient is declared to be 1, against the analytic answer. Yes: right in "
    "some way, and never silently wrong; partly: right in one way, silently wrong in another; no:"
    " never right.",
    several_ways,
)
