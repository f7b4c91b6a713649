"""Are second derivatives right?"""

from isograd.probes.question import Question
from isograd.probes.saying import several_ways

QUESTION = Question(
    "second-derivatives",
    "second derivatives",
    "The second derivatives of a sum of cubes, against the analytic answer. Yes: right in some "
    "way, and never silently wrong; partly: right in one way, silently wrong in another; no: "
    "never right.",
    several_ways,
)
