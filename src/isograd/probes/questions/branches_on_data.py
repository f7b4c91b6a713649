"""Does a Python `if` on a value work?"""

from isograd.probes.question import Question
from isograd.probes.questions._control_flow import judge

QUESTION = Question(
    "branches-on-data",
    "if on a value",
    "A Python `if` on a sum; built with an example of one side, called with both. Yes: both calls"
    " are right; no: refused, or wrong.",
    judge,
)
