"""Steps that are timed have as many examples as they are said to have."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import pytest

from isograd.frameworks import MODES, part

SCRIPTS = ("measure", "train", "rules")


@pytest.fixture(params=MODES)
def measure(request, monkeypatch):
    """The script that a job's folder gets, as a module."""
    monkeypatch.syspath_prepend(part(request.param, "scale").SCRIPTS)
    yield importlib.import_module("measure")
    for name in SCRIPTS:
        sys.modules.pop(name, None)


def test_a_batch_that_is_larger_than_all_of_a_short_training_begins_again(measure):
    order = np.array([[5, 2], [7, 1]])
    native = measure.torch.from_numpy(order) if hasattr(measure, "torch") else order
    assert np.asarray(measure._rows(native, 7)).tolist() == [5, 2, 7, 1, 5, 2, 7]
    assert np.asarray(measure._rows(native, 3)).tolist() == [5, 2, 7]
