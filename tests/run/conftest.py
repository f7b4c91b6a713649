"""Networks are made here as a user makes them: in single precision, whatever ran before."""

from __future__ import annotations

import keras
import pytest
import torch


@pytest.fixture(autouse=True)
def single_precision(usual_precision: None) -> None:
    """What is put back behind each test is what a fixture of a whole module may have left."""
    torch.set_default_dtype(torch.float32)
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
