"""In float16 gradients are scaled into range; a step whose gradients overflow is left out.

Processors compute in float16 too, slowly: they show that the scaling is right. On a GPU whole
trainings are held against float32.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import networks
import numpy as np
import pytest
import tensorflow as tf
import torch
from test_mixed_precision import BATCH, HALF, draw, is_rounded, open_side, trained

from isograd.errors import UsageError
from isograd.frameworks import part
from isograd.frameworks.side import Side
from isograd.training.loss_scale import LOSS_SCALE

LABELS = ["torch/eager", "torch/jit", "tensorflow/eager", "tensorflow/session",
          "tensorflow/function"]  # fmt: skip


def open_half(label: str, folder: Path, **more: Any) -> Side:
    """A network in float16 on the processor."""
    plain = open_side(networks.patches(), label, "float32", folder, **more)
    planned = replace(plain.executor.plan, precision="float16")  # type: ignore[attr-defined]
    side = Side(
        plain.graph, plain.emitted, part(label.split("/")[0], "modes").open_executor(planned)
    )
    side.set_state(plain.graph.initialize(0))
    return side


def scale_of(side: Side) -> float:
    executor: Any = side.executor
    if hasattr(executor, "scaler"):
        return float(executor.scaler.get_scale())
    return float(executor._values([executor._scaler.scale])[0])


def set_scale(side: Side, scale: float) -> None:
    executor: Any = side.executor
    if hasattr(executor, "scaler"):
        executor.scaler.update(scale)
    else:
        executor._put(executor._scaler.scale, np.float32(scale))


@pytest.mark.parametrize("label", LABELS)
def test_a_network_trains_in_float16_as_in_float32(label: str, tmp_path: Path) -> None:
    graph = networks.patches()
    plain = trained(graph, open_side(graph, label, "float32", tmp_path))
    side = open_half(label, tmp_path)
    found = trained(graph, side)
    assert not np.array_equal(found, plain), "it was computed in float32"
    np.testing.assert_allclose(found, plain, rtol=HALF)
    assert not any(is_rounded(array) for array in side.get_state().values())
    assert scale_of(side) == LOSS_SCALE.initial


@pytest.mark.parametrize("label", LABELS)
def test_a_step_that_overflows_is_left_out_and_the_scale_halved(label: str, tmp_path: Path) -> None:
    side = open_half(label, tmp_path)
    side.load_data(*draw(side.graph))
    rows = np.arange(BATCH)[None]
    side.train(rows)  # GradScaler has a scale from its first step on
    set_scale(side, 2.0**40)
    before = side.get_state()
    side.train(rows)
    assert scale_of(side) == 2.0**39
    for name, array in side.get_state().items():
        np.testing.assert_array_equal(array, before[name])
    set_scale(side, 2.0**10)
    side.train(rows)
    assert any(not np.array_equal(array, before[n]) for n, array in side.get_state().items())


@pytest.mark.parametrize("label", ["tensorflow/eager", "tensorflow/session"])
def test_the_scale_grows_after_enough_good_steps(label: str, tmp_path: Path) -> None:
    side = open_half(label, tmp_path)
    executor: Any = side.executor
    side.load_data(*draw(side.graph))
    executor._put(executor._scaler.good, np.int64(LOSS_SCALE.interval - 2))
    scales = []
    for _ in range(3):
        side.train(np.arange(BATCH)[None])
        scales.append(scale_of(side) / LOSS_SCALE.initial)
    assert scales == [1, 2, 2]


def test_what_cannot_leave_a_step_out_refuses_float16(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="compiled as a whole"):
        open_half("torch/compile", tmp_path)
    with pytest.raises(UsageError, match="loss scaling"):
        open_half("tensorflow/session", tmp_path, idiomatic=True)


def sees_gpu(framework: str) -> bool:
    if framework == "torch":
        return torch.cuda.is_available()
    return bool(tf.config.list_physical_devices("GPU"))


@pytest.mark.cuda
@pytest.mark.parametrize("label", [*LABELS, "tensorflow/xla"])
def test_a_network_with_statistics_trains_in_float16_on_a_gpu(label: str, tmp_path: Path) -> None:
    if not sees_gpu(label.split("/")[0]):
        pytest.skip("float16 is trained on a GPU, and the framework sees none here")
    graph = networks.residual()
    plain = trained(graph, open_side(graph, label, "float32", tmp_path, device="cuda"))
    found = trained(graph, open_side(graph, label, "float16", tmp_path, device="cuda"))
    np.testing.assert_allclose(found, plain, rtol=4 * HALF)
