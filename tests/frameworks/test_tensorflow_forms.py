"""What TensorFlow ships computes what the network computes, in every form."""

from __future__ import annotations

import numpy as np
import pytest
import shipped
import tensorflow as tf

from isograd.frameworks.tensorflow.runtime import settings

EXACT = (
    "tensorflow/eager",
    "tensorflow/function",
    "tensorflow/function-plain",
    "tensorflow/xla",
    "tensorflow/saved-model",
    "tensorflow/litert",
)


@pytest.fixture(autouse=True)
def _settings_stay():
    """Loaders set up a process of their own; this one goes on."""
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
