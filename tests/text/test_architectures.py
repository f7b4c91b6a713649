"""The published architectures train alike in both frameworks, with their dropout and ties."""

from __future__ import annotations

import numpy as np
import pytest
from sides import baseline, proof_of
from twins import assert_twins

from folders import BERT, CLASSIFIER, GPT2, LLAMA
from isograd.errors import UsageError
from isograd.ir.ops import Dropout, Embedding
from isograd.text.architectures import KNOWN, build
from isograd.training import SGD, Recipe

SHALLOW = {"n_layer": 1, "num_hidden_layers": 1, "n_layers": 1}

ROBERTA = {
    **CLASSIFIER,
    "model_type": "roberta",
    "architectures": ["RobertaForSequenceClassification"],
    "pad_token_id": 1,
}
DISTILBERT = {
    "model_type": "distilbert",
    "vocab_size": 23,
    "max_position_embeddings": 12,
    "dim": 8,
    "n_heads": 2,
    "hidden_dim": 12,
}
MISTRAL = {**LLAMA, "model_type": "mistral", "sliding_window": 2, "attention_dropout": 0.1}
CONFIGS = {
    "gpt2": GPT2,
    "bert": BERT,
    "roberta": ROBERTA,
    "distilbert": DISTILBERT,
    "llama": LLAMA,
    "mistral": {**MISTRAL, "architectures": ["MistralForCausalLM"]},
}


@pytest.mark.parametrize("name", CONFIGS)
def test_outputs_and_every_gradient_are_the_same_in_both_frameworks(name):
    assert_twins(build({**CONFIGS[name], **SHALLOW}), batch=3)


def test_a_network_is_proven_down_to_its_training_steps():
    graph = build({**GPT2, **SHALLOW})
    recipe = Recipe(loss="cross_entropy", optimizer=SGD(), batch_size=4)
    found = baseline(graph, recipe, recorded=(1, 2))
    assert proof_of(found, graph, "tensorflow/eager", recipe).verdict == "equivalent"


def test_another_activation_is_another_network():
    graph, other = (
        build({**GPT2, **SHALLOW, "activation_function": f}) for f in ("gelu_new", "gelu")
    )
    recipe = Recipe(loss="cross_entropy", optimizer=SGD(), batch_size=4)
    found = baseline(graph, recipe, recorded=(1,))
    assert proof_of(found, other, "torch/eager", recipe).verdict == "different"


def test_dropout_is_as_the_config_says():
    count = lambda graph: sum(isinstance(node.op, Dropout) for node in graph.nodes)
    none = {"attn_pdrop": 0.0, "resid_pdrop": 0.0, "embd_pdrop": 0.0}
    assert count(build(GPT2)) == 1 + 2 * 3
    assert count(build({**GPT2, **none})) == 0


def test_first_weights_are_the_familys_own():
    weights = build({**GPT2, "n_embd": 64, "n_layer": 8}).initialize(0)
    assert np.std(weights["transformer.wte.weight"]) == pytest.approx(0.02, rel=0.1)
    projection = weights["transformer.h.3.mlp.c_proj.weight"]
    assert np.std(projection) == pytest.approx(0.02 / 4, rel=0.1)  # sqrt(2 * 8) = 4
    assert not weights["transformer.h.3.mlp.c_fc.bias"].any()
    assert (weights["transformer.ln_f.weight"] == 1).all()


def test_padding_tokens_have_a_row_without_gradient():
    rows = [n.op.padding_idx for n in build(BERT).nodes if isinstance(n.op, Embedding)]
    assert rows == [0, None, None]


def test_emitted_modules_have_the_classes_that_people_know():
    modules = build(GPT2).modules
    assert modules["transformer.h.1.attn"] == "GPT2Attention"
    assert modules["transformer.h.0"] == "GPT2Block"


def test_every_family_has_a_usual_architecture():
    for family in {one.model_type for one in KNOWN.values()}:
        first = next(one for one in KNOWN.values() if one.model_type == family)
        sizes = {"model_type": family, **SHALLOW, "vocab_size": 11}
        small = {**sizes, "hidden_size": 8, "n_embd": 8, "dim": 8, "n_head": 2, "n_heads": 2}
        graph = build({**small, "num_attention_heads": 2, "num_key_value_heads": 1})
        assert graph.name == first.name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_key_value_heads": 3}, "4 heads do not share 3 heads of keys evenly"),
        ({"head_dim": 3}, "the size must be even"),
        ({"rope_scaling": {"rope_type": "yarn"}}, "Unknown rope_type 'yarn'"),
        ({"rope_scaling": {"type": "linear"}}, "'factor' is missing"),
    ],
)
def test_what_rotary_heads_cannot_be_is_refused(change, message):
    with pytest.raises(UsageError, match=message):
        build({**LLAMA, **change})
