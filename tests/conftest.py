"""What every test finds as a fresh process would have it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

sys.path[:0] = [
    str(folder)
    for folder in sorted(Path(__file__).parent.iterdir())
    if folder.is_dir() and folder.name != "sweeps"
]  # tests of one part use what those of another have made up

settings.register_profile("same", deadline=None, derandomize=True, database=None)
settings.load_profile("same")  # the same examples everywhere, however slow the machine is


@pytest.fixture(autouse=True)
def usual_precision() -> Iterator[None]:
    """Executors set the precision of new tensors and layers; it is put back behind each test. The
    fixtures of a module run before this one, so that PyTorch's is set to what it is at first."""
    torch, keras = sys.modules.get("torch"), sys.modules.get("keras")
    policy = (keras.config.floatx(), keras.config.dtype_policy()) if keras else None
    if torch:
        torch.set_default_dtype(torch.float32)
    yield
    if torch:
        torch.set_default_dtype(torch.float32)
    if keras:
        keras.config.set_floatx(policy[0])
        keras.config.set_dtype_policy(policy[1])
