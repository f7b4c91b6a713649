"""A published checkpoint folder is the network that it describes, in both frameworks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import plain
from folders import (
    BERT,
    CLASSIFIER,
    GPT2,
    GPT2_CLASSIFIER,
    LLAMA,
    drawn,
    inputs_for,
    outputs,
    put,
    shapes_of_bert,
    shapes_of_gpt2,
    shapes_of_llama,
)
from isograd.errors import UsageError
from isograd.models import load
from isograd.text.folder import Pretrained, read, write
from isograd.text.tokenizer import train

EXACT = {"rtol": 1e-11, "atol": 1e-12}


@pytest.fixture
def gpt2(tmp_path: Path) -> Path:
    return put(tmp_path / "gpt2", GPT2, drawn(shapes_of_gpt2(GPT2)))


def wide(tensors):
    return {name: array.astype(np.float64) for name, array in tensors.items()}


def agrees(folder: Path, expected) -> None:
    model = read(folder)
    inputs = inputs_for(model)
    for framework in ("torch", "tensorflow"):
        np.testing.assert_allclose(outputs(model, framework, inputs), expected(inputs), **EXACT)


@pytest.mark.parametrize("shards", [1, 3])
def test_gpt2_has_equal_logits_in_both_frameworks_and_in_numpy(tmp_path, shards):
    tensors = drawn(shapes_of_gpt2(GPT2))
    folder = put(tmp_path / "gpt2", GPT2, tensors, shards=shards)
    agrees(folder, lambda inputs: plain.gpt2(wide(tensors), GPT2, inputs["input_ids"]))


def test_gpt2_classifies_by_the_last_token_in_front_of_the_padding(tmp_path):
    config, padding = GPT2_CLASSIFIER, GPT2_CLASSIFIER["pad_token_id"]
    tensors = drawn({**shapes_of_gpt2(config), "score.weight": (3, 8)})
    model = read(put(tmp_path / "gpt2", config, tensors))
    tokens = inputs_for(model)["input_ids"] % padding
    tokens[0, 4:] = tokens[1, 1:] = padding
    expected = plain.gpt2_classification(wide(tensors), config, tokens)
    for framework in ("torch", "tensorflow"):
        found = outputs(model, framework, {"input_ids": tokens})
        np.testing.assert_allclose(found, expected, **EXACT)


@pytest.mark.parametrize(
    ("config", "expected"),
    [(BERT, plain.bert_masked), (CLASSIFIER, plain.bert_classification)],
    ids=["masked", "classification"],
)
def test_bert_has_equal_logits_in_both_frameworks_and_in_numpy(tmp_path, config, expected):
    tensors = drawn(shapes_of_bert(config))
    folder = put(tmp_path / "bert", config, tensors)
    agrees(folder, lambda inputs: expected(wide(tensors), config, inputs))


def test_llama_has_equal_logits_in_both_frameworks_and_in_numpy(tmp_path):
    tensors = drawn(shapes_of_llama(LLAMA))
    folder = put(tmp_path / "llama", LLAMA, tensors)
    agrees(folder, lambda inputs: plain.llama(wide(tensors), LLAMA, inputs["input_ids"]))


def test_padding_is_not_seen(tmp_path):
    model = read(put(tmp_path, CLASSIFIER, drawn(shapes_of_bert(CLASSIFIER))))
    inputs = inputs_for(model)
    before = outputs(model, "torch", inputs)
    inputs["input_ids"][1, 5] += 1
    np.testing.assert_array_equal(outputs(model, "torch", inputs), before)
    inputs["input_ids"][1, 3] += 1
    assert np.abs(outputs(model, "torch", inputs)[1] - before[1]).max() > 1e-3


def test_a_folder_is_a_model_wherever_one_is_named(gpt2):
    model = load(str(gpt2))
    assert model.graph.name == "GPT2LMHeadModel"
    assert (model.loss, model.framework, model.data) == ("cross_entropy", None, None)
    stored = load_file(gpt2 / "model.safetensors")["transformer.h.0.attn.c_attn.weight"]
    np.testing.assert_array_equal(model.weights["transformer.h.0.attn.c_attn.weight"], stored.T)


def test_names_without_the_prefix_and_old_ones_of_normalisations_are_understood(tmp_path):
    tensors = drawn(shapes_of_bert(BERT))
    put(tmp_path / "new", BERT, tensors)
    old = {}
    for name, array in tensors.items():
        name = name.removeprefix("bert.")
        if "LayerNorm" in name:
            name = name.replace(".weight", ".gamma").replace(".bias", ".beta")
        old[name] = array
    put(tmp_path / "old", BERT, old)
    new, same = read(tmp_path / "new").weights, read(tmp_path / "old").weights
    assert all((new[name] == same[name]).all() for name in new)


def test_masks_and_heads_that_the_network_does_not_use_are_left_out(tmp_path):
    extra = {"transformer.h.0.attn.bias": np.ones((1, 1, 12, 12), "f4")}
    assert read(put(tmp_path / "a", GPT2, {**drawn(shapes_of_gpt2(GPT2)), **extra}))
    extra = {"cls.seq_relationship.weight": np.ones((2, 8), "f4")}
    assert read(put(tmp_path / "b", BERT, {**drawn(shapes_of_bert(BERT)), **extra}))


def test_a_tied_tensor_may_be_there_once_under_either_name_or_twice(tmp_path):
    tensors = drawn(shapes_of_gpt2(GPT2))
    table = tensors["transformer.wte.weight"]
    put(tmp_path / "twice", GPT2, {**tensors, "lm_head.weight": table})
    assert (read(tmp_path / "twice").weights["transformer.wte.weight"] == table).all()
    del tensors["transformer.wte.weight"]
    put(tmp_path / "other", GPT2, {**tensors, "lm_head.weight": table})
    assert (read(tmp_path / "other").weights["transformer.wte.weight"] == table).all()


def test_copies_of_a_tied_tensor_that_differ_are_refused_and_untied_ones_are_two(tmp_path):
    tensors = drawn(shapes_of_gpt2(GPT2))
    tensors["lm_head.weight"] = tensors["transformer.wte.weight"] + 1
    with pytest.raises(UsageError, match=r"'transformer\.wte\.weight' and 'lm_head\.weight'.*tied"):
        read(put(tmp_path / "tied", GPT2, tensors))
    untied = read(put(tmp_path / "two", {**GPT2, "tie_word_embeddings": False}, tensors))
    assert (untied.weights["lm_head.weight"] == tensors["lm_head.weight"]).all()


def test_bfloat16_and_float16_are_widened_exactly(tmp_path):
    import torch
    from safetensors.torch import save_file as save_torch

    tensors = {n: torch.from_numpy(a).bfloat16() for n, a in drawn(shapes_of_gpt2(GPT2)).items()}
    put(tmp_path / "a", GPT2, {})
    save_torch(tensors, tmp_path / "a" / "model.safetensors")
    name = "transformer.wte.weight"
    np.testing.assert_array_equal(read(tmp_path / "a").weights[name], tensors[name].float().numpy())
    halves = {n: a.astype("f2") for n, a in drawn(shapes_of_gpt2(GPT2)).items()}
    read_back = read(put(tmp_path / "b", GPT2, halves)).weights[name]
    assert read_back.dtype == np.float32
    np.testing.assert_array_equal(read_back, halves[name].astype("f4"))


def test_a_written_folder_is_read_back_bit_for_bit_sharded_too(gpt2, tmp_path):
    model = read(gpt2)
    texts = ["so it goes, and so it went"] * 3
    model = Pretrained(model.graph, model.weights, model.config, train(texts, 270))
    files = write(tmp_path / "out", model, shard_bytes=2000)
    assert sum(path.suffix == ".safetensors" for path in files) > 2
    again = read(tmp_path / "out")
    assert again.graph == model.graph
    assert all((again.weights[name] == array).all() for name, array in model.weights.items())
    assert again.tokenizer.encode("so it") == model.tokenizer.encode("so it")
    with pytest.raises(UsageError, match="holds a model already"):
        write(tmp_path / "out", model)


def spoilt(folder: Path, change, config=None) -> str:
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors")
    if config:
        text = json.dumps({**json.loads((folder / "config.json").read_text()), **config})
        (folder / "config.json").write_text(text)
    with pytest.raises(UsageError) as error:
        read(folder)
    return str(error.value)


def test_a_missing_tensor_is_named(gpt2):
    text = spoilt(gpt2, lambda tensors: tensors.pop("transformer.h.1.ln_2.bias"))
    assert "lacks transformer.h.1.ln_2.bias of GPT2LMHeadModel" in text


def test_tensors_without_a_place_are_named(gpt2):
    text = spoilt(gpt2, lambda tensors: None, {"n_layer": 1})
    assert "no place for transformer.h.1.attn.c_attn.bias" in text
    assert "and 7 others" in text


def test_a_wrong_shape_is_named_with_the_one_it_must_have(gpt2):
    text = spoilt(gpt2, lambda tensors: None, {"n_inner": 16})
    assert "'transformer.h.0.mlp.c_fc.weight' has the shape [8, 32]; by config.json it is" in text


def test_a_quantised_tensor_is_refused(gpt2):
    def quantise(tensors):
        tensors["transformer.wte.weight"] = tensors["transformer.wte.weight"].astype("i1")

    assert "holds I8: a quantised checkpoint" in spoilt(gpt2, quantise)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"model_type": "gpt3"},
            "Unknown model_type 'gpt3'.*Did you mean 'gpt2'.*Known: bert, distilbert, gpt2, llama",
        ),
        ({"architectures": ["GPT2Double"]}, "Unknown architecture of gpt2 'GPT2Double'.*Known"),
        ({"architectures": "GPT2"}, "'architectures' is 'GPT2'; it must be a list"),
        ({"n_embd": "8"}, "'n_embd' is '8'; it must be a whole number"),
        ({"n_head": 3}, "A width of 8 does not divide into 3 heads"),
        ({"activation_function": "gelus"}, "Unknown activation 'gelus'.*Known: .*gelu_new"),
        ({"attn_pdrop": 1.5}, "'attn_pdrop' is 1.5; it must be a number of at least 0 and below 1"),
        ({"scale_attn_weights": False}, "'scale_attn_weights' is False; only True is supported"),
    ],
)
def test_what_a_config_cannot_say_is_refused_with_its_file(gpt2, config, message):
    text = spoilt(gpt2, lambda tensors: None, config)
    assert re.search(message, text.replace("\n", " ")), text
    assert "config.json" in text


def test_pickles_are_refused_with_the_way_out(gpt2):
    (gpt2 / "model.safetensors").rename(gpt2 / "pytorch_model.bin")
    with pytest.raises(UsageError, match=r"pytorch_model\.bin only, which can run code"):
        load(str(gpt2))


@pytest.mark.parametrize("text", ["[1]", "{", "null"])
def test_a_config_that_is_no_object_is_refused(gpt2, text):
    (gpt2 / "config.json").write_text(text)
    with pytest.raises(UsageError, match=r"config\.json"):
        read(gpt2)


def test_other_folders_are_no_models(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UsageError, match=r"no network(.|\n)*config\.json and model\.safetensors"):
        load(str(tmp_path))
