"""The rule of questions about `if` and `while` on values."""

from __future__ import annotations

from isograd.probes.question import Finding, Observed
from isograd.probes.saying import close, failed, numbers, quoted


def judge(observed: Observed) -> Finding:
    """Yes if all calls are right; no if the function is refused, or any call is wrong."""
    if failed(observed.get("built", {})):
        return "no", f"Refused when it is built. {quoted(observed['built'])}."
    calls = list(zip(observed["calls"], observed["right"], strict=True))
    said = " ".join(_call(number, *call) for number, call in enumerate(calls, start=1))
    good = all(not failed(call) and close(call["value"], right) for call, right in calls)
    if not good and observed["warnings"]:
        said += f" When it was built, it warned: {observed['warnings'][0].split('.')[0]}."
    return ("yes" if good else "no"), said


def _call(number: int, call: Observed, right: list[float]) -> str:
    if failed(call):
        return f"Call {number} fails with {quoted(call)}."
    if close(call["value"], right):
        return f"Call {number}: {numbers(call['value'])}, right."
    return f"Call {number}: {numbers(call['value'])}, wrong ({numbers(right)} is right)."
