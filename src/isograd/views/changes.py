"""What a framework's optimiser did from one view to a later one, in words and numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from isograd.views.document import Change
from isograd.views.fates import Fate, Fates, fates, listed_members
from isograd.views.kinds import CONVERSIONS, COPIES, DESCRIPTIONS, IDENTITIES, short
from isograd.views.view import Operation, View

FEW = 4
"""Kinds that are named in a sentence; the others are counted."""

NAMED = 20
"""Operations that a change names."""

SENTENCES: dict[Fate, tuple[str, str]] = {
    "rewritten": ("rewritten", "{n} replaced by other operations that compute the same: {kinds}."),
    "folded": (
        "folded",
        "{n} computed once, before the first step, from constants and known shapes alone: {kinds}.",
    ),
    "duplicate": ("eliminated", "{n} gone, because another one computes the same value: {kinds}."),
    "layout": (
        "layout",
        "{n} gone that only copied values or put them into another order in memory: {kinds}.",
    ),
}
"""Fate to a change's kind and sentence."""

ELIMINATED: tuple[tuple[set[str], str], ...] = (
    (IDENTITIES, "{n} gone that did nothing but hand a value on: {kinds}."),
    (
        DESCRIPTIONS,
        "{n} gone that did nothing but describe the same memory in another shape; readers now find "
        "the right places by themselves: {kinds}.",
    ),
    (CONVERSIONS, "{n} gone that converted numbers from one type to another: {kinds}."),
)
"""Kinds that compute nothing, and what is said where they are gone."""

UNNEEDED = "{n} gone that nothing left needs, or that arithmetic made superfluous: {kinds}."


def all_changes(
    views: Sequence[View], pairs: Mapping[str, Iterable[tuple[str, str]]]
) -> list[Change]:
    """The changes between views that are whole; ``pairs`` are stages by framework."""
    known = {view.id: view for view in views if view.status == "ok"}
    ids = [(f"{f}/{before}", f"{f}/{after}") for f, own in pairs.items() for before, after in own]
    return [
        change
        for before, after in ids
        if before in known and after in known
        for change in changes(known[before], known[after])
    ]


def changes(before: View, after: View) -> list[Change]:
    """What was done to ``before`` so that it became ``after``, the most far-reaching first. Counts
    are exact: with what is kept they add up to the operations of ``before`` (see
    `isograd.views.fates`), those of phases aside that ``after`` does not show."""
    found = fates(before, after)
    named = {op.name: op for op in before.operations}
    return [
        Change(before.id, after.id, kind, len(operations), text, operations[:NAMED])
        for kind, operations, text in (
            *_fused(found, named, after),
            *_settled(found, named),
            *_eliminated(found, named),
            *_added(found),
        )
    ]


Found = Iterator[tuple[str, list[str], str]]
"""Kind, operations, sentence."""


def _fused(found: Fates, named: dict[str, Operation], after: View) -> Found:
    fused = found.named("fused")
    if not fused:
        return
    text = (
        f"{_number(len(fused))} computed inside of {_kernels(len(found.kernels))}, so that values "
        f"in between need not go to memory: {_kinds(named[name].kind for name in fused)}."
    )
    members = {op.name: listed_members(op) for op in after.operations if op.name in found.kernels}
    largest = max(members.values(), key=len)
    if len(members) > 1:
        text += f" The largest kernel does {len(largest)} things at once: {_kinds(largest)}."
    if found.again:
        text += (
            f" {_number(found.again)} computed again in another kernel, which is cheaper than to "
            "store the value."
        )
    yield "fused", fused, text


def _settled(found: Fates, named: dict[str, Operation]) -> Found:
    for fate, (kind, sentence) in SENTENCES.items():
        yield from _told(kind, found.named(fate), sentence, named)


def _eliminated(found: Fates, named: dict[str, Operation]) -> Found:
    left = found.named("eliminated")
    for kinds, sentence in ELIMINATED:
        own = [name for name in left if short(named[name].kind) in kinds]
        left = [name for name in left if name not in own]
        yield from _told("eliminated", own, sentence, named)
    yield from _told("eliminated", left, UNNEEDED, named)


def _told(kind: str, names: list[str], sentence: str, named: dict[str, Operation]) -> Found:
    if names:
        kinds = _kinds(named[name].kind for name in names)
        yield kind, names, sentence.format(n=_number(len(names)), kinds=kinds)


def _added(found: Fates) -> Found:
    moved = [op for op in found.added if short(op.kind) in COPIES]
    for kind, operations, what in (
        ("layout", moved, "added that copy values or put them into another order in memory"),
        ("added", [op for op in found.added if op not in moved], "new"),
    ):
        if operations:
            text = f"{_number(len(operations))} {what}: {_kinds(op.kind for op in operations)}."
            yield kind, [op.name for op in operations], text


def _number(count: int) -> str:
    return "1 operation is" if count == 1 else f"{count} operations are"


def _kernels(count: int) -> str:
    return "1 kernel" if count == 1 else f"{count} kernels"


def _kinds(kinds: Iterable[str]) -> str:
    """As in ``12 t, 3 view and 2 others``."""
    counted = Counter(map(short, kinds)).most_common()
    texts = [f"{count} {kind}" if count > 1 else kind for kind, count in counted[:FEW]]
    others = sum(count for _, count in counted[FEW:])
    return ", ".join(texts) + _others(others)


def _others(count: int) -> str:
    return {0: "", 1: " and 1 other"}.get(count, f" and {count} others")
