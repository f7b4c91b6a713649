"""Small language models to pretrain: what their ``config.json`` says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from isograd.errors import UsageError
from isograd.text.tokenizer import DECODER, ENCODER, Tokenizer

Config = dict[str, Any]


@dataclass(frozen=True)
class Sizes:
    """Of a transformer: ``context`` is the longest text, in tokens."""

    width: int = 64
    depth: int = 2
    heads: int = 2
    context: int = 64

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise UsageError(
                f"A width of {self.width} does not divide into {self.heads} heads.",
                hint="Choose other --width and --heads.",
            )


@dataclass(frozen=True)
class Preset:
    """``special`` are its tokenizer's tokens; nothing drops out, so that trainings in two
    frameworks can be compared step by step."""

    special: tuple[str, ...]
    config: Callable[[Sizes, Tokenizer], Config]


def _gpt(sizes: Sizes, tokenizer: Tokenizer) -> Config:
    end = tokenizer.id_of(DECODER[0])
    return {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "vocab_size": len(tokenizer),
        "n_embd": sizes.width,
        "n_layer": sizes.depth,
        "n_head": sizes.heads,
        "n_positions": sizes.context,
        "attn_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "resid_pdrop": 0.0,
        "bos_token_id": end,
        "eos_token_id": end,
        "pad_token_id": end,
    }


def _bert(sizes: Sizes, tokenizer: Tokenizer) -> Config:
    return {
        "model_type": "bert",
        "architectures": ["BertForMaskedLM"],
        "vocab_size": len(tokenizer),
        "hidden_size": sizes.width,
        "num_hidden_layers": sizes.depth,
        "num_attention_heads": sizes.heads,
        "intermediate_size": 4 * sizes.width,
        "max_position_embeddings": sizes.context,
        "attention_probs_dropout_prob": 0.0,
        "hidden_dropout_prob": 0.0,
        "pad_token_id": tokenizer.id_of(ENCODER[0]),
    }


PRESETS: Mapping[str, Preset] = {"gpt": Preset(DECODER, _gpt), "bert": Preset(ENCODER, _bert)}
"""What `isograd pretrain --kind` knows."""
