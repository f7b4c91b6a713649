"""RoBERTa: BERT's encoder with other places and other heads.

Source: Liu et al., arXiv 1907.11692, 2019; names and defaults as the Hugging Face library documents
them for ``RobertaConfig``. Places are counted over the tokens that are no padding, from the number
of the padding token on.
"""

from __future__ import annotations

import re

from isograd.errors import UsageError
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import (
    GELU,
    AddScalar,
    Cast,
    CompareScalar,
    CumSum,
    Embedding,
    Linear,
    Multiply,
    Select,
    Tanh,
)
from isograd.text.architectures.architecture import Architecture
from isograd.text.architectures.encoder import (
    Family,
    encoded,
    finished,
    head_dropout,
    norm,
    width_of,
)
from isograd.text.architectures.layers import tied_head
from isograd.text.config import Config


def longest(config: Config) -> int:
    """The first places, up to the padding token's, are no token's."""
    padding = _padding(config)
    return config.whole("max_position_embeddings", 512, least=padding + 2) - padding - 1


def _padding(config: Config) -> int:
    padding = config.index("pad_token_id", ROBERTA.padding)
    if padding is None:
        raise UsageError("RoBERTa counts from 'pad_token_id', which is null.", where=config.where)
    return padding


def _places(b: Builder, config: Config, tokens: str) -> str:
    padding = _padding(config)
    count = longest(config) + padding + 1
    real = b(Cast("int"), b(CompareScalar("!=", padding), tokens))
    numbers = b(Multiply(), b(CumSum(1), real), real)
    table = Embedding(count, width_of(config), padding)
    return b(table, b(AddScalar(padding), numbers), scope="position_embeddings")


ROBERTA = Family("roberta", "Roberta", vocabulary=50265, padding=1, places=_places)


def masked(config: Config, name: str) -> Graph:
    """`INPUTS` [N, T] to logits [N, T, vocabulary] of the token at each place."""
    b, x = encoded(config, name, ROBERTA)
    with b.module("lm_head", "RobertaLMHead"):
        x = b(GELU(), b(Linear(width_of(config)), x, scope="dense"))
        x = b(norm(config), x, scope="layer_norm")
        x = tied_head(b, config, x, ROBERTA.vocabulary, ROBERTA.table, "lm_head.bias")
    return finished(b, config, x)


def classification(config: Config, name: str) -> Graph:
    """`INPUTS` [N, T] to logits [N, labels] of the whole text."""
    b, x = encoded(config, name, ROBERTA)
    with b.module("classifier", "RobertaClassificationHead"):
        x = head_dropout(b, config, b(Select(1, 0), x), "dropout_in")
        x = b(Tanh(), b(Linear(width_of(config)), x, scope="dense"))
        x = head_dropout(b, config, x, "dropout_out")
        x = b(Linear(len(config.labels)), x, scope="out_proj")
    return finished(b, config, x)


_UNUSED = r"^roberta\.(embeddings\.position_ids$|pooler\.)"

ARCHITECTURES = (
    Architecture(
        name="RobertaForMaskedLM",
        model_type="roberta",
        task="masked",
        write=masked,
        longest=longest,
        prefix="roberta",
        unused=re.compile(rf"{_UNUSED}|^lm_head\."),
        copies=(
            ("lm_head.decoder.weight", ROBERTA.table),
            ("lm_head.decoder.bias", "lm_head.bias"),
        ),
    ),
    Architecture(
        name="RobertaForSequenceClassification",
        model_type="roberta",
        task="classification",
        write=classification,
        longest=longest,
        prefix="roberta",
        unused=re.compile(rf"{_UNUSED}|^lm_head\."),
    ),
)
