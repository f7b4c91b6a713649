"""The functions of autograd's graph: in which order the engine runs them, which forward operation
each is the gradient of, and which of them runs now."""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import torch
from torch import Tensor

from isograd.frameworks.torch.views.failing import need
from isograd.frameworks.torch.views.located import Locator, Place, traced_frames

Node = Any
"""`torch.autograd.graph.Node`."""

ADDS = (torch.ops.aten.add.Tensor, torch.ops.aten.add_.Tensor)
"""What the engine sums gradients with."""


def remembering() -> Any:
    """Makes autograd remember, for each function that it records, the stack that it came from."""
    return torch.autograd.set_detect_anomaly(True, check_nan=False)


def reachable(roots: list[Node]) -> list[Node]:
    """Every function that a gradient can reach, in the order in which the engine runs them: of
    those whose gradient is complete, the one that was recorded last."""
    need("torch.autograd.graph.Node._sequence_nr")
    awaited = Counter(other for node in _all(roots) for other, _ in node.next_functions)
    numbers = count()
    ready = [(-node._sequence_nr(), next(numbers), node) for node in roots if not awaited[node]]
    heapq.heapify(ready)
    found = []
    while ready:
        node = heapq.heappop(ready)[-1]
        found.append(node)
        for other, _ in node.next_functions:
            awaited[other] -= 1
            if other is not None and not awaited[other]:
                heapq.heappush(ready, (-other._sequence_nr(), next(numbers), other))
    return found


def _all(roots: list[Node]) -> Iterator[Node]:
    waiting, seen = list(roots), set(roots)
    while waiting:
        node = waiting.pop()
        yield node
        for other, _ in node.next_functions:
            if other is not None and other not in seen:
                seen.add(other)
                waiting.append(other)


def kind(node: Node) -> str:
    """As in ``AddmmBackward0``."""
    return str(node.name()).removeprefix("torch::autograd::")


def origin(node: Node, locator: Locator) -> Place:
    """Where the operation is whose gradient it computes, if `remembering` was on."""
    place = locator.place(traced_frames(node.metadata.get("traceback_")))
    return Place(place.node, "backward", place.source)


@dataclass(eq=False)
class Function:
    """What is known of a function without keeping it alive; ``variable`` is the parameter whose
    gradient it stores. ``next`` are those that its results go to, each with the number of the
    gradient that it is there."""

    kind: str
    place: Place
    variable: Tensor | None
    next: list[tuple[Function | None, int]] = field(default_factory=list)


class Engine:
    """Follows the engine through a backward pass, by hooks on all of its functions."""

    def __init__(self, locator: Locator) -> None:
        self._locator = locator
        self._running: Function | None = None
        self._arrived: set[tuple[Function | None, int]] = set()
        self._sums: deque[Function | None] = deque()

    def watched(self, loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
        """The loss function, whose result is followed."""

        def watched_loss(*args: Tensor) -> Tensor:
            result = loss(*args)
            self._follow(result.grad_fn)
            return result

        return watched_loss

    def running(self, operator: Any) -> tuple[Function | None, bool]:
        """The function that calls this operator now; or that whose gradient the engine sums, and
        True. None where the engine does not say."""
        if operator in ADDS and self._sums:
            return self._sums.popleft(), True
        return self._running, False

    def _follow(self, root: Node) -> None:
        nodes = reachable([root])
        functions = {
            node: Function(kind(node), origin(node, self._locator), getattr(node, "variable", None))
            for node in nodes
        }
        for node, function in functions.items():
            function.next = [(functions.get(other), n) for other, n in node.next_functions]
            node.register_prehook(self._begins(function))
            node.register_hook(self._ends(function))

    def _begins(self, function: Function) -> Callable[..., None]:
        def begin(gradients: Any) -> None:
            self._running = function
            self._sums.clear()

        return begin

    def _ends(self, function: Function) -> Callable[..., None]:
        """What it calls from now on reduces its results to the shapes that are due; then those that
        meet others are added to them."""

        def end(results: Any, gradients: Any) -> None:
            for target, result in zip(function.next, results, strict=False):
                if target in self._arrived and result is not None:
                    self._sums.append(target[0])
                if result is not None:
                    self._arrived.add(target)

        return end
