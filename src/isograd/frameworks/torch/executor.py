"""Running a network in PyTorch: what all modes share, and the eager mode itself."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from isograd.frameworks.holding import check_single_steps
from isograd.frameworks.protocol import Gradients, Plan, Steps
from isograd.frameworks.source import load_class
from isograd.frameworks.torch.losses import LOSSES
from isograd.frameworks.torch.optimizers import STATE_KEYS, stock
from isograd.frameworks.torch.precision import autocast, make_scaler
from isograd.ir.mapping import Array, Arrays


class HandedOverMask(nn.Module):
    """Takes the place of a dropout layer whose mask is decided outside."""

    mask: Tensor

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("mask", torch.ones(shape), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.mask if self.training else x


class EagerExecutor:
    """Define by run: every call goes through Python, op by op.

    Tensors that a network makes by itself (counts, constants) are in the default precision, which
    is therefore set to the plan's: executors of both precisions share a process.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.device = torch.device(plan.device)
        self.dtype = torch.float64 if plan.dtype == "float64" else torch.float32
        torch.manual_seed(plan.seed)
        self.model = self._build()
        self._install_masks()
        self.model.to(device=self.device, dtype=self.dtype).train()
        self.loss = self._make_loss()
        state = self._native_state()
        self.parameters = [state[name] for name in plan.trainable]
        self.buffers = [state[name] for name in plan.buffers]
        self._integer_targets = plan.recipe.loss.integer_targets
        self._held: list[list[Tensor]] = []
        self._prepare()

    def _build(self) -> nn.Module:
        assert self.plan.source is not None
        return load_class(self.plan.source, self.plan.class_name)()

    def _make_loss(self) -> Callable[[Tensor, Tensor], Tensor]:
        """The loss as a function of (outputs, targets); the model exists by now."""
        return LOSSES[self.plan.recipe.loss.name]

    def _native_state(self) -> dict[str, Tensor]:
        state: dict[str, Tensor] = self.model.state_dict(keep_vars=True)
        return state

    def _install_masks(self) -> None:
        for attribute, shape in self.plan.masks.items():
            self.model.set_submodule(attribute, HandedOverMask(shape))

    def _prepare(self) -> None:
        """Readies the callables of the mode; parameters exist by now."""
        self._reset_optimizer()

    def network(self, *inputs: Tensor) -> Tensor:
        """The network in training mode."""
        return self._run(self.model, *inputs)

    def _run(self, model: Callable[..., Any], *inputs: Tensor) -> Tensor:
        """Calls a model in the plan's precision; its outputs are in float32 again."""
        if self.plan.precision == "float32":
            return packed(model(*inputs))
        with autocast(self.plan):
            return packed(model(*inputs)).to(self.dtype)

    # State ------------------------------------------------------------------------------------

    def set_state(self, state: Arrays) -> None:
        with torch.no_grad():
            for name, tensor in self._tensors().items():
                tensor.copy_(torch.from_numpy(state[name]))
        self._reset_optimizer()

    def get_state(self) -> Arrays:
        return {name: _array(tensor) for name, tensor in self._tensors().items()}

    def get_optimizer_state(self) -> dict[str, Arrays]:
        named = dict(zip(self.plan.trainable, self.parameters, strict=True))
        return {
            slot: {name: self._slot(parameter, slot) for name, parameter in named.items()}  # type: ignore[arg-type]
            for slot in self.plan.recipe.optimizer.slots
        }

    def _slot(self, parameter: nn.Parameter, slot: str) -> Array:
        """PyTorch keeps nothing for a parameter that no loss depends on: nothing moved there."""
        state = self.optimizer.state.get(parameter, {})
        return _array(state.get(STATE_KEYS[slot], torch.zeros_like(parameter)))

    def set_optimizer_state(self, step: int, slots: dict[str, Arrays]) -> None:
        state = {
            number: {"step": torch.tensor(float(step))}
            | {STATE_KEYS[slot]: torch.from_numpy(arrays[name]) for slot, arrays in slots.items()}
            for number, name in enumerate(self.plan.trainable)
        }
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})

    def set_masks(self, masks: Arrays) -> None:
        for attribute, mask in masks.items():
            self.model.get_submodule(attribute).mask.copy_(torch.from_numpy(mask))  # type: ignore[operator]

    def hold(self, kept: Arrays) -> None:
        check_single_steps(self.plan)
        tensors = self._tensors()
        held = [torch.from_numpy(mask).to(self.device, self.dtype) for mask in kept.values()]
        self._held = [[tensors[name] for name in kept], held] if kept else []
        self._project()

    def _project(self) -> None:
        if self._held:
            with torch.no_grad():
                torch._foreach_mul_(*self._held)

    def _reset_optimizer(self) -> None:
        self.optimizer = stock(self.plan.recipe.optimizer, self.parameters)
        self.scaler = make_scaler(self.plan)

    def _tensors(self) -> dict[str, Tensor]:
        names = self.plan.trainable + self.plan.buffers
        return dict(zip(names, self.parameters + self.buffers, strict=True))

    # Single passes ----------------------------------------------------------------------------

    def forward(self, *inputs: Array) -> NDArray[np.floating]:
        torch.set_default_dtype(self.dtype)
        self.model.eval()
        try:
            with torch.no_grad():
                return _array(self._evaluate(*self._inputs(inputs)))
        finally:
            self.model.train()

    def _evaluate(self, *inputs: Tensor) -> Tensor:
        return self._run(self.model, *inputs)

    def gradients(self, inputs: tuple[Array, ...], targets: Array) -> Gradients:
        torch.set_default_dtype(self.dtype)
        tensors = self._inputs(inputs)
        outputs, loss, output_gradient, input_gradients, parameter_gradients = self._differentiate(
            tensors, self._targets(targets)
        )
        names = self.plan.trainable
        return Gradients(
            outputs=_array(outputs),
            loss=float(loss),
            output_gradient=_array(output_gradient),
            input_gradients=tuple(_array(gradient) for gradient in input_gradients),
            parameter_gradients=dict(zip(names, map(_array, parameter_gradients), strict=True)),
        )

    def _differentiate(self, inputs: list[Tensor], targets: Tensor) -> tuple[Any, ...]:
        inputs = [x.detach().requires_grad_(x.is_floating_point()) for x in inputs]
        floating = [x for x in inputs if x.requires_grad]
        outputs = self.network(*inputs)
        loss = self.loss(outputs, targets)
        sources = [outputs, *floating, *self.parameters]
        found = torch.autograd.grad(loss, sources, allow_unused=True, materialize_grads=True)
        split = 1 + len(floating)
        return outputs.detach(), loss.detach(), found[0], found[1:split], found[split:]

    def _inputs(self, inputs: tuple[Array, ...]) -> list[Tensor]:
        kinds = {"float": self.dtype, "int": torch.int64, "bool": torch.bool}
        return [
            torch.from_numpy(array).to(self.device, kinds[kind])
            for array, (_, kind) in zip(inputs, self.plan.inputs, strict=True)
        ]

    def _targets(self, targets: Array) -> Tensor:
        dtype = torch.int64 if self._integer_targets else self.dtype
        return torch.from_numpy(targets).to(self.device, dtype)

    # Training ---------------------------------------------------------------------------------

    def load_data(self, inputs: tuple[Array, ...], targets: Array) -> None:
        self.data = self._inputs(inputs)
        self.targets = self._targets(targets)

    def train(self, batches: NDArray[np.int64]) -> Steps:
        torch.set_default_dtype(self.dtype)
        calls = self._calls(torch.from_numpy(batches).to(self.device))
        losses, nanoseconds = [], []
        begin = self._synchronized_clock()
        for call in calls:
            start = perf_counter_ns()
            losses.append(self._step(call))
            self._project()
            nanoseconds.append(perf_counter_ns() - start)
        if self.device.type == "cuda":
            # A call returns before its work is done: only the whole span is a measurement.
            span = self._synchronized_clock() - begin
            nanoseconds = [span // len(calls)] * len(calls)
        per_call = len(batches) // len(calls)
        return Steps(
            torch.stack(losses).reshape(-1).double().cpu().numpy(),
            np.repeat(np.array(nanoseconds, dtype=np.int64) // per_call, per_call),
        )

    def _calls(self, rows: Tensor) -> list[Tensor]:
        """The rows of batches [steps, batch size] that each call of `_step` takes."""
        return list(rows.unbind())

    def _step(self, rows: Tensor) -> Tensor:
        """One training step on these rows of the data; returns its loss."""
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._loss_of(rows)
        self._move(loss)
        return loss.detach()

    def _move(self, loss: Tensor) -> None:
        """The backward pass, and the optimizer's step."""
        if self.scaler is None:
            loss.backward()
            self.optimizer.step()
        else:
            self.scaler.scale(loss).backward()
            self.scaler.step(self.optimizer)
            self.scaler.update()

    def _loss_of(self, rows: Tensor) -> Tensor:
        inputs = [x.index_select(0, rows) for x in self.data]
        return self.loss(self.network(*inputs), self.targets.index_select(0, rows))

    def _synchronized_clock(self) -> int:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return perf_counter_ns()

    def release(self) -> None:
        """Nothing is borrowed."""

    def compilations(self) -> int:
        return 0


def packed(outputs: Any) -> Tensor:
    """The one output, or several as one (see `isograd.frameworks.protocol.Gradients`)."""
    leaves = [leaf for leaf in tree_leaves(outputs) if leaf is not None]
    if len(leaves) == 1:
        return leaves[0]
    dtype = next(leaf.dtype for leaf in leaves if leaf.is_floating_point())
    return torch.cat([leaf.reshape(leaf.shape[0], -1).to(dtype) for leaf in leaves], dim=1)


def _array(tensor: Tensor) -> NDArray[Any]:
    return tensor.detach().cpu().numpy().copy()
