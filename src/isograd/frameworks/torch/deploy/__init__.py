"""PyTorch's forms: one module for each family, which offers ``build(order) -> Artefact``."""

from __future__ import annotations

from isograd.deploy import families
from isograd.deploy.artefact import Artefact, Order

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
"""Who builds which candidate."""


def build(order: Order) -> Artefact:
    """Builds ``order.candidate``, in a process that is set up for PyTorch; see
    `isograd.deploy.families.build`."""
    return families.build(order, __name__, BUILDERS)
