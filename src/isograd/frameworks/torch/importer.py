"""A user's PyTorch network as a graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.export import ExportedProgram

from isograd.frameworks.torch.importing.exporting import (
    bind_sizes,
    export,
    open_program,
    order_inputs,
    stored_inputs,
)
from isograd.frameworks.torch.importing.modes import check_modes, mode_matters
from isograd.frameworks.torch.importing.state import check_module, constants, kinds, tensors_of
from isograd.frameworks.torch.importing.translation import Translation
from isograd.frameworks.torch.importing.writer import Writer
from isograd.ir.graph import Graph
from isograd.ir.imported import Imported
from isograd.ir.inputs import InputSpec
from isograd.ir.mapping import Transform, identity_map

torch.backends.mha.set_fastpath_enabled(False)  # the fast path's ops have no gradients


def import_live(network: Any, inputs: Mapping[str, InputSpec]) -> Imported:
    """A module, what ``torch.export.load(path).module()`` gives, or that of an ONNX file: the name
    of this in every framework.
    """
    if type(network).__name__ == "OnnxModule":
        return _import_onnx(network, inputs)
    if isinstance(network, fx.GraphModule) and not _has_modes(network):
        return _import_stored(network, inputs)
    return import_module(network, inputs)


def import_module(
    module: nn.Module, inputs: Mapping[str, InputSpec], *, name: str | None = None
) -> Imported:
    """The graph of a module's forward pass, with its weights.

    ``inputs`` say what ``forward`` is called with; sizes that are symbols stay open. The module is
    exported in training mode, and in evaluation mode too where its code may look at the mode: both
    must compute the same but for dropout and for the statistics of batch normalisations. Random
    draws must be dropout of some kind.

    Raises `UsageError`, with the user's line where there is one, when the module is none, its
    weights are not there yet or are no float32, the inputs do not fit it, what it computes depends
    on its inputs' values, or a part of it has no form in the graph.
    """
    check_module(module)
    named = order_inputs(module, inputs)
    work = _Import(module, tuple(named.values()), name or type(module).__name__)
    training = work.translate(export(module, named, training=True), training=True)
    if mode_matters(module):
        evaluation = work.translate(export(module, named, training=False), training=False)
        check_modes(training[0], evaluation[0])
    return work.imported(*training)


def import_exported(path: str | Path, inputs: Mapping[str, InputSpec] | None = None) -> Imported:
    """The graph of a ``.pt2`` file, which holds a program and weights, and no code.

    Such a program has one mode only: dropout is there if it was exported in training mode. Its
    batch normalisations are taken for ones that learn. ``inputs`` are by default those that it was
    exported with. Raises `UsageError` as `import_module` does, and when the file cannot be read.
    """
    return _import_stored(open_program(path).module(), inputs or {})


def _import_onnx(module: Any, given: Mapping[str, InputSpec]) -> Imported:
    from isograd.frameworks.torch.onnx.loading import check_against_evaluator, inputs_of

    inputs = inputs_of(module.onnx_file, given)
    found = import_module(module, inputs, name=Path(module.onnx_file).stem)
    check_against_evaluator(module, module.onnx_file, found.inputs)
    return found


def _import_stored(module: nn.Module, inputs: Mapping[str, InputSpec]) -> Imported:
    named = order_inputs(module, inputs) if inputs else stored_inputs(module)
    work = _Import(module, tuple(named.values()), "Network")
    program = export(module, named, training=None)
    for node in program.graph.nodes:
        if node.op == "call_function" and node.target is torch.ops.aten.batch_norm.default:
            work.notes.add(f"learned {_target(program, node.args[3])}")
    return work.imported(*work.translate(program, training=True))


def _target(program: ExportedProgram, node: fx.Node | None) -> str | None:
    targets = {spec.arg.name: spec.target for spec in program.graph_signature.input_specs}
    return targets[node.name] if node is not None else None


def _has_modes(module: fx.GraphModule) -> bool:
    """A program's module refuses to change its mode; one that was traced from a module does not."""
    try:
        module.train(module.training)
    except NotImplementedError:
        return False
    return True


@dataclass
class _Import:
    """What both modes of one module have in common."""

    module: nn.Module
    inputs: tuple[InputSpec, ...]
    name: str
    notes: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.tensors, self.aliases = tensors_of(self.module)

    def translate(
        self, program: ExportedProgram, *, training: bool
    ) -> tuple[Graph, Writer, dict[str, Tensor]]:
        """The graph, how it was written, and the tensors that it can use."""
        unnamed = constants(program, self.tensors, self.aliases)
        held = {**self.tensors, **unnamed}
        translation = Translation(
            program=program,
            inputs=self.inputs,
            sizes=bind_sizes(program, self.inputs),
            parameters=kinds(held, unnamed),
            aliases=self.aliases,
            training=training,
            notes=self.notes,
        )
        outputs = translation.run()
        return translation.writer.finish(self.name, outputs), translation.writer, held

    def imported(self, graph: Graph, writer: Writer, held: Mapping[str, Tensor]) -> Imported:
        names = {node.name for node in graph.nodes}
        randoms = sorted((r for r in writer.randoms if r.node in names), key=lambda r: r.number)
        values = dict.fromkeys((*graph.inputs, *graph.outputs), Transform())
        used = graph.parameters
        return Imported(
            graph=graph,
            weights={name: held[name].detach().cpu().numpy().copy() for name in used},
            parameters=identity_map(used),
            values=values | {random.node: random.layout for random in randoms},
            randoms=tuple(random.node for random in randoms),
            aliases={name: first for name, first in self.aliases.items() if first in used},
            modules={path: type(part).__name__ for path, part in self.module.named_modules()},
            inputs=self.inputs,
        )
