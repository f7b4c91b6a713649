"""Parameters that are held at zero while the others train."""

from __future__ import annotations

from isograd.errors import UsageError
from isograd.frameworks.protocol import Plan


def check_single_steps(plan: Plan) -> None:
    """Raises `UsageError` where a call makes several steps, between which nothing can be done."""
    if plan.steps_per_call > 1:
        raise UsageError(
            f"Parameters cannot be held where one call makes {plan.steps_per_call} steps.",
            hint="Take one step a call.",
        )
