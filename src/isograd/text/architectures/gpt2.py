"""GPT-2: a decoder with learned places, normalisation in front of each part, and a tied head.

Source: Radford et al., "Language models are unsupervised multitask learners", 2019; names, defaults
and first weights as the Hugging Face library documents them for ``GPT2Config``.
"""

from __future__ import annotations

import math
import re

from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import (
    Add,
    Arange,
    Cast,
    Compare,
    CompareScalar,
    Embedding,
    ExpandDims,
    LayerNorm,
    Linear,
    MatMul,
    Max,
    Multiply,
    Slice,
    Squeeze,
)
from isograd.text.architectures.architecture import Architecture
from isograd.text.architectures.layers import (
    BATCH,
    TIME,
    activation,
    attend,
    causal_mask,
    dropout,
    head_size,
    merge_heads,
    places,
    residual,
    split_heads,
    with_first_weights,
)
from isograd.text.config import Config


def write(config: Config, name: str) -> Graph:
    """``input_ids`` [N, T] to logits [N, T, vocabulary] of the token behind each place."""
    b, _, x = _decoded(config, name)
    head = Linear(config.whole("vocab_size", 50257), bias=False)
    tied = {"weight": "transformer.wte.weight"} if config.flag("tie_word_embeddings", True) else {}
    return _finished(b, config, b(head, x, scope="lm_head", names=tied))


def classification(config: Config, name: str) -> Graph:
    """``input_ids`` [N, T] to logits [N, labels] of the whole text, as its last token that is no
    padding sees it. Padding stands behind the text, where no token sees it."""
    padding = config.index("pad_token_id")
    if padding is None:
        raise config.refused("pad_token_id", "the number of the token behind each text")
    b, tokens, x = _decoded(config, name)
    head = Linear(len(config.labels), bias=False)
    return _finished(b, config, b(head, _last(b, tokens, x, padding), scope="score"))


def _last(b: Builder, tokens: str, x: str, padding: int) -> str:
    """Of hidden states [N, T, width], those [N, width] at the last token that is no padding: a
    product with ones at that place, which selects without rounding."""
    order = b(Arange(0, TIME))
    seen = b(Cast("int"), b(CompareScalar("!=", padding), tokens))
    last = b(Max((1,), keepdims=True), b(Multiply(), seen, order))
    here = b(Cast("float"), b(Compare("=="), order, last))
    return b(Squeeze((1,)), b(MatMul(), b(ExpandDims(1), here), x))


def _decoded(config: Config, name: str) -> tuple[Builder, str, str]:
    """The builder, the tokens and the hidden states [N, T, width]."""
    _check(config)
    width, depth = config.whole("n_embd", 768), config.whole("n_layer", 12)
    b = Builder(name)
    tokens = b.input("input_ids", (BATCH, TIME), "int")
    with b.module("transformer", "GPT2Model"):
        x = _embedded(b, config, tokens, width)
        mask = causal_mask(b)
        for index in range(depth):
            with b.module(f"h.{index}", "GPT2Block"):
                x = _block(b, config, x, mask)
        x = b(LayerNorm((width,), _eps(config)), x, scope="ln_f")
    return b, tokens, x


def _finished(b: Builder, config: Config, x: str) -> Graph:
    deviation = config.positive("initializer_range", 0.02)
    residual_deviation = deviation / math.sqrt(2 * config.whole("n_layer", 12))
    return with_first_weights(b.finish(x), deviation, {"c_proj.weight": residual_deviation})


def longest(config: Config) -> int:
    """As many tokens as there are places."""
    return config.whole("n_positions", 1024)


def _check(config: Config) -> None:
    config.only("add_cross_attention", False)
    config.only("scale_attn_weights", True)
    config.only("scale_attn_by_inverse_layer_idx", False)


def _eps(config: Config) -> float:
    return config.positive("layer_norm_epsilon", 1e-5)


def _embedded(b: Builder, config: Config, tokens: str, width: int) -> str:
    words = b(Embedding(config.whole("vocab_size", 50257), width), tokens, scope="wte")
    x = b(Add(), words, places(b, longest(config), width, "wpe"))
    return dropout(b, x, config.probability("embd_pdrop", 0.1), "drop")


def _block(b: Builder, config: Config, x: str, mask: str) -> str:
    norm = LayerNorm((config.whole("n_embd", 768),), _eps(config))
    y = b(norm, x, scope="ln_1")
    with b.module("attn", "GPT2Attention"):
        y = _attention(b, config, y, mask)
    x = residual(b, x, y)
    y = b(norm, x, scope="ln_2")
    with b.module("mlp", "GPT2MLP"):
        y = _perceptron(b, config, y)
    return residual(b, x, y)


def _attention(b: Builder, config: Config, x: str, mask: str) -> str:
    width, heads = config.whole("n_embd", 768), config.whole("n_head", 12)
    size = head_size(config, width, heads)
    packed = b(Linear(3 * width), x, scope="c_attn")
    q, k, v = (
        split_heads(b, b(Slice(2, i * width, (i + 1) * width), packed), heads, size)
        for i in range(3)
    )
    y = attend(b, q, k, v, mask, size=size, p=config.probability("attn_pdrop", 0.1))
    y = b(Linear(width), merge_heads(b, y, width), scope="c_proj")
    return dropout(b, y, config.probability("resid_pdrop", 0.1), "resid_dropout")


def _perceptron(b: Builder, config: Config, x: str) -> str:
    width = config.whole("n_embd", 768)
    inner = config.whole("n_inner", 4 * width)
    x = b(Linear(inner), x, scope="c_fc")
    x = activation(b, config, "activation_function", "gelu_new")(x)
    x = b(Linear(width), x, scope="c_proj")
    return dropout(b, x, config.probability("resid_pdrop", 0.1), "dropout")


_TRANSPOSED = re.compile(r"\.(c_attn|c_proj|c_fc)\.weight$")
_MASKS = r"\.attn\.(bias|masked_bias)$"
"""The causal mask of old checkpoints is not used: it is made anew for each length."""

ARCHITECTURES = (
    Architecture(
        name="GPT2LMHeadModel",
        model_type="gpt2",
        task="generation",
        write=write,
        longest=longest,
        prefix="transformer",
        transposed=_TRANSPOSED,
        unused=re.compile(_MASKS),
        copies=(("lm_head.weight", "transformer.wte.weight"),),
    ),
    Architecture(
        name="GPT2ForSequenceClassification",
        model_type="gpt2",
        task="classification",
        write=classification,
        longest=longest,
        prefix="transformer",
        transposed=_TRANSPOSED,
        unused=re.compile(rf"{_MASKS}|^lm_head\."),
    ),
)
