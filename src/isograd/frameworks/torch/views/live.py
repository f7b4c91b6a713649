"""A user's own PyTorch network that depends on data: what it does at each call, and what each way
to a static graph demands or does instead, with the user's lines."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules import module as hooks
from torch.utils._python_dispatch import TorchDispatchMode

from isograd.errors import unknown
from isograd.frameworks import LIVE_VIEWS
from isograd.frameworks.protocol import Live, Plan, Subject
from isograd.frameworks.torch.executor import EagerExecutor
from isograd.frameworks.torch.importing.exporting import order_inputs
from isograd.frameworks.torch.original import OriginalExecutor, resolve
from isograd.frameworks.torch.views import dynamic
from isograd.frameworks.torch.views.dynamic import Recorder
from isograd.frameworks.torch.views.failing import until_failure
from isograd.frameworks.torch.views.functions import remembering
from isograd.frameworks.torch.views.located import Locator, framed, live_frames
from isograd.frameworks.torch.views.tensors import held
from isograd.ir.inputs import InputSpec
from isograd.training import LOSSES, Recipe
from isograd.views import View
from isograd.views.calls import Call, differing, draw_calls, number_calls
from isograd.views.decisions import Decisions


class LiveNetwork:
    """The network, opened; ``subject`` says what the views need to know of it."""

    def __init__(self, live: Live) -> None:
        torch.manual_seed(live.seed)
        network = resolve(live.original.network, trust=live.original.trust)
        named = order_inputs(network, {spec.name: spec for spec in live.original.inputs})
        self.specs: tuple[InputSpec, ...] = tuple(named.values())
        self.subject = Subject(_plan(live, network, self.specs), {}, {}, (), np.zeros(0))
        self.executor: EagerExecutor = OriginalExecutor(self.subject.plan)
        self.model: nn.Module = self.executor.model
        self.locator = Locator(self.subject)
        self._live = live

    def calls(self) -> Iterator[Call]:
        """Random calls, the same at each time."""
        return draw_calls(self.specs, self._live.batch, self._live.seed)

    def differing_calls(self) -> list[tuple[Call, View]]:
        """The first call, and those at which another graph is recorded, with their views."""
        return differing(lambda call: record(self, call), self.calls())

    def tensors(self, call: Call) -> list[Tensor]:
        return self.executor._inputs(call.inputs)

    def paths(self) -> dict[int, str]:
        """What modules are called, by their identity."""
        return {id(module): name for name, module in self.model.named_modules()}


def _plan(live: Live, network: nn.Module, specs: tuple[InputSpec, ...]) -> Plan:
    parameters = dict(network.named_parameters(remove_duplicate=False))
    trainable = tuple(name for name, tensor in parameters.items() if tensor.requires_grad)
    frozen = [name for name in parameters if name not in trainable]
    buffers = [name for name, _ in network.named_buffers(remove_duplicate=False)]
    return Plan(
        source=None,
        class_name=type(network).__name__,
        trainable=trainable,
        buffers=(*frozen, *buffers),
        inputs=tuple((_numbers(spec), spec.dtype) for spec in specs),
        mode="original",
        recipe=Recipe(LOSSES["mean_squared_error"], batch_size=live.batch),
        original=live.original.__class__("torch", network, specs),
    )


def _numbers(spec: InputSpec) -> tuple[int, ...]:
    return tuple(size if isinstance(size, int) else 1 for size in spec.shape[1:])


def count_parameters(live: Live) -> int:
    """Numbers in all parameters."""
    network = resolve(live.original.network, trust=live.original.trust)
    return sum(parameter.numel() for parameter in network.parameters())


def capture(stage: str, live: Live) -> list[View]:
    """The views of one stage. Raises `UsageError` for a stage that is not known, and where PyTorch
    lacks what shows it."""
    if stage not in LIVE_VIEWS["torch"]:
        raise unknown("view", stage, LIVE_VIEWS["torch"])
    network = LiveNetwork(live)
    if stage == "dynamic":
        return number_calls(network.differing_calls())
    module = importlib.import_module(f"isograd.frameworks.torch.views.live_{stage}")
    show: Callable[[LiveNetwork], list[View]] = module.show
    return show(network)


def record(network: LiveNetwork, call: Call) -> View:
    """One call of the network and the gradients of the mean square of what it returns. Figure:
    ``operators``."""
    executor, inputs = network.executor, network.tensors(call)
    executor.data, executor.targets = inputs, torch.zeros(0)
    recorder = Scoped(network)
    view = View("torch", "dynamic", "Dynamic graph", dynamic.ABOUT, recorder.operations)
    loss = recorder.engine.watched(framed(lambda outputs, _: outputs.square().mean()))
    decisions = Decisions()
    network.model.zero_grad()
    with until_failure(view, network.subject), remembering(), Asked(decisions), recorder:
        loss(executor.network(*inputs), executor.targets).backward()
    recorder.scope_gradients()
    view.events = decisions.events()
    view.figures = {"operators": sum(one.phase != "input" for one in view.operations)}
    return view


class Scoped(Recorder):
    """A recorder that knows in which of the user's modules it is."""

    def __init__(self, network: LiveNetwork) -> None:
        super().__init__(network.locator, network.executor, held(network.executor))
        self._paths = network.paths()
        self._entered: list[str] = []

    def __enter__(self) -> Scoped:
        self._handles = [
            hooks.register_module_forward_pre_hook(self._enter),
            hooks.register_module_forward_hook(self._leave, always_call=True),
        ]
        super().__enter__()
        return self

    def __exit__(self, *failure: Any) -> None:
        super().__exit__(*failure)
        for handle in self._handles:
            handle.remove()

    def _enter(self, module: nn.Module, inputs: Any) -> None:
        self._entered.append(self._paths.get(id(module), ""))

    def _leave(self, module: nn.Module, inputs: Any, outputs: Any) -> None:
        self._entered.pop()

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        before = len(self.operations)
        try:
            return super().__torch_dispatch__(function, types, args, kwargs)
        finally:
            for operation in self.operations[before:]:
                if self._entered and operation.phase == "forward":
                    operation.scope = self._entered[-1]

    def scope_gradients(self) -> None:
        """The gradient of what a line computed is of the line's module, where that is one only."""
        scopes: dict[str | None, set[str]] = {}
        for operation in self.operations:
            if operation.phase == "forward":
                scopes.setdefault(operation.source, set()).add(operation.scope)
        for operation in self.operations:
            found = scopes.get(operation.source, set())
            if operation.phase == "backward" and operation.source and len(found) == 1:
                operation.scope = next(iter(found))


class Asked(TorchDispatchMode):
    """Notes where a tensor's value goes to Python."""

    def __init__(self, decisions: Decisions) -> None:
        super().__init__()
        self._decisions = decisions

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if function is torch.ops.aten._local_scalar_dense.default:
            self._decisions.note(live_frames())
        return function(*args, **(kwargs or {}))
