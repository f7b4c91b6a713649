"""Running the user's own PyTorch training: network, loss, optimizer and all around are theirs."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from isograd.errors import UsageError
from isograd.frameworks.protocol import Plan
from isograd.frameworks.torch.original import OriginalExecutor
from isograd.frameworks.torch.recipe import clipper, network, read
from isograd.ir.mapping import Array, Arrays


class NativeExecutor(OriginalExecutor):
    """The training of `Original.training`, in the plan's precision. The user's own objects stay as
    they are: what has a state is copied, or made anew."""

    def __init__(self, plan: Plan) -> None:
        assert plan.original is not None
        assert plan.original.training is not None
        self.training = plan.original.training
        self.recipe = read(self.training)
        self._clip = clipper(self.training.clip)
        super().__init__(plan)

    # Loss -------------------------------------------------------------------------------------

    def _make_loss(self) -> Callable[[Tensor, Tensor], Tensor]:
        if self.training.loss is None:
            return super()._make_loss()
        own = self.training.loss
        if isinstance(own, nn.Module):
            own = copy.deepcopy(own).to(self.device, self.dtype)

        def loss(outputs: Tensor, targets: Tensor) -> Tensor:
            found: Tensor = own(outputs, self._as_wanted(outputs, targets))
            return found.mean() if found.ndim else found

        return loss

    def _as_wanted(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Class indices as the distribution that the loss wants."""
        wanted = self.recipe.loss
        if targets.is_floating_point() or wanted.kind != "cross_entropy" or wanted.integer_targets:
            return targets
        axis = wanted.axis % outputs.ndim
        ones = F.one_hot(targets, outputs.shape[axis]).to(outputs.dtype)
        return ones.movedim(-1, axis)

    def _targets(self, targets: Array) -> Tensor:
        whole = targets.dtype.kind in "iu" and self.recipe.loss.kind == "cross_entropy"
        dtype = torch.int64 if whole else self.dtype
        return torch.from_numpy(targets).to(self.device, dtype)

    # Optimizer --------------------------------------------------------------------------------

    def _reset_optimizer(self) -> None:
        self._steps = 0
        own = self.training.optimizer
        if own is None:
            super()._reset_optimizer()
        elif isinstance(own, torch.optim.Optimizer):
            self.optimizer = self._made_again(own)
        else:
            self.optimizer = own(self.model.parameters())
        schedule = self.training.schedule
        self._scheduler = schedule(self.optimizer) if schedule else None

    def _made_again(self, own: torch.optim.Optimizer) -> torch.optim.Optimizer:
        """The same optimizer, at its start, for the parameters of our copy of the network."""
        ours = dict(self.model.named_parameters())
        theirs = {id(p): name for name, p in network(self.training).named_parameters()}
        groups: list[dict[str, Any]] = []
        for group in own.param_groups:
            names = [theirs.get(id(parameter)) for parameter in group["params"]]
            if None in names:
                raise UsageError(
                    "The optimizer has parameters that are not the network's.",
                    hint="Give TrainSpec a function from parameters to an optimizer.",
                )
            groups.append({**group, "params": [ours[name] for name in names if name]})
        known = inspect.signature(type(own).__init__).parameters
        defaults = {key: value for key, value in own.defaults.items() if key in known}
        return type(own)(groups, **defaults)

    def _step(self, rows: Tensor) -> Tensor:
        with self._as_planned():
            inputs = [x.index_select(0, rows) for x in self.data]
            self.optimizer.zero_grad(set_to_none=True)
            loss = self.loss(self.network(*inputs), self.targets.index_select(0, rows))
            loss.backward()
            if self._clip is not None:
                self._clip(self.model.parameters())
            self.optimizer.step()
        self._advance()
        return loss.detach()

    def _advance(self) -> None:
        """The scheduler goes on after a batch or after an epoch of the user's own data."""
        self._steps += 1
        if self._scheduler is None:
            return
        each = self.training.steps_per_epoch if self.training.schedule_per == "epoch" else 1
        if each is None:
            raise UsageError(
                "A schedule by epochs needs the size of the data.", hint="Give TrainSpec its data."
            )
        if self._steps % each == 0:
            self._scheduler.step()

    def get_optimizer_state(self) -> dict[str, Arrays]:
        return {}  # the user's optimizer has slots of its own

    def set_optimizer_state(self, step: int, slots: dict[str, Arrays]) -> None:
        raise UsageError("A user's own optimizer keeps its state to itself.")
