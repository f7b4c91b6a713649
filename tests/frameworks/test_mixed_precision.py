"""In mixed precision the network computes in bfloat16; what it learns and its loss are float32."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networks
import numpy as np
import pytest
import torch

from isograd.errors import UsageError
from isograd.frameworks import part
from isograd.frameworks.protocol import Executor, Original, Precision
from isograd.frameworks.side import Side, concrete, plan
from isograd.ir.graph import Graph
from isograd.ir.mapping import Array
from isograd.training import LOSSES, Recipe

BATCH, STEPS = 8, 4

HALF = 2.0**-8
"""What one rounding to bfloat16 moves a number by, at most."""

QUICK = ["torch/eager", "torch/jit", "tensorflow/eager", "tensorflow/session",
         "tensorflow/function"]  # fmt: skip


def open_side(graph: Graph, label: str, precision: Precision, folder: Path, **more: Any) -> Side:
    framework, mode = label.split("/")
    emitted = part(framework, "emitter").emit(graph)
    source = folder / f"{framework}.py"
    source.write_text(emitted.source)
    recipe = Recipe(loss=LOSSES["mean_squared_error"], batch_size=BATCH)
    planned = plan(graph, emitted, source, mode, recipe, precision=precision, **more)
    executor: Executor = part(framework, "modes").open_executor(planned)
    side = Side(graph, emitted, executor)
    side.set_state(graph.initialize(0))
    return side


def draw(graph: Graph) -> tuple[tuple[Array, ...], Array]:
    generator = np.random.default_rng(0)
    sizes = graph.sizes(BATCH)
    inputs = tuple(
        generator.normal(size=concrete(kind, sizes)).astype(np.float32)
        for kind in graph.inputs.values()
    )
    shape = concrete(graph.type_of(graph.outputs[0]), sizes)
    return inputs, generator.normal(size=shape).astype(np.float32)


def trained(graph: Graph, side: Side) -> np.ndarray[Any, Any]:
    side.load_data(*draw(graph))
    return side.train(np.tile(np.arange(BATCH), (STEPS, 1))).losses


def is_rounded(array: Array) -> bool:
    """Whether every number is one of bfloat16's."""
    tensor = torch.from_numpy(np.asarray(array, np.float32))
    return torch.equal(tensor.bfloat16().float(), tensor)


@pytest.mark.parametrize("label", QUICK)
@pytest.mark.parametrize("make", [networks.residual, networks.attention])
def test_a_network_trains_in_bfloat16_as_in_float32(make: Any, label: str, tmp_path: Path) -> None:
    graph = make()
    plain = trained(graph, open_side(graph, label, "float32", tmp_path))
    side = open_side(graph, label, "bfloat16", tmp_path)
    found = trained(graph, side)
    assert not np.array_equal(found, plain), "it was computed in float32"
    np.testing.assert_allclose(found, plain, rtol=4 * HALF)
    assert found[-1] < found[0]
    assert not is_rounded(found), "a loss in bfloat16"


@pytest.mark.parametrize("label", QUICK)
def test_parameters_and_statistics_stay_in_float32(label: str, tmp_path: Path) -> None:
    graph = networks.residual()
    states = {}
    for precision in ("float32", "bfloat16"):
        side = open_side(graph, label, precision, tmp_path)  # type: ignore[arg-type]
        trained(graph, side)
        states[precision] = side.get_state()
    for name, array in states["bfloat16"].items():
        if array.dtype.kind == "f":
            assert array.dtype == np.float32
            assert not is_rounded(array), name
        if "running" in name:
            np.testing.assert_allclose(array, states["float32"][name], rtol=0.05, atol=0.01)


@pytest.mark.parametrize("label", QUICK)
def test_outputs_and_gradients_are_float32_of_values_in_bfloat16(
    label: str, tmp_path: Path
) -> None:
    graph = networks.patches()
    side = open_side(graph, label, "bfloat16", tmp_path)
    inputs, targets = draw(graph)
    outputs = side.forward(inputs)
    assert outputs.dtype == np.float32
    assert is_rounded(outputs)
    found = side.gradients(inputs, targets)
    assert {a.dtype for a in found.parameter_gradients.values()} == {np.dtype(np.float32)}


def test_float16_is_for_gpus(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs a GPU"):
        open_side(networks.patches(), "torch/eager", "float16", tmp_path)


def test_the_referee_and_an_original_are_not_run_in_lower_precision(tmp_path: Path) -> None:
    graph = networks.patches()
    with pytest.raises(UsageError, match="float64"):
        open_side(graph, "torch/eager", "bfloat16", tmp_path, dtype="float64")
    original = Original("torch", object(), ())
    with pytest.raises(UsageError, match="as its owner wrote it"):
        open_side(graph, "torch/eager", "bfloat16", tmp_path, original=original)
