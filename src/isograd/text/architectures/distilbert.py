"""DistilBERT: a small encoder without token types.

Source: Sanh et al., arXiv 1910.01108, 2019; names and defaults as the Hugging Face library
documents them for ``DistilBertConfig``.
"""

from __future__ import annotations

import re

from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import Add, Embedding, LayerNorm, Linear, ReLU, Select
from isograd.text.architectures.architecture import Architecture
from isograd.text.architectures.layers import (
    BATCH,
    TIME,
    activation,
    attend,
    dropout,
    head_size,
    merge_heads,
    padding_mask,
    places,
    residual,
    split_heads,
    tied_head,
    with_first_weights,
)
from isograd.text.config import Config

INPUTS = ("input_ids", "attention_mask")

_TABLE = "distilbert.embeddings.word_embeddings.weight"


def longest(config: Config) -> int:
    """As many tokens as there are places."""
    return config.whole("max_position_embeddings", 512)


def masked(config: Config, name: str) -> Graph:
    """`INPUTS` [N, T] to logits [N, T, vocabulary] of the token at each place."""
    b, x = _encoded(config, name)
    x = b(Linear(_width(config)), x, scope="vocab_transform")
    x = activation(b, config, "activation", "gelu")(x)
    x = b(_norm(config), x, scope="vocab_layer_norm")
    return _finished(b, config, tied_head(b, config, x, 30522, _TABLE, "vocab_projector.bias"))


def classification(config: Config, name: str) -> Graph:
    """`INPUTS` [N, T] to logits [N, labels] of the whole text."""
    b, x = _encoded(config, name)
    x = b(ReLU(), b(Linear(_width(config)), b(Select(1, 0), x), scope="pre_classifier"))
    x = dropout(b, x, config.probability("seq_classif_dropout", 0.2), "dropout")
    return _finished(b, config, b(Linear(len(config.labels)), x, scope="classifier"))


def _encoded(config: Config, name: str) -> tuple[Builder, str]:
    b = Builder(name)
    tokens, seen = (b.input(one, (BATCH, TIME), "int") for one in INPUTS)
    with b.module("distilbert", "DistilBertModel"):
        with b.module("embeddings", "Embeddings"):
            x = _embedded(b, config, tokens)
        mask = padding_mask(b, seen)
        for index in range(config.whole("n_layers", 6)):
            with b.module(f"transformer.layer.{index}", "TransformerBlock"):
                x = _block(b, config, x, mask)
    return b, x


def _embedded(b: Builder, config: Config, tokens: str) -> str:
    count, padding = config.whole("vocab_size", 30522), config.index("pad_token_id", 0)
    words = b(Embedding(count, _width(config), padding), tokens, scope="word_embeddings")
    x = b(Add(), words, places(b, longest(config), _width(config), "position_embeddings"))
    return dropout(b, b(_norm(config), x, scope="LayerNorm"), _drop(config), "dropout")


def _block(b: Builder, config: Config, x: str, mask: str) -> str:
    with b.module("attention", "DistilBertSelfAttention"):
        y = _attention(b, config, x, mask)
    x = b(_norm(config), residual(b, x, y), scope="sa_layer_norm")
    with b.module("ffn", "FFN"):
        y = b(Linear(config.whole("hidden_dim", 3072)), x, scope="lin1")
        y = activation(b, config, "activation", "gelu")(y)
        y = dropout(b, b(Linear(_width(config)), y, scope="lin2"), _drop(config), "dropout")
    return b(_norm(config), residual(b, x, y), scope="output_layer_norm")


def _attention(b: Builder, config: Config, x: str, mask: str) -> str:
    width, heads = _width(config), config.whole("n_heads", 12)
    size = head_size(config, width, heads)
    q, k, v = (
        split_heads(b, b(Linear(width), x, scope=scope), heads, size)
        for scope in ("q_lin", "k_lin", "v_lin")
    )
    p = config.probability("attention_dropout", 0.1)
    y = merge_heads(b, attend(b, q, k, v, mask, size=size, p=p), width)
    return b(Linear(width), y, scope="out_lin")


def _width(config: Config) -> int:
    return config.whole("dim", 768)


def _norm(config: Config) -> LayerNorm:
    return LayerNorm((_width(config),), 1e-12)


def _drop(config: Config) -> float:
    return config.probability("dropout", 0.1)


def _finished(b: Builder, config: Config, x: str) -> Graph:
    return with_first_weights(b.finish(x), config.positive("initializer_range", 0.02), {})


_POSITIONS = r"^distilbert\.embeddings\.position_ids$"

ARCHITECTURES = (
    Architecture(
        name="DistilBertForMaskedLM",
        model_type="distilbert",
        task="masked",
        write=masked,
        longest=longest,
        prefix="distilbert",
        unused=re.compile(_POSITIONS),
        copies=(("vocab_projector.weight", _TABLE),),
    ),
    Architecture(
        name="DistilBertForSequenceClassification",
        model_type="distilbert",
        task="classification",
        write=classification,
        longest=longest,
        prefix="distilbert",
        unused=re.compile(rf"{_POSITIONS}|^vocab_"),
    ),
)
