"""Eager training steps whose parts are timed: the executor's own steps, with stamps in between."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn
from torch.autograd.graph import Node

from isograd.frameworks.marked import MADE
from isograd.frameworks.protocol import Subject
from isograd.frameworks.stamping import after, before
from isograd.frameworks.torch.executor import EagerExecutor
from isograd.views.timeline import Timeline


class StampedExecutor(EagerExecutor):
    """Runs marked source.

    A node's forward time ends where its value is made. Its backward time begins where the gradient
    of its value is there, and ends where that of another's is: the engine runs backward functions
    strictly in the reverse order of the forward pass, a node's own without a gap, and adds up each
    parameter's gradient at once.
    """

    def __init__(self, subject: Subject, *, backward: bool) -> None:
        self.timeline = Timeline()
        self._backward = backward
        self._running = ""
        self._reached_by: set[Node] = set()
        super().__init__(subject.plan)

    def _build(self) -> nn.Module:
        model = super()._build()
        type(model).forward.__globals__[MADE] = self._made
        model.forward = before(partial(self.timeline.spend, "python"), model.forward)
        return model

    def _make_loss(self) -> Callable[[Tensor, Tensor], Tensor]:
        loss = before(partial(self.timeline.spend, "batch"), super()._make_loss())
        return after(partial(self.timeline.spend, "loss"), loss)

    def _reset_optimizer(self) -> None:
        super()._reset_optimizer()
        update = partial(self.timeline.spend, "update")
        for name, reached in (("zero_grad", self._gathered), ("step", self._differentiated)):
            own = getattr(self.optimizer, name)
            setattr(self.optimizer, name, after(update, before(reached, own)))

    def _step(self, rows: Tensor) -> Tensor:
        self._running = ""
        self.timeline.begin()
        loss = super()._step(rows)
        self.timeline.finish()
        return loss

    def network(self, *inputs: Tensor) -> Tensor:
        outputs = super().network(*inputs)
        self.timeline.spend("python")
        return outputs

    def _made(self, name: str, value: Tensor) -> Tensor:
        self.timeline.spend("forward", name)
        function = value.grad_fn if self._backward else None
        if function is not None and function not in self._reached_by:
            self._reached_by.add(function)  # a node may hand its input through
            value.register_hook(partial(self._reached, name))
        self.timeline.skip()
        return value

    def _reached(self, name: str, gradient: Tensor) -> None:
        self.timeline.spend("backward", self._running)
        self._running = name

    def _gathered(self) -> None:
        self.timeline.spend("batch")

    def _differentiated(self) -> None:
        self.timeline.spend("backward", self._running)
        self._reached_by.clear()
        self.timeline.skip()


def open_stamped(subject: Subject, *, backward: bool = True) -> StampedExecutor:
    """The eager executor, with a ``timeline`` of its steps; the subject is the one that is marked,
    and its state and data are there. Without ``backward``, the backward pass is one part."""
    executor = StampedExecutor(subject, backward=backward)
    executor.set_state(subject.state)
    executor.load_data(subject.inputs, subject.targets)
    return executor
