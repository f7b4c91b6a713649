"""Forms that are slow to build compute what the network computes; minutes, so not in the suite."""

from __future__ import annotations

import numpy as np
import pytest
import shipped
import test_torch_int8

from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph


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


@pytest.mark.parametrize("batches", [(1, 16), (16, 5)])
def test_a_quantised_convolution_takes_one_batch_size_after_the_other(batches, tmp_path):
    """Of one channel, for which inductor stops where the batch size is open."""
    order = shipped.order("torch/int8-static", grey(), tmp_path / "form")
    artefact = shipped.build(order)
    wanted = shipped.reference(order)
    for batch in batches:
        inputs = [array[:batch] for array in order.calibration]
        found = shipped.outputs(order, artefact, *inputs)
        assert np.abs(found - wanted[:batch]).max() < 0.05 * np.abs(wanted).max()


def grey() -> Graph:
    b = Builder("grey")
    x = b(ops.Reshape(("N", 1, 8, 8)), b.input("x", ("N", 8, 8)))
    x = b(ops.max_pool2d(2), b(ops.ReLU(), b(ops.conv2d(16, 3, padding=1), x, scope="conv1")))
    x = b(ops.ReLU(), b(ops.conv2d(32, 3, padding=1), x, scope="conv2"))
    return b.finish(b(ops.Linear(5), b(ops.Flatten(), x), scope="fc"))
