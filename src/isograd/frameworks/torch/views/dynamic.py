"""The dynamic graph: every operator that one training step dispatches in eager mode."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from isograd.frameworks.protocol import Subject
from isograd.frameworks.torch.executor import EagerExecutor
from isograd.frameworks.torch.views.failing import need, until_failure
from isograd.frameworks.torch.views.flows import Flows, Holdings, Port, storages
from isograd.frameworks.torch.views.functions import Engine, remembering
from isograd.frameworks.torch.views.located import Frames, Locator, Place, live_frames
from isograd.frameworks.torch.views.names import Names
from isograd.frameworks.torch.views.subjects import eager_step
from isograd.frameworks.torch.views.tensors import Held, held, settings_of, value_of
from isograd.references import first_line
from isograd.views import Operation, View

TITLE = "Dynamic graph"
ABOUT = (
    "Every operator that one eager training step dispatches, in order, recorded while it ran "
    "(TorchDispatchMode)."
)


def show(subject: Subject) -> View:
    """One step of the eager mode. Figures: ``operators``, ``flops_forward``, ``flops_backward``."""
    executor, rows = eager_step(subject)
    recorder = Recorder(Locator(subject), executor, [*held(executor), Held("rows", "input", rows)])
    view = View("torch", "dynamic", TITLE, ABOUT, recorder.operations)
    executor.loss = recorder.engine.watched(executor.loss)
    with until_failure(view, subject), remembering(), recorder:
        executor._step(rows)
    computed = [operation for operation in view.operations if operation.phase != "input"]
    view.figures = {"operators": len(computed)} | _flops(computed)
    return view


class Recorder(TorchDispatchMode):
    """Records operators below autograd, where their derivatives and decompositions have become
    operators of their own.

    It runs what it records, with one difference: while any mode is active, PyTorch makes a reshape
    that copies nothing an ``aten.view``, where it is an ``aten._reshape_alias`` otherwise."""

    def __init__(self, locator: Locator, executor: EagerExecutor, given: Iterable[Held]) -> None:
        super().__init__()
        self.operations: list[Operation] = []
        self._locator = locator
        self._given = Holdings(given)
        self._parameters = dict(zip(executor.plan.trainable, executor.parameters, strict=True))
        self._flows = Flows()
        self._names = Names()
        self._named: dict[str, Operation] = {}
        self._thread = threading.get_ident()
        self.engine = Engine(locator)
        self._formulas = need("torch.utils.flop_counter.flop_registry")

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if _is_bookkeeping(function):
            return function(*args, **kwargs)
        reads = self._reads(_tensors((args, kwargs)))
        place, attributes = self._whence(function)
        attributes |= settings_of(function, args, kwargs, Tensor)
        operation = Operation(
            self._names.new(function._schema.name.split("::")[-1]),
            str(function),
            reads,
            phase=place.phase,
            node=place.node,
            source=place.source,
            attributes=attributes,
        )
        try:
            result = function(*args, **kwargs)
        except Exception as error:
            operation.mark = first_line(error)
            self._add(operation)
            raise
        if reads or _tensors(result):
            self._add(operation)
            self._finish(operation, function, args, kwargs, result)
        return result

    def _add(self, operation: Operation) -> None:
        self.operations.append(operation)
        self._named[operation.name] = operation

    def _finish(
        self, operation: Operation, function: Any, args: Any, kwargs: Any, result: Any
    ) -> None:
        written = _written(function, args, kwargs)
        known = storages(_tensors((args, kwargs)))
        made = _tensors(result)
        made += [tensor for tensor in written if not any(tensor is other for other in made)]
        operation.values = tuple(map(value_of, made))
        for number, tensor in enumerate(made):
            port = (operation.name, number)
            if any(tensor is other for other in written):
                self._flows.write(tensor, port)
            elif storages([tensor]) <= known:
                self._flows.view(tensor, port)
            else:
                self._flows.begin(tensor, port)
        if operation.phase == "update":
            operation.attributes |= self._owners(operation)
        flops = self._formulas.get(function._overloadpacket)
        if flops is not None:
            operation.attributes["flops"] = str(flops(*args, **kwargs, out_val=result))

    def _reads(self, tensors: Iterable[Tensor]) -> tuple[Port, ...]:
        found: dict[Port, None] = {}
        for tensor in tensors:
            if not self._flows.knows(tensor):
                self._give(tensor)
            port = self._flows.port(tensor)
            assert port is not None
            found[port] = None
        return tuple(found)

    def _give(self, tensor: Tensor) -> None:
        given = self._given.of(tensor)
        name = self._names.new(given.name)
        self._add(given.operation(name))
        self._flows.begin(given.tensor, (name, 0))

    def _whence(self, operator: Any) -> tuple[Place, dict[str, str]]:
        """Place, and what is known of it. Threads without Python frames are the engine's."""
        frames = live_frames()
        if threading.get_ident() == self._thread and not _in_engine(frames):
            return self._locator.place(frames), {}
        function, sums = self.engine.running(operator)
        if function is None:
            return Place(None, "backward"), {}
        attributes = {"gradient": function.kind} | ({"sums": "gradients"} if sums else {})
        if function.variable is not None:
            attributes |= self._updated([function.variable])
        return function.place, attributes

    def _owners(self, operation: Operation) -> dict[str, str]:
        """The parameters that an operation of the update is there for, by what it reads."""
        read = [self._named[name].attributes.get("parameter", "") for name, _ in operation.reads]
        found = {name for names in read for name in names.split(", ")}
        order = [name for name in self._parameters if name in found]
        return {"parameter": ", ".join(order)} if order else {}

    def _updated(self, written: Iterable[Tensor]) -> dict[str, str]:
        memories = storages(written)
        names = [n for n, tensor in self._parameters.items() if storages([tensor]) <= memories]
        return {"parameter": ", ".join(names)} if names else {}


def _is_bookkeeping(function: Any) -> bool:
    """Whether PyTorch calls it for a mode's sake only: a copy of a saved tensor that shares its
    memory is no operator in eager mode, but modes are told of it as of a ``detach``. A real one
    comes from below autograd."""
    if function is not torch.ops.aten.detach.default:
        return False
    below = torch._C._dispatch_tls_local_exclude_set()
    return not below.has(torch._C.DispatchKey.AutogradFunctionality)


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


def _written(function: Any, args: Any, kwargs: Any) -> list[Tensor]:
    """What an operator writes in place, by its schema."""
    written = [
        kwargs.get(argument.name) if argument.kwarg_only or number >= len(args) else args[number]
        for number, argument in enumerate(function._schema.arguments)
        if argument.alias_info is not None and argument.alias_info.is_write
    ]
    return _tensors(written)


def _in_engine(frames: Frames) -> bool:
    engine = (torch.autograd.__file__, torch.autograd.graph.__file__)
    return any(file in engine for file, _ in frames)


def _flops(operations: Iterable[Operation]) -> dict[str, float]:
    found = {"flops_forward": 0.0, "flops_backward": 0.0}
    for operation in operations:
        side = "flops_backward" if operation.phase == "backward" else "flops_forward"
        found[side] += int(operation.attributes.get("flops", 0))
    return found
