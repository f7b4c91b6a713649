"""What the forward pass of an eager step keeps for the backward pass, by node."""

from __future__ import annotations

from collections import Counter

from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from isograd.frameworks.marked import MADE
from isograd.frameworks.protocol import Subject
from isograd.frameworks.torch.executor import EagerExecutor


def held(subject: Subject) -> dict[str, int]:
    """Bytes of what autograd saves (``saved_tensors_hooks``) by the node that saves it first; under
    ``""`` what the loss saves, or all of it where the source is not marked. Parameters and buffers
    do not count; tensors that share memory count once."""
    executor = EagerExecutor(subject.plan)
    executor.set_state(subject.state)
    executor.load_data(subject.inputs, subject.targets)
    seen = _Seen({_memory(tensor) for tensor in executor._native_state().values()})
    type(executor.model).forward.__globals__[MADE] = seen.made
    with saved_tensors_hooks(seen.save, lambda tensor: tensor):
        outputs = executor.network(*executor.data)
        executor.loss(outputs, executor.targets)
    seen.made("", outputs)
    return dict(seen.bytes)


class _Seen:
    """What was saved since the last node was made belongs to the next one that is."""

    def __init__(self, parameters: set[int]) -> None:
        self.bytes: Counter[str] = Counter()
        self._known = parameters
        self._waiting = 0
        self._kept: list[Tensor] = []

    def save(self, tensor: Tensor) -> Tensor:
        if _memory(tensor) not in self._known:
            self._known.add(_memory(tensor))
            self._waiting += tensor.untyped_storage().nbytes()
        self._kept.append(tensor.detach())  # no other tensor gets its place in memory meanwhile
        return tensor

    def made(self, name: str, value: Tensor) -> Tensor:
        self.bytes[name] += self._waiting
        self._waiting = 0
        return value


def _memory(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
