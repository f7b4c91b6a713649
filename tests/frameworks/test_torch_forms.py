"""What PyTorch ships computes what the network computes, in every form."""

from __future__ import annotations

import numpy as np
import pytest
import shipped

EXACT = (
    "torch/eager",
    "torch/grad",
    "torch/inference-mode",
    "torch/torchscript",
    "torch/torchscript-optimized",
    "torch/exported-program",
    "torch/onnx",
)
ROUNDED = ("torch/bfloat16", "torch/onnx-int8-dynamic", "torch/onnx-int8-static")


@pytest.mark.parametrize("make", shipped.NETWORKS)
@pytest.mark.parametrize("candidate", EXACT)
def test_a_float32_form_computes_the_same(candidate, make, tmp_path):
    order = shipped.order(candidate, make(), tmp_path / "form")
    found = shipped.outputs(order, shipped.build(order), *order.calibration)
    np.testing.assert_allclose(found, shipped.reference(order), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("make", shipped.NETWORKS)
@pytest.mark.parametrize("candidate", ROUNDED)
def test_a_rounded_form_computes_nearly_the_same(candidate, make, tmp_path):
    order = shipped.order(candidate, make(), tmp_path / "form")
    found, wanted = (
        shipped.outputs(order, shipped.build(order), *order.calibration),
        shipped.reference(order),
    )
    assert 1e-7 < np.abs(found - wanted).max() / np.abs(wanted).max() < 0.04
