"""The TorchScript graph that `torch.jit.trace` records of the network."""

from __future__ import annotations

from typing import Any

import torch

from isograd.frameworks.protocol import Subject
from isograd.frameworks.torch.executor import EagerExecutor
from isograd.frameworks.torch.modes import TracedExecutor
from isograd.frameworks.torch.views.located import Locator, ranged_frames
from isograd.frameworks.torch.views.names import Names
from isograd.frameworks.torch.views.subjects import opened
from isograd.frameworks.torch.views.tensors import LONG, dtype_name, input_names, value_of
from isograd.views import Operation, Value, View

TITLE = "TorchScript graph"
ABOUT = (
    "The network in training mode, as torch.jit.trace recorded it from one call, its modules "
    "inlined (trace.inlined_graph). Loss, backward pass and update stay outside of it."
)


def show(subject: Subject) -> View:
    """Figures: ``nodes`` of the inlined graph, and among them ``constants``, which are shown as
    attributes of their readers, and ``names``, which only name a module or a parameter."""
    executor = opened(subject, "jit")
    assert isinstance(executor, TracedExecutor)
    graph = executor._trace(tuple(executor.data)).inlined_graph
    view = View("torch", "jit", TITLE, ABOUT)
    reader = Reader(executor, Locator(subject))
    view.operations = reader.operations(graph)
    _settle(view.operations)
    view.figures = {
        "nodes": len(list(graph.nodes())),
        "constants": len(reader.settings),
        "names": reader.named,
    }
    return view


class Reader:
    """TorchScript's nodes as operations: ``settings`` hold the constants' texts by value."""

    def __init__(self, executor: EagerExecutor, locator: Locator) -> None:
        self.settings: dict[str, str] = {}
        self.named = 0
        self._locator = locator
        self._state = executor._native_state()
        self._trainable = set(executor.plan.trainable)
        self._inputs = input_names(executor)
        self._names = Names()
        self._ports: dict[str, tuple[str, int]] = {}
        self._paths: dict[str, str] = {}
        self._tensors: dict[str, tuple[str, int]] = {}
        self._found: list[Operation] = []

    def operations(self, graph: Any) -> list[Operation]:
        itself, *inputs = graph.inputs()
        self._paths[itself.debugName()] = ""
        for name, value in zip(self._inputs, inputs, strict=True):
            self._add(Operation(self._names.new(name), "input", phase="input"), [value])
        for node in graph.nodes():
            self._read(node)
        for number, value in enumerate(graph.outputs()):
            maker, _ = self._ports[value.debugName()]
            self._named(maker).attributes["output"] = str(number)
        return self._found

    def _read(self, node: Any) -> None:
        outputs = list(node.outputs())
        if node.kind() == "prim::GetAttr":
            self._attribute(node, outputs[0])
        elif self._is_setting(node):
            self.settings[outputs[0].debugName()] = self._text(node)
        else:
            self._compute(node, outputs)

    def _attribute(self, node: Any, value: Any) -> None:
        self.named += 1
        path = f"{self._paths[node.inputsAt(0).debugName()]}.{node.s('name')}".removeprefix(".")
        if isinstance(value.type(), torch._C.ClassType):
            self._paths[value.debugName()] = path
        elif path in self._tensors:
            self._ports[value.debugName()] = self._tensors[path]
        else:
            kind = "parameter" if path in self._trainable else "buffer"
            self._add(Operation(self._names.new(path), kind, phase="input"), [value])
            self._tensors[path] = self._ports[value.debugName()]
            if path in self._state:
                self._found[-1].values = (value_of(self._state[path]),)

    def _compute(self, node: Any, outputs: list[Any]) -> None:
        kind = node.kind()
        inputs = list(node.inputs())
        reads = [self._ports[v.debugName()] for v in inputs if v.debugName() in self._ports]
        place = self._locator.place(ranged_frames(node.sourceRange()))
        constant = kind == "prim::Constant"
        operation = Operation(
            self._names.new(kind.split("::")[-1]),
            kind,
            tuple(dict.fromkeys(reads)),
            phase="input" if constant else "forward",
            node=place.node,
            source=place.source,
            attributes=self._attributes(node, inputs),
        )
        self._add(operation, outputs)

    def _add(self, operation: Operation, values: list[Any]) -> None:
        operation.values = tuple(map(_value, values))
        for number, value in enumerate(values):
            self._ports[value.debugName()] = (operation.name, number)
        self._found.append(operation)

    def _is_setting(self, node: Any) -> bool:
        if node.kind() == "prim::Constant":
            return not isinstance(node.output().type(), torch._C.TensorType)
        known = all(value.debugName() in self.settings for value in node.inputs())
        return node.kind() in ("prim::ListConstruct", "prim::TupleConstruct") and known

    def _text(self, node: Any) -> str:
        if node.kind() != "prim::Constant":
            inside = ", ".join(self.settings[value.debugName()] for value in node.inputs())
            return f"[{inside}]"
        value = node.output().toIValue()
        return str(value)

    def _attributes(self, node: Any, inputs: list[Any]) -> dict[str, str]:
        known = node.kind().startswith("aten::")
        schema = torch._C.parse_schema(node.schema()) if known else None
        names = [argument.name for argument in schema.arguments] if schema else []
        names += [f"argument {number}" for number in range(len(names), len(inputs))]
        given = {
            name: self.settings[value.debugName()]
            for name, value in zip(names, inputs, strict=False)
            if value.debugName() in self.settings
        }
        return {name: text[:LONG] for name, text in given.items() if text != "None"}

    def _named(self, name: str) -> Operation:
        return next(operation for operation in self._found if operation.name == name)


def _settle(operations: list[Operation]) -> None:
    """Gives what has no line of its own, such as a list of sizes, the node of what it reads, or
    else of its first reader."""
    named = {operation.name: operation for operation in operations}
    forward = [operation for operation in operations if operation.phase == "forward"]
    for operation in forward:
        read = (named[name].node for name, _ in operation.reads)
        operation.node = operation.node or next(filter(None, read), None)
    readers: dict[str, str] = {}
    for operation in reversed(forward):
        operation.node = operation.node or readers.get(operation.name)
        readers |= {name: operation.node for name, _ in operation.reads if operation.node}


def _value(value: Any) -> Value:
    kind = value.type()
    if not isinstance(kind, torch._C.TensorType):
        return Value(str(kind))
    shape = kind.sizes()
    dtype = kind.dtype()
    return Value(
        "tensor" if dtype is None else dtype_name(dtype), None if shape is None else tuple(shape)
    )
