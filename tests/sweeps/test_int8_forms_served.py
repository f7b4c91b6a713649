"""PyTorch's int8 forms by their loaders, compiled: a minute, and it takes a C++ compiler."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from shipped import (
    attention,
    build,
    convolutional,
    grey,
    loaded,
    order,
    outputs,
    perceptron,
    reference,
)

pytest.importorskip("torchao")

BATCHES = ((1, 2, 16, 5), (16, 5))
"""torch.compile takes 1 for itself, and a size for open when it has changed."""

FORMS = [
    (candidate, make)
    for make in (perceptron, convolutional, attention)
    for candidate in ("torch/int8-dynamic", "torch/int8-static")
]


@pytest.mark.parametrize(("candidate", "make"), FORMS, ids=lambda v: getattr(v, "__name__", v))
def test_what_is_shipped_is_near(candidate: str, make, tmp_path: Path) -> None:
    one = order(candidate, make(), tmp_path / "form")
    artefact = build(one)
    wanted = reference(one)
    found = outputs(one, artefact, *one.calibration)
    assert np.abs(found - wanted).max() < 0.1 * np.abs(wanted).max()


@pytest.mark.parametrize("make", [perceptron, convolutional, grey], ids=lambda f: f.__name__)
@pytest.mark.parametrize("batches", BATCHES)
def test_batch_sizes_may_change(batches: tuple[int, ...], make, tmp_path: Path) -> None:
    one = order("torch/int8-static", make(), tmp_path / "form")
    artefact = build(one)
    wanted = reference(one)
    call = loaded(one, artefact)
    for batch in batches:
        found = call(*(array[:batch] for array in one.calibration))
        assert np.abs(found - wanted[:batch]).max() < 0.1 * np.abs(wanted).max()


def test_an_open_batch_size_is_what_a_convolution_of_one_channel_cannot_have(
    tmp_path: Path,
) -> None:
    """Should this fail, PyTorch has been mended, and one compilation is enough."""
    one = order("torch/int8-static", grey(), tmp_path / "form")
    artefact = build(one)
    call = loaded(one, replace(artefact, options={"dynamic": None}))
    call(one.calibration[0][:1])
    with pytest.raises(AssertionError, match="expected size"):
        call(one.calibration[0][:2])
