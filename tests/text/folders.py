"""Checkpoint folders as other tools write them, made tensor by tensor; and what is in them, run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from isograd.frameworks import part
from isograd.ir.mapping import Array, Arrays
from isograd.text.folder import Pretrained

LENGTH = 12

GPT2 = {
    "model_type": "gpt2",
    "architectures": ["GPT2LMHeadModel"],
    "vocab_size": 23,
    "n_positions": LENGTH,
    "n_embd": 8,
    "n_layer": 2,
    "n_head": 2,
}

GPT2_CLASSIFIER = {
    **GPT2,
    "architectures": ["GPT2ForSequenceClassification"],
    "pad_token_id": 22,
    "num_labels": 3,
}

BERT = {
    "model_type": "bert",
    "architectures": ["BertForMaskedLM"],
    "vocab_size": 23,
    "max_position_embeddings": LENGTH,
    "type_vocab_size": 3,
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 12,
}

CLASSIFIER = {
    **BERT,
    "architectures": ["BertForSequenceClassification"],
    "id2label": {"0": "bad", "1": "fair", "2": "good"},
}

LLAMA = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": 23,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 12,
    "rope_theta": 100.0,
}


def shapes_of_llama(config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    width, words, inner = (config[k] for k in ("hidden_size", "vocab_size", "intermediate_size"))
    narrow = width * config["num_key_value_heads"] // config["num_attention_heads"]
    shapes: dict[str, tuple[int, ...]] = {
        f"{name}.weight": (words, width) for name in ("model.embed_tokens", "lm_head")
    }
    for i in range(config["num_hidden_layers"]):
        layer = f"model.layers.{i}"
        for name, shape in {
            "self_attn.q_proj": (width, width),
            "self_attn.k_proj": (narrow, width),
            "self_attn.v_proj": (narrow, width),
            "self_attn.o_proj": (width, width),
            "mlp.gate_proj": (inner, width),
            "mlp.up_proj": (inner, width),
            "mlp.down_proj": (width, inner),
            "input_layernorm": (width,),
            "post_attention_layernorm": (width,),
        }.items():
            shapes[f"{layer}.{name}.weight"] = shape
    return shapes | {"model.norm.weight": (width,)}


def shapes_of_gpt2(config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    width = config["n_embd"]
    shapes: dict[str, tuple[int, ...]] = {
        "transformer.wte.weight": (config["vocab_size"], width),
        "transformer.wpe.weight": (config["n_positions"], width),
    }
    for i in range(config["n_layer"]):
        block = f"transformer.h.{i}"
        for name, out, into in (
            ("attn.c_attn", 3 * width, width),
            ("attn.c_proj", width, width),
            ("mlp.c_fc", 4 * width, width),
            ("mlp.c_proj", width, 4 * width),
        ):
            shapes |= {f"{block}.{name}.weight": (into, out), f"{block}.{name}.bias": (out,)}
        for name in ("ln_1", "ln_2"):
            shapes |= {f"{block}.{name}.{role}": (width,) for role in ("weight", "bias")}
    return shapes | {f"transformer.ln_f.{role}": (width,) for role in ("weight", "bias")}


def shapes_of_bert(config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    width, words = config["hidden_size"], config["vocab_size"]
    tables = {
        "word": words,
        "position": config["max_position_embeddings"],
        "token_type": config["type_vocab_size"],
    }
    shapes: dict[str, tuple[int, ...]] = {
        f"bert.embeddings.{name}_embeddings.weight": (rows, width) for name, rows in tables.items()
    }
    norms, dense = ["bert.embeddings.LayerNorm"], {}
    for i in range(config["num_hidden_layers"]):
        layer = f"bert.encoder.layer.{i}"
        parts = ("self.query", "self.key", "self.value", "output.dense")
        dense |= {f"{layer}.attention.{name}": (width, width) for name in parts}
        dense[f"{layer}.intermediate.dense"] = (config["intermediate_size"], width)
        dense[f"{layer}.output.dense"] = (width, config["intermediate_size"])
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
    if "id2label" in config:
        dense["bert.pooler.dense"] = (width, width)
        dense["classifier"] = (len(config["id2label"]), width)
    else:
        dense["cls.predictions.transform.dense"] = (width, width)
        norms.append("cls.predictions.transform.LayerNorm")
        shapes["cls.predictions.bias"] = (words,)
    for name, shape in dense.items():
        shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    return shapes | {f"{name}.{role}": (width,) for name in norms for role in ("weight", "bias")}


def drawn(shapes: Mapping[str, tuple[int, ...]], seed: int = 0) -> dict[str, Array]:
    """Weights of the order of one, so that a mistake shows."""
    random = np.random.default_rng(seed)
    return {name: random.normal(0, 0.5, shape).astype("f4") for name, shape in shapes.items()}


def put(
    folder: Path, config: Mapping[str, Any], tensors: Mapping[str, Array], *, shards: int = 1
) -> Path:
    """A folder with these tensors, in one file or in several with an index."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    if shards == 1:
        save_file(dict(tensors), folder / "model.safetensors")
        return folder
    weight_map = {}
    for i in range(shards):
        file = f"model-{i + 1:05d}-of-{shards:05d}.safetensors"
        names = list(tensors)[i::shards]
        save_file({name: tensors[name] for name in names}, folder / file)
        weight_map |= dict.fromkeys(names, file)
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def inputs_for(model: Pretrained, seed: int = 0) -> dict[str, Array]:
    """Three texts, of which one is padded at its end."""
    random = np.random.default_rng(seed)
    seen = np.ones((3, 7), np.int64)
    seen[1, 4:] = 0
    every = {
        "input_ids": random.integers(0, 23, (3, 7)),
        "attention_mask": seen,
        "token_type_ids": random.integers(0, 2, (3, 7)),
    }
    return {name: every[name] for name in model.graph.inputs}


def outputs(model: Pretrained, framework: str, inputs: Arrays) -> Array:
    """What a framework computes in evaluation mode, in float64."""
    weights = {name: array.astype(np.float64) for name, array in model.weights.items()}
    tape = part(framework, "tape").open_tape(model.graph)
    (found,) = tape.run(weights, tuple(inputs.values()), training=False).outputs.values()
    return np.asarray(found)
