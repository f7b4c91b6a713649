"""The network as a TorchScript graph, traced and frozen."""

from __future__ import annotations

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from isograd.deploy.artefact import Artefact, Order
from isograd.errors import UsageError
from isograd.frameworks.torch.deploy.network import Network, network, refused

FILE = "model.pt"

DEPRECATED = "PyTorch deprecates TorchScript in favour of torch.export; it still loads and runs."

AT_LOAD = (
    "torch.jit.optimize_for_inference runs when it is loaded: what it makes of a convolution is "
    "packed for the processor and cannot be stored."
)


def build(order: Order) -> Artefact:
    """``model.pt``, which needs no source and, in C++, no Python."""
    optimized = order.candidate.endswith("-optimized")
    with TemporaryDirectory() as scratch, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the deprecation, which is in the notes
        made = network(order, Path(scratch))
        torch.jit.save(traced(made), str(order.folder / FILE))
    notes = (DEPRECATED, AT_LOAD) if optimized else (DEPRECATED,)
    return Artefact((FILE,), "torchscript", made.emitted, {"optimize": optimized}, notes)


def traced(made: Network) -> Any:
    """The module as a frozen graph. Raises `UsageError` where it is another for other batches."""
    try:
        frozen = torch.jit.freeze(torch.jit.trace(made.model, made.examples(3), check_trace=False))
    except Exception as error:
        raise refused("torch.jit.trace", error) from error
    _check_batches(made, frozen)
    return frozen


def _check_batches(made: Network, graph: Any) -> None:
    """A trace keeps as a constant whatever Python computed from a size: raises `UsageError` where
    that makes it wrong for other batch sizes than the traced one."""
    for batch in (1, 5):
        inputs = made.examples(batch)
        wanted = made.model(*inputs)
        try:
            found = graph(*inputs)
            same = torch.allclose(found, wanted, rtol=1e-3, atol=1e-3 * float(wanted.abs().max()))
        except RuntimeError:
            same = False
        if not same:
            raise UsageError(
                "torch.jit.trace keeps the batch size of its example as a constant.",
                hint="torch/exported-program keeps it open.",
            )
