"""Networks in int8 are near to what they were, small, and loaded without isograd."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from shipped import (
    attention,
    build,
    convolutional,
    grey,
    loaded,
    order,
    perceptron,
    recurrent,
    reference,
)

from isograd.deploy.artefact import Order, Tuning
from isograd.errors import UsageError
from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.training import Recipe

pytest.importorskip("torchao")


def program(one: Order) -> torch.nn.Module:
    """The program as it is stored, run operation by operation: no compiler is started."""
    build(one)
    return torch.export.load(str(one.folder / "model.pt2")).module()


def deviation(one: Order, found: np.ndarray) -> float:
    wanted = reference(one)
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


@pytest.mark.parametrize("make", [perceptron, convolutional], ids=lambda f: f.__name__)
def test_a_calibrated_program_is_near_and_holds_int8(make, tmp_path: Path):
    one = order("torch/int8-static", make(), tmp_path / "form")
    model = program(one)
    with torch.no_grad():
        found = model(torch.from_numpy(one.calibration[0]).float()).numpy()
    assert 0 < deviation(one, found) < 0.1
    kinds = {tensor.dtype for tensor in model.state_dict().values() if tensor.ndim > 1}
    assert kinds == {torch.int8}


def test_a_convolution_of_one_channel_is_compiled_for_each_batch_size(tmp_path: Path):
    artefact = build(order("torch/int8-static", grey(), tmp_path / "one"))
    assert artefact.options == {"dynamic": False}
    assert "again for each batch size" in artefact.notes[1]
    artefact = build(order("torch/int8-static", convolutional(), tmp_path / "three"))
    assert artefact.options == {"dynamic": None}
    assert len(artefact.notes) == 1


def test_a_program_takes_any_batch(tmp_path: Path):
    one = order("torch/int8-static", perceptron(), tmp_path / "form")
    model = program(one)
    assert [len(model(torch.zeros(count, 3, 4))) for count in (1, 7)] == [1, 7]


def test_fine_tuning_with_rounding_follows_the_targets(tmp_path: Path):
    """All targets are one class: that is what the network says then."""
    one = order("torch/int8-qat", perceptron(), tmp_path / "form")
    inputs = one.calibration[0].astype(np.float32)
    batches = np.tile(np.arange(len(inputs)), (60, 1))
    recipe = Recipe(batch_size=len(inputs))
    recipe = replace(recipe, optimizer=replace(recipe.optimizer, learning_rate=0.1))
    tuning = Tuning(recipe, inputs, np.full(len(inputs), 2), batches)
    model = program(replace(one, tuning=tuning))
    with torch.no_grad():
        answers = model(torch.from_numpy(inputs)).argmax(1)
    assert answers.tolist() == [2] * len(inputs)
    assert (reference(one).argmax(1) != 2).any()


def test_a_normalisation_keeps_its_own_epsilon_and_momentum(tmp_path: Path):
    check_normalisation("torch/int8-static", tmp_path)


def check_normalisation(candidate: str, tmp_path: Path) -> None:
    """Training changes next to nothing here: neither by its rate nor by running statistics."""
    b = Builder("normalised")
    x = b(ops.conv2d(4, 3), b.input("x", ("N", 3, 6, 6)), scope="conv")
    x = b(ops.ReLU(), b(ops.BatchNorm(eps=0.3, momentum=1e-6), x, scope="bn"))
    one = order(
        candidate, b.finish(b(ops.Linear(5), b(ops.Flatten(), x), scope="fc")), tmp_path / "form"
    )
    inputs = one.calibration[0].astype(np.float32)
    rows = np.tile(np.arange(len(inputs)), (4, 1))
    recipe = Recipe(batch_size=len(inputs))
    recipe = replace(recipe, optimizer=replace(recipe.optimizer, learning_rate=1e-9))
    tuning = Tuning(recipe, inputs, np.zeros(len(inputs), np.int64), rows)
    model = program(replace(one, tuning=tuning if candidate.endswith("qat") else None))
    with torch.no_grad():
        found = model(torch.from_numpy(inputs)).numpy()
    assert deviation(one, found) < 0.04


def test_linear_layers_are_quantised_and_the_rest_is_told(tmp_path: Path):
    one = order("torch/int8-dynamic", attention(), tmp_path / "form")
    artefact = build(one)
    assert "weights of 5 linear layers" in artefact.notes[0]
    assert artefact.files == ("model.py", "weights.safetensors")


@pytest.mark.parametrize("make", [perceptron, attention, recurrent], ids=lambda f: f.__name__)
def test_old_dynamic_layers_are_near_and_take_any_batch(make, tmp_path: Path):
    one = order("torch/int8-dynamic-fbgemm", make(), tmp_path / "form")
    call = loaded(one, build(one))
    for batch in (16, 1, 5):
        found = call(one.calibration[0][:batch])
        wanted = reference(one)[:batch]
        assert 0 < np.abs(found - wanted).max() < 0.05 * np.abs(wanted).max()


def test_a_network_with_nothing_to_quantise_is_refused(tmp_path: Path):
    b = Builder("nothing")
    graph = b.finish(b(ops.LayerNorm((3,)), b.input("x", ("N", 3)), scope="norm"))
    with pytest.raises(UsageError, match="linear layers, and this network has none"):
        build(order("torch/int8-dynamic", graph, tmp_path / "one"))
    with pytest.raises(UsageError, match="Nothing in this network"):
        build(order("torch/int8-static", graph, tmp_path / "two"))
    with pytest.raises(UsageError, match="this network has none"):
        build(order("torch/int8-dynamic-fbgemm", graph, tmp_path / "three"))
