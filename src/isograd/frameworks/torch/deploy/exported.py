"""The network as a program that torch.export captured: as it is, and compiled ahead of time."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch.export import Dim, ExportedProgram

from isograd.deploy.artefact import Artefact, Order
from isograd.frameworks.torch.deploy.network import Network, network, refused

FILE = "model.pt2"

FIXED = "Its batch size is fixed at {batch}: torch.export could not keep it open ({reason})."

BATCH = 2
"""Examples that a program is captured with; sizes of 0 and 1 are constants to torch.export."""


def build(order: Order) -> Artefact:
    """``model.pt2``, which needs no source."""
    with TemporaryDirectory() as scratch:
        made = network(order, Path(scratch))
        program, notes = exported(made)
        return FORMS[order.candidate](made, program, notes)


def exported(made: Network) -> tuple[ExportedProgram, tuple[str, ...]]:
    """The captured program, for any batch size where that is possible; notes say where it is not.
    Raises `UsageError` where it cannot be captured."""
    inputs = made.examples(BATCH)
    batch = Dim("batch")
    with torch.no_grad():
        try:
            shapes = tuple({0: batch} for _ in inputs)
            return torch.export.export(made.model, inputs, dynamic_shapes=shapes), ()
        except Exception as error:
            reason = error
        try:
            note = FIXED.format(batch=BATCH, reason=str(reason).strip().splitlines()[0])
            return torch.export.export(made.model, inputs), (note,)
        except Exception as error:
            raise refused("torch.export", error) from error


def _program(made: Network, program: ExportedProgram, notes: tuple[str, ...]) -> Artefact:
    torch.export.save(program, str(made.order.folder / FILE))
    return Artefact((FILE,), "exported_program", made.emitted, notes=notes)


def _compiled(made: Network, program: ExportedProgram, notes: tuple[str, ...]) -> Artefact:
    """A library with the weights in it, packed with the C++ that it was compiled from."""
    path = str(made.order.folder / FILE)
    try:
        with torch.no_grad(), torch._inductor.config.patch({"cpp.threads": made.order.threads}):
            torch._inductor.aoti_compile_and_package(program, package_path=path)
    except Exception as error:
        raise refused("AOTInductor", error) from error
    threads = made.order.threads
    notes += (
        "It runs on processors with the instruction sets of the one that it was compiled on, and "
        "crashes on others: the loader does not look, because PyTorch's way to look is to compile; "
        f"inductor's own loops are split over {threads} thread{'s' * (threads > 1)}.",
        "Most of a small network's package is the code of the library, about 1.5 MB.",
    )
    return Artefact((FILE,), "aot_inductor", made.emitted, notes=notes)


FORMS = {"torch/exported-program": _program, "torch/aot-inductor": _compiled}
