"""What PyTorch ships computes what the network computes, in every form."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import shipped

from isograd.deploy.build import LOADERS
from isograd.errors import UsageError
from isograd.frameworks.side import native_inputs
from isograd.ir import ops
from isograd.ir.builder import Builder

EXACT = (
    "torch/eager",
    "torch/grad",
    "torch/inference-mode",
    "torch/torchscript",
    "torch/torchscript-optimized",
    "torch/exported-program",
)
ROUNDED = (
    *(("torch/bfloat16", make) for make in shipped.NETWORKS),
    ("torch/onnx-int8-dynamic", shipped.recurrent),
    ("torch/onnx-int8-static", shipped.convolutional),
)


@pytest.mark.parametrize("make", shipped.NETWORKS)
@pytest.mark.parametrize("candidate", EXACT)
def test_a_float32_form_computes_the_same(candidate, make, tmp_path):
    agrees(candidate, make, tmp_path)


def test_onnx_computes_the_same(tmp_path):
    agrees("torch/onnx", shipped.attention, tmp_path)


def agrees(candidate, make, tmp_path):
    order = shipped.order(candidate, make(), tmp_path / "form")
    found = shipped.outputs(order, shipped.build(order), *order.calibration)
    np.testing.assert_allclose(found, shipped.reference(order), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("candidate", "make"), ROUNDED)
def test_a_rounded_form_computes_nearly_the_same(candidate, make, tmp_path):
    order = shipped.order(candidate, make(), tmp_path / "form")
    found, wanted = (
        shipped.outputs(order, shipped.build(order), *order.calibration),
        shipped.reference(order),
    )
    assert 1e-7 < np.abs(found - wanted).max() / np.abs(wanted).max() < 0.04


ALONE = """
import json, runpy, sys
import numpy as np

for loader, folder, options in json.loads(sys.argv[1]):
    call = runpy.run_path(loader)["load"](folder, options, 1)
    np.save(folder + "/found.npy", call(np.load(folder + "/x.npy")))
assert not any(name.partition(".")[0] == "isograd" for name in sys.modules)
"""


def test_loaders_need_nothing_of_isograd(tmp_path):
    orders, given = [], []
    for number, candidate in enumerate(("torch/eager", "torch/bfloat16", *EXACT[3:], "torch/onnx")):
        order = shipped.order(candidate, shipped.perceptron(), tmp_path / str(number))
        artefact = shipped.build(order)
        (x,) = native_inputs(order.graph, artefact.emitted, order.calibration)
        np.save(order.folder / "x.npy", x.astype(np.float32))
        orders.append(order)
        loader = str(LOADERS / f"{artefact.loader}.py")
        given.append((loader, str(order.folder), dict(artefact.options)))
    subprocess.run([sys.executable, "-I", "-c", ALONE, json.dumps(given)], check=True, timeout=120)
    for order in orders:
        found, wanted = np.load(order.folder / "found.npy"), shipped.reference(order)
        np.testing.assert_allclose(found, wanted, atol=0.03 * np.abs(wanted).max())


def test_what_autocast_rounds_anyway_is_stored_in_half_of_the_bytes(tmp_path):
    sizes = []
    for candidate in ("torch/eager", "torch/bfloat16"):
        order = shipped.order(candidate, shipped.wide(), tmp_path / candidate)
        shipped.build(order)
        sizes.append((order.folder / "weights.safetensors").stat().st_size)
    assert 1.9 < sizes[0] / sizes[1] < 2


def test_a_network_without_products_has_no_form_in_bfloat16(tmp_path):
    b = Builder("relu")
    graph = b.finish(b(ops.ReLU(), b.input("x", ("N", 3))))
    with pytest.raises(UsageError, match="computes nothing of this network in bfloat16"):
        shipped.build(shipped.order("torch/bfloat16", graph, tmp_path / "form"))


def test_several_outputs_are_refused(tmp_path):
    b = Builder("two")
    x = b.input("x", ("N", 3))
    graph = b.finish(b(ops.ReLU(), x), b(ops.Tanh(), x))
    with pytest.raises(UsageError, match="2 outputs"):
        shipped.build(shipped.order("torch/onnx", graph, tmp_path / "form"))
