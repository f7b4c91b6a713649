"""The network as `torch.export` takes it in: the training IR that the importer reads too."""

from __future__ import annotations

from torch.export import ExportedProgram

from isograd.frameworks.protocol import Subject
from isograd.frameworks.torch.executor import EagerExecutor
from isograd.frameworks.torch.importing.exporting import export
from isograd.frameworks.torch.views.fx import Read, selections
from isograd.frameworks.torch.views.located import Locator
from isograd.frameworks.torch.views.subjects import opened
from isograd.frameworks.torch.views.tensors import input_names
from isograd.ir.inputs import InputSpec
from isograd.views import Operation, View

TITLE = "Exported graph"
ABOUT = (
    "The network in training mode with the batch size left open, as torch.export takes it in "
    "(training IR). Loss, backward pass and update stay outside of it."
)


def show(subject: Subject) -> View:
    """Figures: ``nodes`` of the exported graph, ``selections`` among them."""
    executor = opened(subject, "eager")
    program = export(executor.model, _inputs(executor), training=True)
    view = View("torch", "export", TITLE, ABOUT)
    reader = Read(Locator(subject))
    view.operations = reader.operations(program.graph, _given(program))
    made = {operation.name: operation for operation in view.operations}
    for number, port in enumerate(reader.outputs(program.graph)):
        if port is not None:
            made[port[0]].attributes["output"] = str(number)
    view.figures = {"nodes": len(program.graph.nodes), "selections": selections(program.graph)}
    return view


def _inputs(executor: EagerExecutor) -> dict[str, InputSpec]:
    planned = zip(input_names(executor), executor.plan.inputs, strict=True)
    return {name: InputSpec(name, ("N", *shape), kind) for name, (shape, kind) in planned}


def _given(program: ExportedProgram) -> dict[str, Operation]:
    kinds = {"PARAMETER": "parameter", "BUFFER": "buffer", "USER_INPUT": "input"}
    return {
        spec.arg.name: Operation(
            spec.target or spec.arg.name, kinds.get(spec.kind.name, "constant"), phase="input"
        )
        for spec in program.graph_signature.input_specs
    }
