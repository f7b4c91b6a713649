"""What a language model writes: a text that goes on, or one with its hidden tokens told."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from isograd.frameworks.side import Side
from isograd.ir.mapping import Array
from isograd.text.next_token import Chooser
from isograd.text.tokenizer import Tokenizer

TEMPERATURE = 0.7
"""Below 1, likely tokens are drawn more often than they are likely."""


def continued(
    side: Side, tokenizer: Tokenizer, prompt: str, *, count: int, length: int, seed: int = 0
) -> str:
    """The text that a decoder for ``length`` tokens writes behind ``prompt``: at most ``count``
    tokens, drawn alike on every side (see `Chooser`)."""
    choose = Chooser(TEMPERATURE, seed=seed)
    tokens = tokenizer.encode(prompt)
    begin = len(tokens)
    end = tokenizer.token_of("eos_token")
    while len(tokens) < min(length, begin + count):
        row = np.zeros((1, length), np.int64)
        row[0, : len(tokens)] = tokens
        tokens.append(choose(side.forward((row,))[0, len(tokens) - 1]))
        if end and tokens[-1] == end[1]:
            break
    return tokenizer.decode(tokens[begin:])


def told(side: Side, tokenizer: Tokenizer, inputs: Sequence[Array], mask: int) -> str:
    """The first text of ``inputs`` with every hidden token as an encoder tells it, in brackets."""
    row: NDArray[np.int64] = inputs[0][0]
    logits = side.forward(tuple(array[:1] for array in inputs))[0]
    words = [
        f" [{tokenizer.decode([int(logits[place].argmax())]).strip()}]"
        if token == mask
        else tokenizer.decode([int(token)])
        for place, token in enumerate(row)
    ]
    return "".join(words).strip()
