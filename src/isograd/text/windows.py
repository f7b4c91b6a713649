"""Token windows: what sequence models are trained on, drawn once with NumPy for every framework."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isograd.errors import UsageError
from isograd.training.losses import IGNORED

Tokens = NDArray[np.int64]

CHOSEN = 0.15
"""The part of the tokens that is to be told; of these, `MASKED` are hidden, `REPLACED` are other
tokens, and the rest stand as they are. Source: Devlin et al., 2019, section 3.1."""

MASKED, REPLACED = 0.8, 0.1


@dataclass(frozen=True)
class Vocabulary:
    """Of a tokenizer: how many tokens it has, the number of the one that hides others, and those
    that are never chosen."""

    size: int
    mask: int
    special: tuple[int, ...]


def stream(texts: Sequence[Sequence[int]], length: int, end: Sequence[int] = ()) -> Tokens:
    """Tokens of all texts in one row after another [windows, length], with ``end`` behind each
    text; what is left over is left out.

    Raises `UsageError` where there is not one whole window.
    """
    tokens = [token for text in texts for token in (*text, *end)]
    count = len(tokens) // length
    if not count:
        raise UsageError(
            f"The text has {len(tokens)} tokens, less than one window of {length}.",
            hint="Choose a smaller --context, or give more text.",
        )
    return np.array(tokens[: count * length], np.int64).reshape(count, length)


def pieces(texts: Sequence[Sequence[int]], length: int) -> list[list[int]]:
    """Each text cut into pieces of at most ``length`` tokens."""
    return [
        list(text[first : first + length])
        for text in texts
        for first in range(0, len(text), length)
    ]


def next_tokens(windows: Tokens) -> tuple[Tokens, Tokens]:
    """Inputs and targets [windows, T] from windows [windows, T + 1]: at each place, the token
    behind it."""
    return windows[:, :-1].copy(), windows[:, 1:].copy()


def masked_tokens(windows: Tokens, vocabulary: Vocabulary, seed: int) -> tuple[Tokens, Tokens]:
    """Inputs with some tokens hidden, and targets [windows, T]: the tokens that stood there, and
    `IGNORED` where nothing is asked. In every window at least one token is."""
    generator = np.random.default_rng(seed)
    free = ~np.isin(windows, vocabulary.special)
    chosen = free & (generator.random(windows.shape) < CHOSEN)
    chosen |= _first_free(free, generator) & ~chosen.any(axis=1, keepdims=True)
    fate = generator.random(windows.shape)
    others = generator.integers(0, vocabulary.size, windows.shape)
    hidden = np.where(fate < MASKED, vocabulary.mask, windows)
    hidden = np.where((fate >= MASKED) & (fate < MASKED + REPLACED), others, hidden)
    return np.where(chosen, hidden, windows), np.where(chosen, windows, IGNORED)


def padded(texts: Sequence[Sequence[int]], length: int, padding: int) -> tuple[Tokens, Tokens]:
    """Texts [texts, length] with ``padding`` behind each, and which places hold a token (1) or
    padding (0). Longer ones are cut off, but for their last token, which may be a special one."""
    ids = np.full((len(texts), length), padding, np.int64)
    seen = np.zeros_like(ids)
    for row, text in enumerate(texts):
        kept = [*text[: length - 1], text[-1]] if len(text) > length else list(text)
        ids[row, : len(kept)] = kept
        seen[row, : len(kept)] = 1
    return ids, seen


def _first_free(free: NDArray[np.bool_], generator: np.random.Generator) -> NDArray[np.bool_]:
    """One free place of each window, if it has any."""
    order = np.where(free, generator.random(free.shape), 2.0)
    return (order == order.min(axis=1, keepdims=True)) & free
