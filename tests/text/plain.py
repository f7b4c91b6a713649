"""The published networks as they are described, in NumPy, from the tensors of a checkpoint alone:
written against the papers and the library's documentation, not against isograd's graphs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

Floats = NDArray[np.float64]
Tensors = Mapping[str, Floats]


def gelu(x: Floats) -> Floats:
    return x * 0.5 * (1 + erf(x / np.sqrt(2)))


def gelu_new(x: Floats) -> Floats:
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def softmax(x: Floats) -> Floats:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def layer_norm(x: Floats, weight: Floats, bias: Floats, eps: float) -> Floats:
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps) * weight + bias


def attention(q: Floats, k: Floats, v: Floats, heads: int, seen: NDArray[np.bool_]) -> Floats:
    """Head by head, of [N, T, width]."""
    result = np.empty_like(q)
    for part in np.split(np.arange(q.shape[-1]), heads):
        scores = q[..., part] @ k[..., part].swapaxes(1, 2) / np.sqrt(len(part))
        result[..., part] = softmax(np.where(seen, scores, -np.inf)) @ v[..., part]
    return result


def gpt2(t: Tensors, config: Mapping[str, Any], tokens: NDArray[np.int64]) -> Floats:
    return _gpt2(t, config, tokens) @ t["transformer.wte.weight"].T


def gpt2_classification(t: Tensors, config: Mapping[str, Any], tokens: NDArray[np.int64]) -> Floats:
    """Text by text, without its padding."""
    rows = []
    for text in tokens:
        length = 1 + max(np.flatnonzero(text != config["pad_token_id"]), default=0)
        rows.append(_gpt2(t, config, text[None, :length])[0, -1] @ t["score.weight"].T)
    return np.array(rows)


def _gpt2(t: Tensors, config: Mapping[str, Any], tokens: NDArray[np.int64]) -> Floats:
    """Matrices are stored [in, out], as OpenAI's code had them."""
    norm = lambda x, name: layer_norm(x, t[f"{name}.weight"], t[f"{name}.bias"], 1e-5)
    apply = lambda x, name: x @ t[f"{name}.weight"] + t[f"{name}.bias"]
    length = tokens.shape[1]
    seen = np.tril(np.ones((length, length), bool))
    x = t["transformer.wte.weight"][tokens] + t["transformer.wpe.weight"][:length]
    for i in range(config["n_layer"]):
        block = f"transformer.h.{i}"
        q, k, v = np.split(apply(norm(x, f"{block}.ln_1"), f"{block}.attn.c_attn"), 3, -1)
        x = x + apply(attention(q, k, v, config["n_head"], seen), f"{block}.attn.c_proj")
        hidden = gelu_new(apply(norm(x, f"{block}.ln_2"), f"{block}.mlp.c_fc"))
        x = x + apply(hidden, f"{block}.mlp.c_proj")
    return norm(x, "transformer.ln_f")


def _bert(
    t: Tensors, config: Mapping[str, Any], inputs: Mapping[str, NDArray[np.int64]]
) -> tuple[Callable[[Floats, str], Floats], Callable[[Floats, str], Floats], Floats]:
    norm = lambda x, name: layer_norm(x, t[f"{name}.weight"], t[f"{name}.bias"], 1e-12)
    apply = lambda x, name: x @ t[f"{name}.weight"].T + t[f"{name}.bias"]
    tokens, table = inputs["input_ids"], "bert.embeddings"
    seen = inputs["attention_mask"][:, None, :] == 1
    x = t[f"{table}.word_embeddings.weight"][tokens]
    x = x + t[f"{table}.position_embeddings.weight"][: tokens.shape[1]]
    x = x + t[f"{table}.token_type_embeddings.weight"][inputs["token_type_ids"]]
    x = norm(x, f"{table}.LayerNorm")
    for i in range(config["num_hidden_layers"]):
        layer = f"bert.encoder.layer.{i}"
        q, k, v = (apply(x, f"{layer}.attention.self.{n}") for n in ("query", "key", "value"))
        y = attention(q, k, v, config["num_attention_heads"], seen)
        y = apply(y, f"{layer}.attention.output.dense")
        x = norm(x + y, f"{layer}.attention.output.LayerNorm")
        y = apply(gelu(apply(x, f"{layer}.intermediate.dense")), f"{layer}.output.dense")
        x = norm(x + y, f"{layer}.output.LayerNorm")
    return norm, apply, x


def bert_masked(
    t: Tensors, config: Mapping[str, Any], inputs: Mapping[str, NDArray[np.int64]]
) -> Floats:
    norm, apply, x = _bert(t, config, inputs)
    head = "cls.predictions"
    x = norm(gelu(apply(x, f"{head}.transform.dense")), f"{head}.transform.LayerNorm")
    return x @ t["bert.embeddings.word_embeddings.weight"].T + t[f"{head}.bias"]


def bert_classification(
    t: Tensors, config: Mapping[str, Any], inputs: Mapping[str, NDArray[np.int64]]
) -> Floats:
    _, apply, x = _bert(t, config, inputs)
    return apply(np.tanh(apply(x[:, 0], "bert.pooler.dense")), "classifier")


def rms_norm(x: Floats, weight: Floats) -> Floats:
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) * weight


def rotated(x: Floats, heads: int, theta: float) -> Floats:
    """Pairs (i, i + half) of each head as complex numbers, turned by place * theta^(-i/half)."""
    result = np.empty_like(x)
    for part in np.split(np.arange(x.shape[-1]), heads):
        first, second = np.split(part, 2)
        rates = theta ** (-np.arange(len(first)) / len(first))
        turn = np.exp(1j * np.arange(x.shape[1])[:, None] * rates)
        pairs = (x[..., first] + 1j * x[..., second]) * turn
        result[..., first], result[..., second] = pairs.real, pairs.imag
    return result


def llama(t: Tensors, config: Mapping[str, Any], tokens: NDArray[np.int64]) -> Floats:
    heads, shared = config["num_attention_heads"], config["num_key_value_heads"]
    spread = lambda x: np.concatenate(
        [part for part in np.split(x, shared, -1) for _ in range(heads // shared)], -1
    )
    apply = lambda x, name: x @ t[f"{name}.weight"].T
    seen = np.tril(np.ones((tokens.shape[1],) * 2, bool))
    x = t["model.embed_tokens.weight"][tokens]
    for i in range(config["num_hidden_layers"]):
        layer = f"model.layers.{i}"
        y = rms_norm(x, t[f"{layer}.input_layernorm.weight"])
        q, k, v = (apply(y, f"{layer}.self_attn.{name}_proj") for name in "qkv")
        q, k = rotated(q, heads, config["rope_theta"]), rotated(k, shared, config["rope_theta"])
        x = x + apply(attention(q, spread(k), spread(v), heads, seen), f"{layer}.self_attn.o_proj")
        y = rms_norm(x, t[f"{layer}.post_attention_layernorm.weight"])
        gate = apply(y, f"{layer}.mlp.gate_proj")
        gated = gate / (1 + np.exp(-gate)) * apply(y, f"{layer}.mlp.up_proj")
        x = x + apply(gated, f"{layer}.mlp.down_proj")
    return rms_norm(x, t["model.norm.weight"]) @ t["lm_head.weight"].T
