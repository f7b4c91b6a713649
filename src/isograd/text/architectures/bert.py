"""BERT: an encoder with learned places and token types, normalisation behind each part.

Source: Devlin et al., "BERT", NAACL 2019; names, defaults and first weights as the Hugging Face
library documents them for ``BertConfig``. RoBERTa is the same network with other heads.
"""

from __future__ import annotations

import re

from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import Add, Embedding, LayerNorm, Linear, Parameter, Select, Tanh
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
    with_first_weights,
)
from isograd.text.config import Config

INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def masked(config: Config, name: str) -> Graph:
    """`INPUTS` [N, T] to logits [N, T, vocabulary] of the token at each place."""
    b, x = _encoded(config, name)
    width = config.whole("hidden_size", 768)
    with b.module("cls.predictions", "BertLMPredictionHead"):
        with b.module("transform", "BertPredictionHeadTransform"):
            x = b(Linear(width), x, scope="dense")
            x = activation(b, config, "hidden_act", "gelu")(x)
            x = b(LayerNorm((width,), _eps(config)), x, scope="LayerNorm")
        table = {"weight": "bert.embeddings.word_embeddings.weight"}
        tied = table if config.flag("tie_word_embeddings", True) else {}
        head = Linear(config.whole("vocab_size", 30522), bias=False)
        x = b(head, x, scope="decoder", names=tied)
        bias = b(Parameter((head.out_features,)), names={"value": "cls.predictions.bias"})
        x = b(Add(), x, bias)
    return _finished(b, config, x)


def classification(config: Config, name: str) -> Graph:
    """`INPUTS` [N, T] to logits [N, labels] of the whole text."""
    b, x = _encoded(config, name)
    with b.module("bert.pooler", "BertPooler"):
        x = b(Linear(config.whole("hidden_size", 768)), b(Select(1, 0), x), scope="dense")
        x = b(Tanh(), x)
    rest = config.probability("hidden_dropout_prob", 0.1)
    x = dropout(b, x, config.probability("classifier_dropout", rest), "dropout")
    return _finished(b, config, b(Linear(len(config.labels)), x, scope="classifier"))


def features(config: Config, name: str) -> Graph:
    """`INPUTS` [N, T] to the last hidden states [N, T, width]."""
    b, x = _encoded(config, name)
    return _finished(b, config, x)


def _finished(b: Builder, config: Config, x: str) -> Graph:
    return with_first_weights(b.finish(x), config.positive("initializer_range", 0.02), {})


def _encoded(config: Config, name: str) -> tuple[Builder, str]:
    config.only("is_decoder", False)
    config.only("add_cross_attention", False)
    config.only("position_embedding_type", "absolute")
    b = Builder(name)
    tokens, seen, types = (b.input(one, (BATCH, TIME), "int") for one in INPUTS)
    with b.module("bert", "BertModel"):
        with b.module("embeddings", "BertEmbeddings"):
            x = _embedded(b, config, tokens, types)
        mask = padding_mask(b, seen)
        for index in range(config.whole("num_hidden_layers", 12)):
            with b.module(f"encoder.layer.{index}", "BertLayer"):
                x = encoder_layer(b, config, x, mask)
    return b, x


def _embedded(b: Builder, config: Config, tokens: str, types: str) -> str:
    width, count = config.whole("hidden_size", 768), config.whole("vocab_size", 30522)
    padding = config.index("pad_token_id", 0)
    words = b(Embedding(count, width, padding), tokens, scope="word_embeddings")
    kinds = b(
        Embedding(config.whole("type_vocab_size", 2), width), types, scope="token_type_embeddings"
    )
    where = places(b, config.whole("max_position_embeddings", 512), width, "position_embeddings")
    x = b(Add(), b(Add(), words, kinds), where)
    x = b(LayerNorm((width,), _eps(config)), x, scope="LayerNorm")
    return dropout(b, x, config.probability("hidden_dropout_prob", 0.1), "dropout")


def encoder_layer(b: Builder, config: Config, x: str, mask: str) -> str:
    """Attention and a perceptron, each added to what came in and normalised; [N, T, width]."""
    with b.module("attention", "BertAttention"):
        with b.module("self", "BertSelfAttention"):
            y = _attention(b, config, x, mask)
        with b.module("output", "BertSelfOutput"):
            x = _added(b, config, x, y)
    y = b(Linear(config.whole("intermediate_size", 3072)), x, scope="intermediate.dense")
    y = activation(b, config, "hidden_act", "gelu")(y)
    with b.module("output", "BertOutput"):
        return _added(b, config, x, y)


def _attention(b: Builder, config: Config, x: str, mask: str) -> str:
    width, heads = config.whole("hidden_size", 768), config.whole("num_attention_heads", 12)
    size = head_size(config, width, heads)
    q, k, v = (
        split_heads(b, b(Linear(width), x, scope=scope), heads, size)
        for scope in ("query", "key", "value")
    )
    p = config.probability("attention_probs_dropout_prob", 0.1)
    return merge_heads(b, attend(b, q, k, v, mask, size=size, p=p), width)


def _added(b: Builder, config: Config, x: str, y: str) -> str:
    width = config.whole("hidden_size", 768)
    y = b(Linear(width), y, scope="dense")
    y = dropout(b, y, config.probability("hidden_dropout_prob", 0.1), "dropout")
    return b(LayerNorm((width,), _eps(config)), residual(b, x, y), scope="LayerNorm")


def _eps(config: Config) -> float:
    return config.positive("layer_norm_eps", 1e-12)


_POSITIONS = r"^bert\.embeddings\.position_ids$"
_POOLER = r"^bert\.pooler\."
_HEAD = r"^cls\."

ARCHITECTURES = (
    Architecture(
        name="BertForMaskedLM",
        model_type="bert",
        task="masked",
        write=masked,
        prefix="bert",
        unused=re.compile(rf"{_POSITIONS}|{_POOLER}|^cls\.seq_relationship\."),
        copies=(
            ("cls.predictions.decoder.weight", "bert.embeddings.word_embeddings.weight"),
            ("cls.predictions.decoder.bias", "cls.predictions.bias"),
        ),
    ),
    Architecture(
        name="BertForSequenceClassification",
        model_type="bert",
        task="classification",
        write=classification,
        prefix="bert",
        unused=re.compile(rf"{_POSITIONS}|{_HEAD}"),
    ),
    Architecture(
        name="BertModel",
        model_type="bert",
        task="features",
        write=features,
        prefix="bert",
        unused=re.compile(rf"{_POSITIONS}|{_POOLER}|{_HEAD}"),
    ),
)
