"""PyTorch's execution modes: `eager`, `jit` (traced TorchScript), `compile` (inductor)."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from isograd.errors import UsageError, unknown
from isograd.frameworks.protocol import Executor, Plan
from isograd.frameworks.torch.executor import EagerExecutor, packed
from isograd.frameworks.torch.optimizers import rule
from isograd.frameworks.torch.original import OriginalExecutor
from isograd.frameworks.torch.precision import autocast
from isograd.ir.mapping import Array, Arrays


class TracedExecutor(EagerExecutor):
    """The network as a TorchScript graph recorded from one call; loss, backward pass and optimizer
    stay PyTorch's own, because a trace holds a forward pass only."""

    def _prepare(self) -> None:
        self._reset_optimizer()
        self._traces: dict[bool, Any] = {}

    def network(self, *inputs: Tensor) -> Tensor:
        return self._replay(*inputs)

    def _evaluate(self, *inputs: Tensor) -> Tensor:
        return self._replay(*inputs)

    def _replay(self, *inputs: Tensor) -> Tensor:
        trace = self._trace(inputs)
        if self.plan.precision == "float32":
            return packed(trace(*inputs))
        # TorchScript's own derivatives forget that a sum of two types has promoted one of them.
        with torch.jit.optimized_execution(False):
            return packed(trace(*inputs)).to(self.dtype)

    def _trace(self, inputs: tuple[Tensor, ...]) -> Any:
        training = self.model.training
        if training not in self._traces:
            before = [buffer.clone() for buffer in self.buffers]
            with warnings.catch_warnings(), autocast(self.plan):
                warnings.simplefilter("ignore")  # deprecation notices of torch.jit
                example = tuple(x.detach() for x in inputs)
                trace = torch.jit.trace(self.model, example, check_trace=False)
            for buffer, value in zip(self.buffers, before, strict=True):
                buffer.copy_(value)  # recording ran the network once
            self._traces[training] = trace
        return self._traces[training]

    def compilations(self) -> int:
        return int(True in self._traces)


class CompiledExecutor(EagerExecutor):
    """``torch.compile`` with inductor. The whole step is one graph: forward pass, loss, backward
    pass and optimizer update, so that the compiler sees all of it. ``backend`` is the compiler."""

    backend: str | Callable[..., Any] = "inductor"

    def _prepare(self) -> None:
        if self.plan.precision == "float16":
            raise UsageError(
                "The step is compiled as a whole: no update can be left out of it where gradients "
                "overflow, which float16 needs.",
                hint="Use eager or jit, or bfloat16, which has float32's range.",
            )
        torch._dynamo.config.trace_autograd_ops = True  # takes autograd.grad into the graph
        torch._dynamo.config.allow_rnn = True  # and nn.LSTM, nn.GRU, nn.RNN
        torch._dynamo.config.recompile_limit = 64  # precisions and batch sizes share code objects
        self._steps_done = 0
        self._slots = {
            slot: [
                torch.zeros_like(parameter, requires_grad=False) for parameter in self.parameters
            ]
            for slot in self.plan.recipe.optimizer.slots
        }
        self._rule = rule(self.plan.recipe.optimizer)
        self._evaluate = self._compiled(super()._evaluate)  # type: ignore[method-assign]
        self._differentiate = self._compiled(super()._differentiate)  # type: ignore[method-assign]
        self._compiled_steps = self._compiled(self._steps)

    def _reset_optimizer(self) -> None:
        self._steps_done = 0
        for slot in self._slots.values():
            for tensor in slot:
                tensor.zero_()

    def get_optimizer_state(self) -> dict[str, Arrays]:
        return {
            slot: dict(
                zip(self.plan.trainable, (t.cpu().numpy().copy() for t in tensors), strict=True)
            )
            for slot, tensors in self._slots.items()
        }

    def set_optimizer_state(self, step: int, slots: dict[str, Arrays]) -> None:
        self._steps_done = step
        for slot, tensors in self._slots.items():
            for tensor, name in zip(tensors, self.plan.trainable, strict=True):
                tensor.copy_(torch.from_numpy(slots[slot][name]))

    def load_data(self, inputs: tuple[Array, ...], targets: Array) -> None:
        super().load_data(inputs, targets)
        for tensor in [*self.data, self.targets]:
            torch._dynamo.mark_dynamic(tensor, 0)  # one graph for data sets of any size

    def _calls(self, rows: Tensor) -> list[Tensor]:
        return list(rows.split(self.plan.steps_per_call))

    def _step(self, rows: Tensor) -> Tensor:
        numbers = range(self._steps_done + 1, self._steps_done + 1 + len(rows))
        self._steps_done = numbers[-1]
        values = [self._rule.scalars(number) for number in numbers]
        scalars = torch.tensor(values, dtype=self.dtype, device=self.device)
        return self._compiled_steps(self.data, self.targets, rows, scalars)

    def _steps(self, data: list[Tensor], targets: Tensor, rows: Tensor, scalars: Tensor) -> Tensor:
        """One step for each row of ``rows`` [steps, batch size], unrolled; returns the losses."""
        return torch.stack(
            [
                self._one_step(
                    [x.index_select(0, row) for x in data], targets.index_select(0, row), scalar
                )
                for row, scalar in zip(rows.unbind(), scalars.unbind(), strict=True)
            ]
        )

    def _one_step(self, inputs: list[Tensor], targets: Tensor, scalars: Tensor) -> Tensor:
        # The decomposition of an LSTM takes an input that needs no gradient for inference, and
        # a kernel that cannot train. The inputs' gradients are not computed for all that.
        inputs = [x.detach().requires_grad_(x.is_floating_point()) for x in inputs]
        loss = self.loss(self.network(*inputs), targets)
        gradients = torch.autograd.grad(loss, self.parameters)
        with torch.no_grad():
            self._rule.apply(self.parameters, gradients, self._slots, scalars)
        return loss.detach()

    def _compiled(self, function: Callable[..., Any]) -> Any:
        return torch.compile(function, fullgraph=True, backend=self.backend)

    def compilations(self) -> int:
        return _graphs(self._compiled_steps)


def _graphs(compiled: Any) -> int:
    """How many graphs dynamo holds for a compiled function: more than one means it recompiled."""
    entries = torch._dynamo.eval_frame._debug_get_cache_entry_list
    return len(entries(getattr(compiled, "_torchdynamo_orig_callable", compiled)))


MODES: dict[str, type[EagerExecutor]] = {
    "eager": EagerExecutor,
    "jit": TracedExecutor,
    "compile": CompiledExecutor,
    "original": OriginalExecutor,
}


def open_executor(plan: Plan) -> Executor:
    """The executor for the plan's mode. Raises `UsageError` for an unknown mode."""
    if plan.mode not in MODES:
        raise unknown("torch mode", plan.mode, MODES)
    if plan.original is not None and plan.original.training is not None:
        from isograd.frameworks.torch.native import NativeExecutor

        return NativeExecutor(plan)
    return MODES[plan.mode](plan)
