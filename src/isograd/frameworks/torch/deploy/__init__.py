"""PyTorch's forms: one module for each family, which offers ``build(order) -> Artefact``."""

from __future__ import annotations

import importlib

from isograd.deploy.artefact import Artefact, Order
from isograd.errors import MissingDependency, UsageError, unknown

BUILDERS: dict[str, str] = {
    "torch/eager": "source",
    "torch/grad": "source",
    "torch/inference-mode": "source",
    "torch/compile": "source",
    "torch/bfloat16": "bfloat16",
    "torch/torchscript": "torchscript",
    "torch/torchscript-optimized": "torchscript",
    "torch/exported-program": "exported",
    "torch/aot-inductor": "exported",
    "torch/onnx": "onnx",
    "torch/onnx-int8-dynamic": "onnx",
    "torch/onnx-int8-static": "onnx",
    "torch/int8-dynamic": "torchao",
    "torch/int8-dynamic-fbgemm": "fbgemm",
    "torch/int8-static": "pt2e",
    "torch/int8-qat": "pt2e",
}
"""Who builds which candidate. A family is imported when it is asked for: some need packages of
their own."""


def build(order: Order) -> Artefact:
    """Builds ``order.candidate`` into ``order.folder``, in a process that is set up for PyTorch.

    Raises `MissingDependency` where a package is not installed, and `UsageError` where the network
    has something that the form cannot hold.
    """
    if order.candidate not in BUILDERS:
        raise unknown("form", order.candidate, BUILDERS)
    if len(order.graph.outputs) > 1:
        raise UsageError(
            f"The network has {len(order.graph.outputs)} outputs; a form that is shipped has one.",
            hint="Ship the part of the network that computes the one that is used.",
        )
    try:
        family = importlib.import_module(f"{__name__}.{BUILDERS[order.candidate]}")
        artefact: Artefact = family.build(order)
    except ModuleNotFoundError as error:
        if not error.name or error.name.startswith("isograd"):
            raise
        raise MissingDependency(
            f"{order.candidate} needs {error.name!r}, which is not installed.",
            hint="pip install 'isograd[all]'",
        ) from None
    return artefact
