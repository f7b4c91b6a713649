"""Attention and tensor contractions."""

from __future__ import annotations

import math
from collections.abc import Sequence

from isograd.frameworks.torch.importing.call import Call, Rule
from isograd.frameworks.torch.importing.rules.randomness import dropped
from isograd.frameworks.torch.importing.values import Value
from isograd.ir import ops
from isograd.ir.ops.base import static


def attention(
    call: Call,
    q: Value,
    k: Value,
    v: Value,
    mask: Value | None,
    dropout: float,
    causal: bool,
) -> Value:
    """One op, or its parts where the weights are dropped: then in evaluation, too."""
    scale = call.options.get("scale")
    if call.options.get("enable_gqa"):
        k, v = (_grouped(call, q, value) for value in (k, v))
    note = f"attention {call.ordinal}"
    if dropout > 0:
        call.notes.add(note)
    inputs = (q, k, v) if mask is None else (q, k, v, mask)
    if note not in call.notes:
        return call(ops.Attention(causal, None if scale is None else float(scale)), *inputs)
    width = static(q.type.shape[-1], "the width of a query")
    factor = 1 / math.sqrt(width) if scale is None else float(scale)
    axes = (*range(k.type.rank - 2), k.type.rank - 1, k.type.rank - 2)
    scores = call(ops.MatMul(), call(ops.MultiplyScalar(factor), q), call.transpose(k, axes))
    if causal:
        scores = _masked(call, scores, _causal(call, scores))
    if mask is not None:
        is_bool = mask.type.dtype == "bool"
        scores = _masked(call, scores, mask) if is_bool else call(ops.Add(), scores, mask)
    weights = dropped(call, call(ops.Softmax(-1), scores), dropout)
    return call(ops.MatMul(), weights, v)


def _grouped(call: Call, q: Value, value: Value) -> Value:
    """Each head of keys and values serves several neighbouring heads of queries."""
    times = static(q.type.shape[-3], "heads") // static(value.type.shape[-3], "heads")
    return call(ops.RepeatInterleave(times, value.type.rank - 3), value) if times > 1 else value


def _masked(call: Call, scores: Value, mask: Value) -> Value:
    return call(ops.Where(), mask, scores, call.scalar(-math.inf, "float"))


def _causal(call: Call, scores: Value) -> Value:
    """True where a key is not behind its query."""
    rows, columns = scores.type.shape[-2:]
    queries = call(ops.ExpandDims(1), call(ops.Arange(0, rows, 1)))
    return call(ops.Compare(">="), queries, call(ops.Arange(0, columns, 1)))


def einsum(call: Call, equation: str, values: Sequence[Value], *_: object) -> Value:
    return call(ops.Einsum(explicit(equation, [value.type.rank for value in values])), *values)


def explicit(equation: str, ranks: Sequence[int]) -> str:
    """The equation with an arrow, and with letters for dots.

    >>> explicit("...ij,jk", [3, 2])
    'Aij,jk->Aik'
    """
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    fresh = [letter for letter in map(chr, [*range(65, 91), *range(97, 123)]) if letter not in left]
    most = max(
        (rank - len(term.replace("...", "")) for term, rank in zip(terms, ranks, strict=True)
         if "..." in term),
        default=0,
    )  # fmt: skip
    dots = "".join(fresh[:most])
    named = [_spelled(term, rank, dots) for term, rank in zip(terms, ranks, strict=True)]
    if arrow:
        return f"{','.join(named)}->{right.replace('...', dots)}"
    letters = "".join(term.replace("...", "") for term in terms)
    free = sorted(letter for letter in set(letters) if letters.count(letter) == 1)
    return f"{','.join(named)}->{dots}{''.join(free)}"


def _spelled(term: str, rank: int, dots: str) -> str:
    count = rank - len(term.replace("...", ""))
    return term.replace("...", dots[len(dots) - count :])


RULES: dict[str, Rule] = {
    "einsum": einsum,
    "scaled_dot_product_attention": attention,
}
