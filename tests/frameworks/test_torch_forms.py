"""What PyTorch ships computes what the network computes, in every form."""

from __future__ import annotations

import numpy as np
import pytest
import shipped

EXACT = ("torch/eager", "torch/grad", "torch/inference-mode")


@pytest.mark.parametrize("make", shipped.NETWORKS)
@pytest.mark.parametrize("candidate", EXACT)
def test_a_float32_form_computes_the_same(candidate, make, tmp_path):
    order = shipped.order(candidate, make(), tmp_path / "form")
    found = shipped.outputs(order, shipped.build(order), *order.calibration)
    np.testing.assert_allclose(found, shipped.reference(order), rtol=1e-5, atol=1e-6)
