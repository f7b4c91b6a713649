"""Does a Python `while` on a value work?"""

from isograd.probes.question import Question
from isograd.probes.questions._control_flow import judge

QUESTION = Question(
    "loops-on-data",
    "while on a value",
    "A Python `while` that halves until the sum is at most 1; built with an example that goes "
    "round once, called with that and one that goes round six times. Yes: both calls are right; "
    "no: refused, or wrong.",
    judge,
)
