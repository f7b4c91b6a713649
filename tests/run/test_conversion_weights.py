"""The weights beside a converted network."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load_file

from isograd.models import load
from isograd.run.convert import convert


@pytest.mark.parametrize("to", ["torch", "tensorflow"])
@pytest.mark.parametrize("name", ["cnn-bn", "mnist-mlp"])
def test_the_weights_on_disk_are_the_mapping_s_in_float32(tmp_path, to, name):
    model = load(name)
    made = convert(model, to, tmp_path / "twin", proven=False, seed=3)
    expected = made.emitted.parameters.forward(model.initial_state(3))
    found = load_file(tmp_path / "twin" / "weights.safetensors")
    assert found.keys() == expected.keys()
    for key, array in expected.items():
        assert found[key].dtype == np.float32
        np.testing.assert_array_equal(found[key], array.astype(np.float32))
