"""Forms that are slow to build compute what the network computes; minutes, so not in the suite."""

from __future__ import annotations

import numpy as np
import pytest
import shipped
import test_torch_int8
from test_tensorflow_forms import _settings_stay, deviation  # noqa: F401


@pytest.mark.parametrize("make", shipped.NETWORKS)
@pytest.mark.parametrize("candidate", ["torch/compile", "torch/aot-inductor", "torch/onnx"])
def test_a_float32_form_computes_the_same(candidate, make, tmp_path):
    order = shipped.order(candidate, make(), tmp_path / "form")
    artefact = shipped.build(order)
    wanted = shipped.reference(order)
    for batch in (1, 5, 16):
        inputs = [array[:batch] for array in order.calibration]
        found = shipped.outputs(order, artefact, *inputs)
        np.testing.assert_allclose(found, wanted[:batch], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("make", shipped.NETWORKS)
@pytest.mark.parametrize("candidate", ["torch/onnx-int8-dynamic", "torch/onnx-int8-static"])
def test_a_form_in_int8_computes_nearly_the_same(candidate, make, tmp_path):
    order = shipped.order(candidate, make(), tmp_path / "form")
    found = shipped.outputs(order, shipped.build(order), *order.calibration)
    wanted = shipped.reference(order)
    assert 1e-7 < np.abs(found - wanted).max() / np.abs(wanted).max() < 0.04


def test_fine_tuning_keeps_a_normalisation_s_epsilon_and_momentum(tmp_path):
    test_torch_int8.check_normalisation("torch/int8-qat", tmp_path)


def test_attention_in_keras_int8_computes_nearly_the_same(tmp_path):
    order = shipped.order("tensorflow/keras-int8", shipped.attention(), tmp_path / "form")
    assert deviation(order) < 0.1
