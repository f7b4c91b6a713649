"""What every test finds as a fresh process would have it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("same", deadline=None, derandomize=True, database=None)
settings.load_profile("same")  # the same examples everywhere, however slow the machine is


@pytest.fixture(autouse=True)
def usual_precision() -> Iterator[None]:
    """Executors set the precision of new tensors and layers. The fixtures of a module run before
    this one, so that it is as at first when a test begins, and again behind it."""
    _forget_precision()
    yield
    _forget_precision()


def _forget_precision() -> None:
    torch, keras = sys.modules.get("torch"), sys.modules.get("keras")
    if torch:
        torch.set_default_dtype(torch.float32)
    if keras:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
