"""Folders that the transformers library writes are the networks that it runs, and it reads ours.

Needs ``tests/sweeps/requirements.txt``. Random weights, tiny sizes; nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from isograd.frameworks import part
from isograd.text.folder import Pretrained, read, write
from isograd.text.tokenizer import ENCODER, train

transformers = pytest.importorskip("transformers")

WORDS, LENGTH = 99, 64
SIZES = {
    "vocab_size": WORDS,
    "max_position_embeddings": LENGTH,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
}
SMALL = {
    "vocab_size": WORDS,
    "max_position_embeddings": LENGTH,
    "dim": 32,
    "n_layers": 2,
    "n_heads": 4,
    "hidden_dim": 64,
}
GROUPED = {**SIZES, "num_key_value_heads": 2}
GPT2 = {"vocab_size": WORDS, "n_positions": LENGTH, "n_embd": 32, "n_layer": 2, "n_head": 4}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16,
}

EXACT, SINGLE = 1e-13, 2e-6
"""How far logits of the order of one may be off in float64. The library computes root mean squares
and angles in float32, whatever the rest is in."""


def made(name: str, **options: Any) -> Callable[[], Any]:
    """A class of the library and its config, with these sizes."""
    config = name.partition("For")[0].removesuffix("LMHeadModel") + "Config"
    return lambda: getattr(transformers, name)(getattr(transformers, config)(**options))


MODELS: dict[str, tuple[Callable[[], Any], float]] = {
    "gpt2": (made("GPT2LMHeadModel", **GPT2), EXACT),
    "gpt2, relu": (made("GPT2LMHeadModel", **GPT2, activation_function="relu"), EXACT),
    "gpt2, untied": (made("GPT2LMHeadModel", **GPT2, tie_word_embeddings=False), EXACT),
    "bert, masked": (made("BertForMaskedLM", **SIZES), EXACT),
    "bert, classes": (made("BertForSequenceClassification", **SIZES, num_labels=3), EXACT),
    "roberta, masked": (made("RobertaForMaskedLM", **SIZES), EXACT),
    "roberta, classes": (made("RobertaForSequenceClassification", **SIZES), EXACT),
    "distilbert, masked": (made("DistilBertForMaskedLM", **SMALL), EXACT),
    "distilbert, classes": (made("DistilBertForSequenceClassification", **SMALL), EXACT),
    "llama": (made("LlamaForCausalLM", **GROUPED), SINGLE),
    "llama, biases and wide heads": (
        made("LlamaForCausalLM", **GROUPED, attention_bias=True, mlp_bias=True, head_dim=12),
        SINGLE,
    ),
    "llama, tied": (made("LlamaForCausalLM", **GROUPED, tie_word_embeddings=True), SINGLE),
    "llama, linear scaling": (
        made(
            "LlamaForCausalLM",
            **GROUPED,
            rope_parameters={"rope_type": "linear", "rope_theta": 1000.0, "factor": 2.0},
        ),
        SINGLE,
    ),
    "llama 3.1": (made("LlamaForCausalLM", **GROUPED, rope_parameters=LLAMA3), SINGLE),
    "mistral": (made("MistralForCausalLM", **GROUPED, sliding_window=4), SINGLE),
    "qwen2": (made("Qwen2ForCausalLM", **GROUPED), SINGLE),
}


def inputs_of(model: Pretrained) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    tokens = random.integers(3, WORDS, (3, 9))
    seen = np.ones((3, 9), np.int64)
    if "attention_mask" in model.graph.inputs:
        seen[1, 6:] = 0
        tokens[1, 6:] = model.config.get("pad_token_id") or 0
    types = random.integers(0, model.config.get("type_vocab_size", 1), (3, 9))
    every = {"input_ids": tokens, "attention_mask": seen, "token_type_ids": types}
    return {name: every[name] for name in model.graph.inputs}


def theirs(network: Any, inputs: dict[str, np.ndarray]) -> np.ndarray:
    with torch.no_grad():
        tensors = {name: torch.from_numpy(array) for name, array in inputs.items()}
        return network.double().eval()(**tensors).logits.numpy()


def ours(model: Pretrained, framework: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
    weights = {name: array.astype(np.float64) for name, array in model.weights.items()}
    tape = part(framework, "tape").open_tape(model.graph)
    (found,) = tape.run(weights, tuple(inputs.values()), training=False).outputs.values()
    return np.asarray(found)


def network_of(name: str) -> tuple[Any, float]:
    """Weights of the order of one, biases and scales included, so that a mistake shows."""
    make, room = MODELS[name]
    torch.manual_seed(0)
    network = make()
    for parameter in network.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return network, room


@pytest.mark.parametrize("name", MODELS)
def test_logits_are_the_librarys_in_both_frameworks(name, tmp_path: Path):
    network, room = network_of(name)
    network.save_pretrained(tmp_path, max_shard_size="20KB")
    model = read(tmp_path)
    inputs = inputs_of(model)
    expected = theirs(network, inputs)
    for framework in ("torch", "tensorflow"):
        assert np.abs(ours(model, framework, inputs) - expected).max() < room


@pytest.mark.parametrize("name", MODELS)
def test_the_library_reads_what_is_written(name, tmp_path: Path):
    network, room = network_of(name)
    network.save_pretrained(tmp_path / "theirs")
    model = read(tmp_path / "theirs")
    write(tmp_path / "ours", model, shard_bytes=20_000)
    again, report = type(network).from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert not report["unexpected_keys"]
    assert not report["mismatched_keys"]
    inputs = inputs_of(model)
    assert np.abs(theirs(again, inputs) - theirs(network, inputs)).max() < room


def test_the_library_reads_our_tokenizer(tmp_path: Path):
    texts = ["the old man and the sea"] * 4
    tokenizer = train(texts, 300, special=ENCODER)
    tokenizer.save(tmp_path)
    loaded = transformers.AutoTokenizer.from_pretrained(tmp_path)
    assert loaded("the sea, an old man")["input_ids"] == tokenizer.encode("the sea, an old man")
    assert loaded.mask_token_id == tokenizer.id_of("[MASK]")
    assert loaded.pad_token == "[PAD]"
