"""What advice says, in words, the same in every report."""

from __future__ import annotations

from collections.abc import Iterator

from isograd.advice import Advice, Change, Ranked, Reason
from isograd.notation.names import title

SURE, LIKELY = 0.95, 0.75
"""From here on, the first one of a list is called sure, or likely."""

HUES = ("orange", "blue", "green", "purple")


def looks(found: Advice) -> dict[str, str]:
    """Respect to the classes that colour it."""
    names = respects(found)
    return {n: f"{HUES[i % len(HUES)]} shade-{i // len(HUES)}" for i, n in enumerate(names)}


def bars(found: Advice, one: Ranked) -> list[tuple[str, float, float]]:
    """What an option loses, end to end: respect, begin and length of each bar; 100 is what any
    option in the list loses most."""
    most = max(-other.points for other in leaders(found)) or 1.0
    begin, shown = 0.0, []
    for reason in one.reasons:
        if reason.points < 0:
            length = 100 * -reason.points / most
            shown.append((reason.respect, round(begin, 2), round(length, 2)))
            begin += length
    return shown


def spoken(one: Ranked) -> str:
    """A bar in words."""
    lost = [f"{r.respect} {points(r.points)}" for r in one.reasons if r.points < -0.005]
    return ", ".join(lost) or "nothing lost"


def training(one: Ranked) -> str:
    """``PyTorch compile``."""
    return f"{title(one.framework)} {one.mode}"


def shipping(one: Ranked) -> str:
    """What is shipped, in words: ``dense, torch/onnx``; empty where nothing is."""
    variant, _, candidate = one.form.partition("/")
    if not candidate:
        return ""
    framework, _, form = candidate.partition("/")
    words = f"{title(framework)} {form}"
    return words if variant == "dense" else f"{words}, {variant}"


def headline(found: Advice) -> str:
    """The answer in one sentence."""
    if not found.ranked:
        return "Nothing can be recommended."
    first = found.ranked[0]
    if found.open:
        return "Nothing that is known here tells the frameworks apart."
    if found.same:
        other = next(one for one in found.ranked if one.framework != first.framework)
        best = f"{training(first)} or {training(other)}"
        return f"No difference between the frameworks matters here: {best}."
    words = f"Train with {training(first)}"
    return f"{words}, and ship {shipping(first)}." if first.form else f"{words}."


def certainty(found: Advice) -> str:
    """How sure it is, and how far the other framework is behind."""
    parts = []
    if found.sure is not None:
        word = "Sure" if found.sure >= SURE else "Likely" if found.sure >= LIKELY else "Open"
        parts.append(
            f"{word}: the first stays the first in {found.sure:.0%} of cases when every figure "
            "moves within its interval."
        )
    if found.frameworks_apart is not None:
        first = found.ranked[0]
        other = next(one for one in found.ranked if one.framework != first.framework)
        parts.append(
            f"The best of {title(other.framework)}, {training(other)}, is "
            f"{found.frameworks_apart:.2g} points behind (one point is a factor of two)."
        )
    return " ".join(parts)


def strongest(one: Ranked, count: int = 2) -> list[Reason]:
    """What costs an option most."""
    return [reason for reason in one.reasons if reason.points < -0.005][:count]


def respects(found: Advice) -> list[str]:
    """Everything that options are held against each other in, the weightiest first."""
    weight: dict[str, float] = {}
    for one in found.ranked:
        for reason in one.reasons:
            weight[reason.respect] = max(weight.get(reason.respect, 0.0), abs(reason.points))
    return sorted(weight, key=lambda respect: -weight[respect])


def duel(found: Advice) -> Iterator[tuple[str, Reason | None, Reason | None]]:
    """Each respect with the reason of the first option, and that of the best one of another
    framework; where they are the same in all, nothing."""
    if not found.ranked:
        return
    first = found.ranked[0]
    other = next((one for one in found.ranked if one.framework != first.framework), None)
    for respect in respects(found):
        sides = [_reason(one, respect) for one in (first, other)]
        if any(sides):
            yield respect, sides[0], sides[1]


def rival(found: Advice) -> Ranked | None:
    """The best option of another framework than the first one's."""
    first = found.ranked[0] if found.ranked else None
    return next((o for o in found.ranked if first and o.framework != first.framework), None)


def _reason(one: Ranked | None, respect: str) -> Reason | None:
    if one is None:
        return None
    return next((reason for reason in one.reasons if reason.respect == respect), None)


def turns(found: Advice) -> list[str]:
    """What would change the answer, one sentence each; all that measurements would have to gain in
    one."""
    said = [f"{one.what}: {_leader(found, one)}" for one in found.changes if one.kind == "yours"]
    gains = [one for one in found.changes if one.kind == "measured"]
    if gains:
        wanted = ", or ".join(f"{one.what} as good" for one in gains)
        said.append(
            f"{training(_of(gains[0].leader))} measured otherwise ({wanted}): it would lead"
        )
    return said


def _leader(found: Advice, change: Change) -> str:
    if not change.leader:
        return "no option would be left"
    first, other = found.ranked[0], _of(change.leader)
    same = (first.framework, first.mode) == (other.framework, other.mode)
    shipped = f", shipping {shipping(other)}" if other.form and other.form != first.form else ""
    return f"the same{shipped}" if same else f"{training(other)}{shipped}"


def _of(id: str) -> Ranked:
    """An option from its id."""
    trained, _, form = id.partition(", ")
    framework, _, mode = trained.partition("/")
    return Ranked(framework, mode, form, 0.0)


def points(value: float) -> str:
    """``0``, ``-1.4``."""
    return "0" if abs(value) < 0.005 else f"{value:+.2g}"


def leaders(found: Advice) -> list[Ranked]:
    """What the list shows: each way to train once, with its best form."""
    seen: set[tuple[str, str]] = set()
    shown = []
    for one in found.ranked:
        if (one.framework, one.mode) not in seen:
            seen.add((one.framework, one.mode))
            shown.append(one)
    return shown


def excluded(found: Advice) -> list[tuple[str, list[str]]]:
    """Reasons with all that is out for them."""
    groups: dict[str, list[str]] = {}
    for one in found.out:
        groups.setdefault(one.why, []).append(one.what)
    return list(groups.items())


def situation(found: Advice) -> list[tuple[str, str]]:
    """The profile, as the page shows it."""
    words = {
        "target": "used on",
        "hardware": "trained on",
        "limits": "limits",
        "batch": "examples in a call",
        "steps": "steps of a training",
        "workers": "workers",
        "team": "the team knows",
        "code": "code is there in",
        "debugging": "debugging",
    }
    shown = {"torch": "PyTorch", "tensorflow": "TensorFlow", "both": "both", "none": "neither"}
    return [
        (
            term,
            shown.get(
                str(found.profile[name]),
                f"{found.profile[name]:,}"
                if isinstance(found.profile[name], int)
                else str(found.profile[name]) or "none",
            ),
        )
        for name, term in words.items()
    ]
