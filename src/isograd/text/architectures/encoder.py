"""The encoder of BERT and RoBERTa: learned places and token types, normalisation behind each part.

Source: Devlin et al., "BERT", NAACL 2019; names, defaults and first weights as the Hugging Face
library documents them for ``BertConfig`` and ``RobertaConfig``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import Add, Embedding, LayerNorm, Linear
from isograd.text.architectures.layers import (
    BATCH,
    TIME,
    activation,
    attend,
    dropout,
    head_size,
    merge_heads,
    padding_mask,
    residual,
    split_heads,
    with_first_weights,
)
from isograd.text.config import Config

INPUTS = ("input_ids", "attention_mask", "token_type_ids")


@dataclass(frozen=True)
class Family:
    """What differs: the module that holds the encoder, the beginning of its classes' names, the
    size of the vocabulary and the number of the padding token where the file says nothing, and
    ``places(b, config, tokens)``, the embeddings of the places."""

    module: str
    kind: str
    vocabulary: int
    padding: int
    places: Callable[[Builder, Config, str], str]

    @property
    def table(self) -> str:
        """The parameter with the tokens' embeddings."""
        return f"{self.module}.embeddings.word_embeddings.weight"


def encoded(config: Config, name: str, family: Family) -> tuple[Builder, str]:
    """A builder, and the last hidden states [N, T, width] in it."""
    config.only("is_decoder", False)
    config.only("add_cross_attention", False)
    config.only("position_embedding_type", "absolute")
    b = Builder(name)
    tokens, seen, types = (b.input(one, (BATCH, TIME), "int") for one in INPUTS)
    with b.module(family.module, f"{family.kind}Model"):
        with b.module("embeddings", f"{family.kind}Embeddings"):
            x = _embedded(b, config, family, tokens, types)
        mask = padding_mask(b, seen)
        for index in range(config.whole("num_hidden_layers", 12)):
            with b.module(f"encoder.layer.{index}", f"{family.kind}Layer"):
                x = _layer(b, config, family, x, mask)
    return b, x


def finished(b: Builder, config: Config, x: str) -> Graph:
    """The graph with output ``x``, and its first weights."""
    return with_first_weights(b.finish(x), config.positive("initializer_range", 0.02), {})


def width_of(config: Config) -> int:
    """The width of the hidden states."""
    return config.whole("hidden_size", 768)


def norm(config: Config) -> LayerNorm:
    """The normalisation that stands everywhere."""
    return LayerNorm((width_of(config),), config.positive("layer_norm_eps", 1e-12))


def head_dropout(b: Builder, config: Config, x: str, scope: str = "dropout") -> str:
    """The dropout in front of a classifier."""
    rest = config.probability("hidden_dropout_prob", 0.1)
    return dropout(b, x, config.probability("classifier_dropout", rest), scope)


def _embedded(b: Builder, config: Config, family: Family, tokens: str, types: str) -> str:
    count, width = config.whole("vocab_size", family.vocabulary), width_of(config)
    padding = config.index("pad_token_id", family.padding)
    words = b(Embedding(count, width, padding), tokens, scope="word_embeddings")
    kinds = Embedding(config.whole("type_vocab_size", 2), width)
    x = b(Add(), words, b(kinds, types, scope="token_type_embeddings"))
    x = b(Add(), x, family.places(b, config, tokens))
    x = b(norm(config), x, scope="LayerNorm")
    return dropout(b, x, config.probability("hidden_dropout_prob", 0.1), "dropout")


def _layer(b: Builder, config: Config, family: Family, x: str, mask: str) -> str:
    with b.module("attention", f"{family.kind}Attention"):
        with b.module("self", f"{family.kind}SelfAttention"):
            y = _attention(b, config, x, mask)
        with b.module("output", f"{family.kind}SelfOutput"):
            x = _added(b, config, x, y)
    y = b(Linear(config.whole("intermediate_size", 3072)), x, scope="intermediate.dense")
    y = activation(b, config, "hidden_act", "gelu")(y)
    with b.module("output", f"{family.kind}Output"):
        return _added(b, config, x, y)


def _attention(b: Builder, config: Config, x: str, mask: str) -> str:
    width, heads = width_of(config), config.whole("num_attention_heads", 12)
    size = head_size(config, width, heads)
    q, k, v = (
        split_heads(b, b(Linear(width), x, scope=scope), heads, size)
        for scope in ("query", "key", "value")
    )
    p = config.probability("attention_probs_dropout_prob", 0.1)
    return merge_heads(b, attend(b, q, k, v, mask, size=size, p=p), width)


def _added(b: Builder, config: Config, x: str, y: str) -> str:
    width = width_of(config)
    y = b(Linear(width), y, scope="dense")
    y = dropout(b, y, config.probability("hidden_dropout_prob", 0.1), "dropout")
    return b(norm(config), residual(b, x, y), scope="LayerNorm")
