"""BERT's heads: the token at each place, or one class for the text."""

from __future__ import annotations

import re

from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import Linear, Select, Tanh
from isograd.text.architectures.architecture import Architecture
from isograd.text.architectures.encoder import (
    Family,
    encoded,
    finished,
    head_dropout,
    norm,
    width_of,
)
from isograd.text.architectures.layers import activation, places, tied_head
from isograd.text.config import Config


def longest(config: Config) -> int:
    """As many tokens as there are places."""
    return config.whole("max_position_embeddings", 512)


def _places(b: Builder, config: Config, tokens: str) -> str:
    return places(b, longest(config), width_of(config), "position_embeddings")


BERT = Family("bert", "Bert", vocabulary=30522, padding=0, places=_places)


def masked(config: Config, name: str) -> Graph:
    """`INPUTS` [N, T] to logits [N, T, vocabulary] of the token at each place."""
    b, x = encoded(config, name, BERT)
    with b.module("cls.predictions", "BertLMPredictionHead"):
        with b.module("transform", "BertPredictionHeadTransform"):
            x = b(Linear(width_of(config)), x, scope="dense")
            x = activation(b, config, "hidden_act", "gelu")(x)
            x = b(norm(config), x, scope="LayerNorm")
        x = tied_head(b, config, x, BERT.vocabulary, BERT.table, "cls.predictions.bias")
    return finished(b, config, x)


def classification(config: Config, name: str) -> Graph:
    """`INPUTS` [N, T] to logits [N, labels] of the whole text."""
    b, x = encoded(config, name, BERT)
    with b.module("bert.pooler", "BertPooler"):
        x = b(Tanh(), b(Linear(width_of(config)), b(Select(1, 0), x), scope="dense"))
    x = head_dropout(b, config, x)
    return finished(b, config, b(Linear(len(config.labels)), x, scope="classifier"))


def features(config: Config, name: str) -> Graph:
    """`INPUTS` [N, T] to the last hidden states [N, T, width]."""
    b, x = encoded(config, name, BERT)
    return finished(b, config, x)


_POSITIONS = r"^bert\.embeddings\.position_ids$"
_POOLER = r"^bert\.pooler\."
_HEAD = r"^cls\."

ARCHITECTURES = (
    Architecture(
        name="BertForMaskedLM",
        model_type="bert",
        task="masked",
        write=masked,
        longest=longest,
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
        longest=longest,
        prefix="bert",
        unused=re.compile(rf"{_POSITIONS}|{_HEAD}"),
    ),
    Architecture(
        name="BertModel",
        model_type="bert",
        task="features",
        write=features,
        longest=longest,
        prefix="bert",
        unused=re.compile(rf"{_POSITIONS}|{_POOLER}|{_HEAD}"),
    ),
)
