"""The walk over an exported program, op by op."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, fx
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind

from isograd.errors import IsogradError, UsageError
from isograd.frameworks.torch.importing.call import Call
from isograd.frameworks.torch.importing.decomposition import decomposed
from isograd.frameworks.torch.importing.rules import RULES
from isograd.frameworks.torch.importing.sources import module_path, user_source
from isograd.frameworks.torch.importing.symbolic import Sizes
from isograd.frameworks.torch.importing.values import Cell, Value
from isograd.frameworks.torch.importing.views import COPIES, MAYBE_THE_SAME, SCATTERS, VIEWS
from isograd.frameworks.torch.importing.writer import Parameter, Writer
from isograd.ir.inputs import InputSpec

_HOLDERS = {InputKind.PARAMETER, InputKind.BUFFER, InputKind.CONSTANT_TENSOR}

_REGIONS = {"wrap_with_set_grad_enabled": 1, "wrap_with_autocast": 4}
"""Ops that hold a program of their own, and how many of their arguments come before it."""

_IGNORED = ("_assert", "sym_constrain_range", "_check")


@dataclass
class Translation:
    """A program on its way into a graph.

    ``parameters`` are keyed by the original's names (aliases resolved). ``notes`` are shared by the
    translations of both modes (see `Call`); that of the training mode comes first.
    """

    program: ExportedProgram
    inputs: Sequence[InputSpec]
    sizes: Sizes
    parameters: Mapping[str, Parameter]
    aliases: Mapping[str, str]
    training: bool
    notes: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.writer = Writer(self.parameters)
        self._cells: dict[fx.Node, Any] = {}
        self._draws = 0
        self._ordinals: dict[fx.Node, int] = {}
        counts: Counter[Any] = Counter()
        for node in self.program.graph.nodes:
            counts[node.target] += 1
            self._ordinals[node] = counts[node.target]

    def run(self) -> tuple[str, ...]:
        """Translates everything; returns the names of the outputs."""
        self._placeholders()
        for node in self.program.graph.nodes:
            if node.op == "call_function":
                self._cells[node] = self._step(node)
            elif node.op == "get_attr":
                self._cells[node] = _attribute(self.program.graph, node.target)
        return self._outputs()

    # Inputs and outputs -----------------------------------------------------------------------

    def _placeholders(self) -> None:
        nodes = [node for node in self.program.graph.nodes if node.op == "placeholder"]
        given = iter(self.inputs)
        for node, spec in zip(nodes, self.program.graph_signature.input_specs, strict=True):
            if spec.kind in _HOLDERS:
                assert spec.target is not None
                self._cells[node] = Cell(self._parameter(spec.target), fixed=spec.target)
            elif spec.kind is InputKind.USER_INPUT:
                wanted = next(given)
                if wanted.below:
                    self.writer.bounded.add(wanted.name)
                self._cells[node] = Cell(self.writer.input(wanted.name, wanted.type))
            else:
                raise UsageError(f"Inputs of kind {spec.kind.name} are not supported.")

    def _parameter(self, target: str) -> Value:
        name = self.aliases.get(target, target)
        parameter = self.parameters[name]
        if parameter.number is not None:
            return Value(parameter.type, number=parameter.number)
        return Value(parameter.type, parameter=parameter.name, differentiable=parameter.trainable)

    def _outputs(self) -> tuple[str, ...]:
        (node,) = (node for node in self.program.graph.nodes if node.op == "output")
        changed = len(node.args[0]) - len(self.program.graph_signature.user_outputs)
        found = [item for item in node.args[0][changed:] if item is not None]
        if not found or not all(isinstance(item, fx.Node) for item in found):
            raise UsageError(
                "The network returns something that is no tensor.",
                hint="Its forward must return a tensor, or a tuple or dict of tensors.",
            )
        return tuple(self._output(self._read(item)) for item in found)

    def _output(self, value: Any) -> str:
        if not isinstance(value, Value) or value.draw:
            raise UsageError("The network returns something that is no tensor of its own.")
        return self.writer.read(value).name

    # One op -----------------------------------------------------------------------------------

    def _step(self, node: fx.Node) -> Any:
        try:
            return self._translated(node)
        except IsogradError as error:
            error.where = error.where or user_source(node) or None
            raise

    def _translated(self, node: fx.Node) -> Any:
        if node.target is operator.getitem:
            source, index = node.args
            return self._cells[source][index]  # type: ignore[index]
        if not isinstance(node.target, torch._ops.OpOverload):
            return self._other(node)
        if node.target._opname.startswith(_IGNORED):
            return None
        if not _is_tensor(node):
            return node.meta.get("val")
        if node.target._schema.is_mutable and _changes_itself(node):
            return self._in_place(node)
        found = self._apply(node, node.target)
        return self._held(node, found)

    def _other(self, node: fx.Node) -> Any:
        if "val" in node.meta and not _is_tensor(node):
            return node.meta["val"]  # arithmetic of sizes
        if str(node.target) in _REGIONS:
            return self._region(node, _REGIONS[str(node.target)])
        raise UsageError(
            f"{node.target} is not supported yet.",
            where=user_source(node) or None,
            hint="Write the network without it.",
        )

    def _held(self, node: fx.Node, found: Any) -> Any:
        """Cells for what an op makes, with the base that a view has."""
        name = node.target._opname  # type: ignore[union-attr]
        if isinstance(found, list | tuple):
            return [
                self._view(node, value, i) if name in VIEWS else Cell(value)
                for i, value in enumerate(found)
            ]
        return self._view(node, found, None) if name in VIEWS | COPIES else Cell(found)

    def _view(self, node: fx.Node, value: Value, index: int | None) -> Cell:
        base = self._cells[node.args[0]]  # type: ignore[index]
        name = node.target._opname  # type: ignore[union-attr]
        if name in MAYBE_THE_SAME and value != base.read():
            return Cell(value)

        def replay() -> Value:
            again = self._apply(node, node.target)
            return again if index is None else again[index]

        def scatter(old: Value, new: Value) -> Value:
            call, arguments = self._call(node, node.target)
            found: Value = SCATTERS[name](call, old, new, *arguments[1:])
            return found

        return Cell(
            value, base, replay, scatter if name in SCATTERS else None, copies=name in COPIES
        )

    def _in_place(self, node: fx.Node) -> Any:
        """``x.op_(...)``: the value of ``x`` becomes that of ``op(x, ...)``."""
        cell = self._cells[node.args[0]]  # type: ignore[index]
        if cell.fixed and cell.fixed.endswith("num_batches_tracked"):
            return cell
        before = cell.read()
        after = self._apply(node, node.target)
        call, _ = self._call(node, node.target)
        if after.draw is None:
            after = call.broadcast(call.cast(after, before.type.dtype), before.type.shape)
        cell.write(after)
        return cell

    def _apply(self, node: fx.Node, target: Any) -> Any:
        name = target._opname
        functional = name[:-1] if _is_in_place(name) else name
        call, arguments = self._call(node, target)
        rule = RULES.get(f"{functional}.{target._overloadname}") or RULES.get(functional)
        if rule is None:
            return self._decomposed(node, call)
        try:
            found = rule(call, *arguments)
        except ValueError as error:  # sizes or attributes that the op does not take
            raise UsageError(
                f"{call.name} cannot be translated: {error}.", where=call.source or None
            ) from None
        self._draws = max(self._draws, call.number)
        _check(call, found)
        return found

    def _decomposed(self, node: fx.Node, call: Call) -> Any:
        """An op without a rule, by PyTorch's own definition of it."""
        found = decomposed(node)
        if found is None:
            raise call.unsupported()
        graph, sources = found
        return self._inlined(node, graph, [self._cells[source] for source in sources])

    def _inlined(self, node: fx.Node, graph: fx.Graph, cells: Sequence[Any]) -> Any:
        """What another program makes of these cells, in the place of a node."""
        inputs = iter(cells)
        for inner in graph.nodes:
            if inner.op == "placeholder":
                self._cells[inner] = next(inputs)
            elif inner.op == "output":
                return self._read(inner.args[0])
            elif inner.op == "get_attr":
                self._cells[inner] = _attribute(graph, inner.target)
            else:
                self._ordinals.setdefault(inner, self._ordinals[node])
                self._cells[inner] = self._step(inner)
        raise AssertionError(graph)

    def _region(self, node: fx.Node, first: int) -> Any:
        """A part of the network under ``torch.no_grad`` or ``torch.autocast``: without gradients
        only where none would flow, and without another precision.
        """
        options, body, sources = node.args[:first], node.args[first], node.args[first + 1 :]
        if first > 1 and options[2]:
            raise UsageError("Automatic mixed precision (torch.autocast) is not supported.")
        graph = self._cells[body].graph  # type: ignore[index]
        made = self._inlined(node, graph, [self._cells.get(s, s) for s in sources])  # type: ignore[arg-type]
        values = made if isinstance(made, list) else [made]
        if options[0] is False and any(value.differentiable for value in values):
            raise UsageError(
                "A part of the network is computed without gradients (torch.no_grad) although it "
                "depends on inputs or parameters, which is not supported yet."
            )
        return [Cell(value) for value in values]

    def _call(self, node: fx.Node, target: Any) -> tuple[Call, list[Any]]:
        positional, options = self._arguments(node, target._schema)
        call = Call(
            name=f"aten.{target._opname}.{target._overloadname}",
            writer=self.writer,
            sizes=self.sizes,
            results=tuple(self.sizes.type(item) for item in _tensors(node.meta["val"])),
            source=user_source(node),
            scope=module_path(node),
            training=self.training,
            options=options,
            notes=self.notes,
            ordinal=self._ordinals[node],
            number=self._draws,
        )
        return call, positional

    def _arguments(self, node: fx.Node, schema: Any) -> tuple[list[Any], dict[str, Any]]:
        positional: list[Any] = []
        options: dict[str, Any] = {}
        for i, argument in enumerate(schema.arguments):
            given = argument.default_value if argument.has_default_value() else None
            if i < len(node.args):
                given = node.args[i]
            given = self._read(node.kwargs.get(argument.name, given))
            if argument.kwarg_only:
                options[argument.name] = given
            else:
                positional.append(given)
        return positional, options

    def _read(self, given: Any) -> Any:
        """An argument as rules see it."""
        if isinstance(given, list | tuple):
            return [self._read(item) for item in given]
        if not isinstance(given, fx.Node):
            return given
        held = self._cells[given]
        if isinstance(held, Cell):
            return held.read()
        if isinstance(held, list):
            return [cell.read() for cell in held]
        if isinstance(held, torch.SymFloat | torch.SymBool):
            raise UsageError(
                f"The network computes the number {held} from a size that is left open, which is "
                "not supported yet.",
                hint="Give the size as a number.",
            )
        return self.sizes.dim(held) if isinstance(held, torch.SymInt) else held


def _check(call: Call, found: Any) -> None:
    """What a rule makes has the type that PyTorch says it has."""
    values = found if isinstance(found, list | tuple) else [found]
    for value, kind in zip(values, call.results, strict=False):
        if value is not None and value.type != kind:
            raise UsageError(
                f"{call.name} was translated to a value of type {value.type} instead of {kind}.",
                where=call.source or None,
                hint="This is an error in isograd: please report it, with the network's line.",
            )


def _attribute(graph: fx.Graph, path: Any) -> Any:
    return operator.attrgetter(path)(graph.owning_module)


def _is_in_place(name: str) -> bool:
    return name.endswith("_") and not name.endswith("__")


def _changes_itself(node: fx.Node) -> bool:
    first = node.target._schema.arguments[0]  # type: ignore[union-attr]
    return first.alias_info is not None and first.alias_info.is_write


def _is_tensor(node: fx.Node) -> bool:
    return bool(_tensors(node.meta.get("val")))


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, list | tuple):
        return [item for item in value if isinstance(item, Tensor)]
    return []
