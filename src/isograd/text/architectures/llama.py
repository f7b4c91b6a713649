"""Llama, Mistral and Qwen2: decoders with rotary places, root mean square normalisation, heads that
share keys and values, and a gated perceptron.

Source: Touvron et al., arXiv 2302.13971, 2023; Jiang et al., arXiv 2310.06825, 2023; Yang et al.,
arXiv 2407.10671, 2024; names and defaults as the Hugging Face library documents them for
``LlamaConfig``, ``MistralConfig`` and ``Qwen2Config``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

from isograd.errors import UsageError
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import (
    Embedding,
    Linear,
    Multiply,
    RepeatInterleave,
    RMSNorm,
)
from isograd.text.architectures.architecture import Architecture
from isograd.text.architectures.layers import (
    BATCH,
    TIME,
    activation,
    attend,
    causal_mask,
    head_size,
    merge_heads,
    residual,
    split_heads,
    with_first_weights,
)
from isograd.text.architectures.rotary import angles, turned
from isograd.text.config import Config


@dataclass(frozen=True)
class Family:
    """What differs: the beginning of the classes' names, the defaults of the vocabulary, of the
    length of a text, of the heads for keys and values (None: as many as for queries) and of the
    window that a token sees (None: all before it), and whether queries, keys and values have biases
    (None: as ``attention_bias`` says)."""

    kind: str
    vocabulary: int = 32000
    longest: int = 2048
    shared_heads: int | None = None
    window: int | None = None
    biased: bool | None = None


@dataclass(frozen=True)
class _Seen:
    """What every block is given: the causal mask, and the angles of the places."""

    mask: str
    cosines: str
    sines: str


def write(config: Config, name: str, family: Family) -> Graph:
    """``input_ids`` [N, T] to logits [N, T, vocabulary] of the token behind each place."""
    _check(config)
    b = Builder(name)
    tokens = b.input("input_ids", (BATCH, TIME), "int")
    count, width = config.whole("vocab_size", family.vocabulary), _width(config)
    with b.module("model", f"{family.kind}Model"):
        table = Embedding(count, width, config.index("pad_token_id"))
        x = b(table, tokens, scope="embed_tokens")
        seen = _Seen(causal_mask(b, _window(config, family)), *angles(b, config, _size(config)))
        for index in range(config.whole("num_hidden_layers", 32)):
            with b.module(f"layers.{index}", f"{family.kind}DecoderLayer"):
                x = _layer(b, config, family, x, seen)
        x = b(_norm(config), x, scope="norm")
    tied = config.flag("tie_word_embeddings", False)
    names = {"weight": "model.embed_tokens.weight"} if tied else {}
    graph = b.finish(b(Linear(count, bias=False), x, scope="lm_head", names=names))
    return with_first_weights(graph, config.positive("initializer_range", 0.02), {})


def longest(config: Config, family: Family) -> int:
    """What the model was trained on: rotary places have no end of their own."""
    return config.whole("max_position_embeddings", family.longest)


def _check(config: Config) -> None:
    config.only("pretraining_tp", 1)
    config.only("use_sliding_window", False)
    if _size(config) % 2:
        raise UsageError(
            f"Heads of {_size(config)} cannot be turned: the size must be even.",
            where=config.where,
        )


def _window(config: Config, family: Family) -> int | None:
    """How many places a token sees, itself included; null in the file stands for all."""
    if family.window is None or config.values.get("sliding_window", family.window) is None:
        return None
    return config.whole("sliding_window", family.window)


def _layer(b: Builder, config: Config, family: Family, x: str, seen: _Seen) -> str:
    y = b(_norm(config), x, scope="input_layernorm")
    with b.module("self_attn", f"{family.kind}Attention"):
        y = _attention(b, config, family, y, seen)
    x = residual(b, x, y)
    y = b(_norm(config), x, scope="post_attention_layernorm")
    with b.module("mlp", f"{family.kind}MLP"):
        y = _perceptron(b, config, y)
    return residual(b, x, y)


def _attention(b: Builder, config: Config, family: Family, x: str, seen: _Seen) -> str:
    heads, size = _heads(config), _size(config)
    shared = config.whole("num_key_value_heads", family.shared_heads or heads)
    if heads % shared:
        raise UsageError(
            f"{heads} heads do not share {shared} heads of keys evenly.", where=config.where
        )
    own = config.flag("attention_bias", False)
    biased = own if family.biased is None else family.biased
    q, k, v = (
        split_heads(b, b(Linear(count * size, bias=biased), x, scope=scope), count, size)
        for scope, count in (("q_proj", heads), ("k_proj", shared), ("v_proj", shared))
    )
    q, k = (turned(b, one, seen.cosines, seen.sines, size) for one in (q, k))
    if heads > shared:
        k, v = (b(RepeatInterleave(heads // shared, 1), one) for one in (k, v))
    p = config.probability("attention_dropout", 0.0)
    y = merge_heads(b, attend(b, q, k, v, seen.mask, size=size, p=p), heads * size)
    return b(Linear(_width(config), bias=own), y, scope="o_proj")


def _perceptron(b: Builder, config: Config, x: str) -> str:
    inner, biased = config.whole("intermediate_size", 11008), config.flag("mlp_bias", False)
    gate = b(Linear(inner, bias=biased), x, scope="gate_proj")
    gate = activation(b, config, "hidden_act", "silu")(gate)
    x = b(Multiply(), gate, b(Linear(inner, bias=biased), x, scope="up_proj"))
    return b(Linear(_width(config), bias=biased), x, scope="down_proj")


def _width(config: Config) -> int:
    return config.whole("hidden_size", 4096)


def _heads(config: Config) -> int:
    return config.whole("num_attention_heads", 32)


def _size(config: Config) -> int:
    if config.values.get("head_dim") is not None:
        return config.whole("head_dim")
    return head_size(config, _width(config), _heads(config))


def _norm(config: Config) -> RMSNorm:
    return RMSNorm((_width(config),), config.positive("rms_norm_eps", 1e-6))


_FAMILIES = {
    "llama": Family("Llama"),
    "mistral": Family("Mistral", longest=131072, shared_heads=8, window=4096),
    "qwen2": Family("Qwen2", vocabulary=151936, longest=32768, biased=True),
}

ARCHITECTURES = tuple(
    Architecture(
        name=f"{family.kind}ForCausalLM",
        model_type=model_type,
        task="generation",
        write=partial(write, family=family),
        longest=partial(longest, family=family),
        prefix="model",
        unused=re.compile(r"\.rotary_emb\.inv_freq$"),
        copies=(("lm_head.weight", "model.embed_tokens.weight"),),
    )
    for model_type, family in _FAMILIES.items()
)
