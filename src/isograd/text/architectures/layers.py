"""What the architectures have in common: heads, masks, attention, activations, first weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from isograd.errors import UsageError
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import (
    GELU,
    Add,
    AddScalar,
    Arange,
    Attention,
    Compare,
    CompareScalar,
    Dropout,
    Embedding,
    ExpandDims,
    Initializer,
    Linear,
    LogicalAnd,
    MatMul,
    Mish,
    Multiply,
    MultiplyScalar,
    Op,
    Parameter,
    ReLU,
    Reshape,
    Scalar,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
    Transpose,
    Where,
)
from isograd.text.config import Config

BATCH, TIME = "N", "T"
"""The sizes that stay open: texts, and tokens in each."""

LOWEST = -3.3895313892515355e38
"""The lowest number that bfloat16 and float32 both hold. It takes the place of the scores of places
that are not seen, so that a row that sees nothing at all gets equal weights and no NaN."""

ACTIVATIONS: Mapping[str, Op] = {
    "gelu": GELU(),
    "gelu_new": GELU("tanh"),
    "gelu_pytorch_tanh": GELU("tanh"),
    "gelu_fast": GELU("tanh"),
    "relu": ReLU(),
    "silu": SiLU(),
    "swish": SiLU(),
    "mish": Mish(),
    "tanh": Tanh(),
}
"""Name in ``config.json`` to op; ``quick_gelu``, x sigmoid(1.702 x), is written out."""


def activation(b: Builder, config: Config, key: str, default: str) -> Callable[[str], str]:
    """The function that ``config`` names under ``key``."""
    name = config.text(key, default)
    if name == "quick_gelu":
        return lambda x: b(Multiply(), x, b(Sigmoid(), b(MultiplyScalar(1.702), x)))
    if name not in ACTIVATIONS:
        raise config.unknown("activation", name, {**ACTIVATIONS, "quick_gelu": None})
    return lambda x: b(ACTIVATIONS[name], x)


def dropout(b: Builder, x: str, p: float, scope: str) -> str:
    """`Dropout`, unless it would never drop anything."""
    return b(Dropout(p), x, scope=scope) if p else x


def head_size(config: Config, width: int, heads: int) -> int:
    """The width of one head. Raises `UsageError` when the heads do not share the width evenly."""
    if width % heads:
        raise UsageError(
            f"A width of {width} does not divide into {heads} heads.", where=config.where
        )
    return width // heads


def split_heads(b: Builder, x: str, heads: int, size: int) -> str:
    """[N, T, heads * size] to [N, heads, T, size]."""
    return b(Transpose((0, 2, 1, 3)), b(Reshape((BATCH, TIME, heads, size)), x))


def merge_heads(b: Builder, x: str, width: int) -> str:
    """[N, heads, T, size] to [N, T, width]."""
    return b(Reshape((BATCH, TIME, width)), b(Transpose((0, 2, 1, 3)), x))


def causal_mask(b: Builder, window: int | None = None) -> str:
    """Truth values [T, T]: whether a place (row) sees another one (column): itself and those before
    it, at most ``window`` in all."""
    keys = b(Arange(0, TIME))
    queries = b(ExpandDims(1), keys)
    seen = b(Compare(">="), queries, keys)
    if window is None:
        return seen
    near = b(Compare("<"), queries, b(AddScalar(window), keys))
    return b(LogicalAnd(), seen, near)


def padding_mask(b: Builder, attention_mask: str) -> str:
    """Truth values [N, 1, 1, T] from whole numbers [N, T]: 0 where there is padding."""
    seen = b(CompareScalar("!=", 0), attention_mask)
    return b(ExpandDims(1), b(ExpandDims(1), seen))


def attend(b: Builder, q: str, k: str, v: str, mask: str, *, size: int, p: float) -> str:
    """``softmax(q k^T / sqrt(size)) v`` of [N, heads, T, size] over the places that ``mask`` shows,
    with dropout of the weights, which has no place in an `Attention` op.
    """
    if not p:
        return b(Attention(), q, k, v, mask)
    scores = b(MatMul(), q, b(Transpose((0, 1, 3, 2)), k))
    scores = b(MultiplyScalar(1 / math.sqrt(size)), scores)
    scores = b(Where(), mask, scores, b(Scalar(LOWEST)))
    weights = b(Dropout(p), b(Softmax(), scores), scope="attn_dropout")
    return b(MatMul(), weights, v)


def places(b: Builder, count: int, width: int, scope: str) -> str:
    """The learned embeddings [T, width] of the first T of ``count`` places."""
    return b(Embedding(count, width), b(Arange(0, TIME)), scope=scope)


def tied_head(b: Builder, config: Config, x: str, vocabulary: int, table: str, bias: str) -> str:
    """Logits of the tokens: the embeddings' ``table`` again (unless the file says otherwise), and
    a bias by the name ``bias``. ``vocabulary`` is its size where the file does not say."""
    count = config.whole("vocab_size", vocabulary)
    tied = {"weight": table} if config.flag("tie_word_embeddings", True) else {}
    x = b(Linear(count, bias=False), x, scope="decoder", names=tied)
    return b(Add(), x, b(Parameter((count,)), names={"value": bias}))


def residual(b: Builder, x: str, y: str) -> str:
    """The sum of what came in and what was made of it."""
    return b(Add(), y, x)


def with_first_weights(graph: Graph, deviation: float, special: Mapping[str, float]) -> Graph:
    """The graph with the first weights of these architectures: tables and matrices normal with
    standard ``deviation`` (or that in ``special``, by the end of the name), biases zero.
    """
    specs = dict(graph.parameters)
    for node in graph.nodes:
        if isinstance(node.op, Linear | Embedding | Parameter):
            for role, name in node.parameters.items():
                own = (value for end, value in special.items() if name.endswith(end))
                normal = Initializer("normal", next(own, deviation))
                init = normal if role == "weight" else Initializer("constant", 0.0)
                specs[name] = replace(specs[name], init=init)
    return replace(graph, parameters=specs)
