"""A language model of a few hundred parameters, with the projections that are adapted."""

from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import (
    Add,
    Arange,
    Attention,
    Compare,
    Embedding,
    ExpandDims,
    LayerNorm,
    Linear,
    Squeeze,
)

VOCABULARY, WIDTH = 11, 8


def next_token() -> Graph:
    """``input_ids`` [N, T] to logits [N, T, VOCABULARY]: one block of attention of one head."""
    b = Builder("small-language-model")
    ids = b.input("input_ids", ("N", "T"), "int")
    x = b(Embedding(VOCABULARY, WIDTH), ids, scope="words")
    places = b(Arange(0, "T"))
    mask = b(Compare(">="), b(ExpandDims(1), places), places)
    q, k, v = (
        b(ExpandDims(1), b(Linear(WIDTH), x, scope=f"attention.{name}"))
        for name in ("query", "key", "value")
    )
    y = b(Attention(), q, k, v, mask)
    x = b(LayerNorm((WIDTH,)), b(Add(), x, b(Squeeze((1,)), y)), scope="norm")
    return b.finish(b(Linear(VOCABULARY), x, scope="head"))
