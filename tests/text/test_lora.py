"""An adapted network starts as the plain one, learns in thin matrices, and becomes it again."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from sides import baseline, proof_of, side

from isograd.errors import UsageError
from isograd.ir.settled import with_sizes
from isograd.text.lora import Adaptation, adapt, merge, save_adapter
from isograd.training import Adam, Recipe
from small_language_models import VOCABULARY, WIDTH, next_token

GRAPH = with_sizes(next_token(), {"T": 6})
WEIGHTS = GRAPH.initialize(0)
RECIPE = Recipe("token_cross_entropy", Adam(0.01), batch_size=4)
ADAPTED = adapt(GRAPH, WEIGHTS, Adaptation(rank=2, alpha=8.0), seed=1)
IDS = np.random.default_rng(0).integers(0, VOCABULARY, (4, 6))
BATCHES = np.tile(np.arange(4), (5, 1))
FRAMEWORKS = ("torch/eager", "tensorflow/function")


def trained(label: str):
    """A side after five steps."""
    found = side(ADAPTED.graph, label, "float64", RECIPE)
    found.load_data((IDS,), np.roll(IDS, -1, axis=1))
    found.set_state(ADAPTED.weights)
    found.train(BATCHES)
    return found


def test_only_the_thin_matrices_are_trainable() -> None:
    assert ADAPTED.graph.trainable == tuple(
        f"attention.{name}.lora_{matrix}" for name in ("query", "value") for matrix in "AB"
    )
    assert ADAPTED.graph.count_parameters() == 2 * 2 * (WIDTH + WIDTH)


def test_what_is_named_besides_goes_on_training() -> None:
    found = adapt(GRAPH, WEIGHTS, Adaptation(2), trained=("head.weight", "head.bias"))
    assert {"head.weight", "head.bias"} < set(found.graph.trainable)
    assert "words.weight" not in found.graph.trainable


@pytest.mark.parametrize("label", FRAMEWORKS)
def test_an_adapted_network_starts_as_the_plain_one(label: str) -> None:
    plain = side(GRAPH, label, "float64", RECIPE)
    plain.set_state(WEIGHTS)
    adapted = side(ADAPTED.graph, label, "float64", RECIPE)
    adapted.set_state(ADAPTED.weights)
    np.testing.assert_array_equal(adapted.forward((IDS,)), plain.forward((IDS,)))


@pytest.mark.parametrize("label", FRAMEWORKS)
def test_frozen_parameters_stay_and_have_no_optimizer_state(label: str) -> None:
    found = trained(label)
    state = found.get_state()
    for name in GRAPH.parameters:
        np.testing.assert_array_equal(state[name], WEIGHTS[name])
    for name in ADAPTED.graph.trainable:
        assert (state[name] != ADAPTED.weights[name]).any()
    slots = found.get_optimizer_state()
    assert all(set(arrays) == set(ADAPTED.graph.trainable) for arrays in slots.values())


def test_torch_computes_no_gradient_of_what_is_frozen() -> None:
    executor = trained("torch/eager").executor
    assert all(tensor.grad is None and not tensor.requires_grad for tensor in executor.buffers)


@pytest.mark.parametrize("label", FRAMEWORKS)
def test_a_merged_network_computes_the_same(label: str) -> None:
    adapted = trained(label)
    plain = side(GRAPH, label, "float64", RECIPE)
    plain.set_state(merge(ADAPTED, adapted.get_state()))
    expected = adapted.forward((IDS,))
    np.testing.assert_allclose(plain.forward((IDS,)), expected, rtol=0, atol=1e-13)
    plain.set_state(WEIGHTS)
    assert np.abs(plain.forward((IDS,)) - expected).max() > 1e-3


def test_adapted_training_is_proven_the_same_in_both_frameworks() -> None:
    found = baseline(ADAPTED.graph, RECIPE, recorded=(1, 5))
    assert proof_of(found, ADAPTED.graph, "tensorflow/function", RECIPE).verdict == "equivalent"


def test_another_scale_of_what_is_learned_is_seen() -> None:
    found = baseline(ADAPTED.graph, RECIPE, recorded=(1, 5))
    other = adapt(GRAPH, WEIGHTS, Adaptation(rank=2, alpha=8.001)).graph
    assert proof_of(found, other, "tensorflow/function", RECIPE).verdict == "different"


def test_an_adapter_is_saved_under_the_names_that_peft_uses(tmp_path: Path) -> None:
    found = adapt(GRAPH, WEIGHTS, Adaptation(2, 8.0), trained=("head.weight", "head.bias"))
    save_adapter(found, found.weights, tmp_path)
    arrays = load_file(tmp_path / "adapter_model.safetensors")
    a = arrays["base_model.model.attention.query.lora_A.weight"]
    np.testing.assert_array_equal(a, found.weights["attention.query.lora_A"])
    assert "base_model.model.head.bias" in arrays
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"]) == (2, 8.0)
    assert config["target_modules"] == ["query", "value"]
    assert config["modules_to_save"] == ["head"]


def test_a_layer_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="no linear layer named c_attn") as refused:
        adapt(GRAPH, WEIGHTS, Adaptation(2, targets=("c_attn",)))
    assert "query, key, value, head" in refused.value.hint


def test_a_rank_that_saves_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="no smaller than"):
        adapt(GRAPH, WEIGHTS, Adaptation(WIDTH))
    with pytest.raises(UsageError, match="rank 0"):
        Adaptation(0)


@pytest.mark.parametrize("alpha", [0.0, -1.0, float("nan"), float("inf")])
def test_a_scale_with_which_nothing_is_learned_is_refused(alpha: float) -> None:
    with pytest.raises(UsageError, match="alpha must be finite and above 0"):
        Adaptation(2, alpha)
