"""What words name: modes of frameworks, and views of their graphs."""

from __future__ import annotations

from collections.abc import Sequence

from isograd.errors import unknown
from isograd.frameworks import MODES, VIEWS


def choose_modes(wanted: Sequence[str]) -> list[tuple[str, str]]:
    """(framework, mode) pairs from words such as ``torch``, ``torch/jit`` or ``session``; all modes
    if there are none. Raises `UsageError` for an unknown word."""
    everything = [(framework, mode) for framework, modes in MODES.items() for mode in modes]
    words = {f"{framework}/{mode}": [(framework, mode)] for framework, mode in everything}
    words |= {f: [pair for pair in everything if pair[0] == f] for f in MODES}
    for _, mode in everything:
        words[mode] = [pair for pair in everything if pair[1] == mode]
    for word in wanted:
        if word not in words:
            raise unknown("mode", word, words)
    chosen = {pair for word in wanted for pair in words[word]} if wanted else set(everything)
    return [pair for pair in everything if pair in chosen]


def choose_views(wanted: Sequence[str]) -> dict[str, list[str]]:
    """Framework to its stages, of all that words such as ``torch/autograd``, ``torch`` or
    ``xla`` name; all views if there are none. Raises `UsageError` for an unknown word."""
    everything = [(f, stage) for f, stages in VIEWS.items() for stage in stages]
    words = {f"{f}/{stage}": {(f, stage)} for f, stage in everything}
    for f, stage in everything:
        words.setdefault(f, set()).add((f, stage))
        words.setdefault(stage, set()).add((f, stage))
    for word in wanted:
        if word not in words:
            raise unknown("view", word, words)
    chosen = {pair for word in wanted for pair in words[word]} if wanted else set(everything)
    return {
        framework: stages
        for framework in VIEWS
        if (stages := [stage for f, stage in everything if f == framework and (f, stage) in chosen])
    }
