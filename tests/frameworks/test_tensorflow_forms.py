"""What TensorFlow ships computes what the network computes, in every form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shipped
import tensorflow as tf

from isograd.deploy.artefact import Order, Tuning
from isograd.errors import UsageError
from isograd.frameworks.tensorflow.runtime import settings
from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.training import Recipe

EXACT = (
    "tensorflow/eager",
    "tensorflow/function",
    "tensorflow/function-plain",
    "tensorflow/xla",
    "tensorflow/saved-model",
    "tensorflow/litert",
    "tensorflow/onnx",
)

INT8 = (
    "tensorflow/keras-int8",
    "tensorflow/litert-int8-dynamic",
    "tensorflow/litert-int8-static",
)


@pytest.fixture(autouse=True)
def _settings_stay(monkeypatch: pytest.MonkeyPatch):
    """Loaders set up a process of their own; this one goes on, with the threads that it has."""
    for kind in ("intra", "inter"):
        setter = f"set_{kind}_op_parallelism_threads"
        monkeypatch.setattr(tf.config.threading, setter, lambda count: None)
    restore = settings()
    yield
    restore()
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


@pytest.mark.parametrize("make", [shipped.convolutional, shipped.attention])
@pytest.mark.parametrize("candidate", EXACT)
def test_a_float32_form_computes_the_same(candidate, make, tmp_path):
    order = shipped.order(candidate, make(), tmp_path / "form")
    found = shipped.outputs(order, shipped.build(order), *order.calibration)
    np.testing.assert_allclose(found, shipped.reference(order), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("candidate", "make"),
    [
        (candidate, make)
        for candidate in INT8
        for make in (shipped.convolutional, shipped.attention)
        if (candidate, make) != ("tensorflow/keras-int8", shipped.attention)  # see the sweep
    ],
)
def test_an_int8_form_computes_nearly_the_same(candidate, make, tmp_path):
    order = shipped.order(candidate, make(), tmp_path / "form")
    assert deviation(order) < 0.1


@pytest.mark.parametrize("make", [shipped.attention, shipped.recurrent])
def test_bfloat16_computes_nearly_the_same(make, tmp_path):
    assert deviation(shipped.order("tensorflow/bfloat16", make(), tmp_path / "form")) < 0.05


@pytest.mark.parametrize("candidate", ["tensorflow/saved-model", "tensorflow/onnx"])
def test_a_recurrent_network_is_shipped(candidate, tmp_path):
    order = shipped.order(candidate, shipped.recurrent(), tmp_path / "form")
    assert deviation(order) < 1e-5


def test_litert_refuses_a_recurrent_network_with_the_operation_that_it_lacks(tmp_path):
    order = shipped.order("tensorflow/litert", shipped.recurrent(), tmp_path / "form")
    with pytest.raises(UsageError, match="LiteRT has no operation for TensorFlow's TensorList"):
        shipped.build(order)


def test_fine_tuning_with_rounding_moves_the_weights_and_follows_the_targets(tmp_path):
    order = shipped.order("tensorflow/litert-int8-qat", shipped.convolutional(), tmp_path / "form")
    (inputs,), targets = order.calibration, np.arange(16) % 5
    recipe = Recipe(batch_size=16)
    batches = np.tile(np.arange(16), (400, 1))
    tuned = replace(order, tuning=Tuning(recipe, inputs, targets, batches))
    outputs = shipped.outputs(tuned, shipped.build(tuned), inputs)
    before, after = (
        recipe.loss.value(shipped.reference(order), targets),
        recipe.loss.value(outputs, targets),
    )
    assert after < 0.8 * before


def test_int8_weights_take_a_quarter_of_the_bytes(tmp_path):
    sizes = {}
    for candidate in (
        "tensorflow/litert",
        "tensorflow/litert-int8-static",
        "tensorflow/keras-int8",
    ):
        order = shipped.order(candidate, _wide(), tmp_path / candidate)
        artefact = shipped.build(order)
        sizes[candidate] = sum((order.folder / name).stat().st_size for name in artefact.files)
    assert sizes["tensorflow/litert"] > 3.5 * sizes["tensorflow/litert-int8-static"]
    assert sizes["tensorflow/litert"] > 3.5 * sizes["tensorflow/keras-int8"]


def test_a_network_without_weights_to_quantise_is_refused(tmp_path):
    b = Builder("convolution")
    graph = b.finish(b(ops.conv2d(4, 3), b.input("x", ("N", 3, 6, 6)), scope="conv"))
    with pytest.raises(UsageError, match="Keras quantises Dense"):
        shipped.build(shipped.order("tensorflow/keras-int8", graph, tmp_path / "form"))


def _wide() -> Graph:
    b = Builder("wide")
    x = b(ops.Linear(256), b.input("x", ("N", 256)), scope="fc1")
    return b.finish(b(ops.Linear(5), b(ops.ReLU(), x), scope="fc2"))


def deviation(order: Order) -> float:
    """The largest one, as a part of the largest output."""
    wanted = shipped.reference(order)
    found = shipped.outputs(order, shipped.build(order), *order.calibration)
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())
