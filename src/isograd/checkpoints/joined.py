"""Weights and optimizer state that lie in two files, as one checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from isograd.checkpoints.checkpoint import Checkpoint, Place, TensorInfo
from isograd.errors import UsageError
from isograd.frameworks import part
from isograd.ir.mapping import Array


class Joined:
    """Two checkpoints as one; see `isograd.checkpoints.Checkpoint`. Raises `UsageError` when both
    have a tensor of one name."""

    def __init__(self, first: Checkpoint, second: Checkpoint) -> None:
        self._of = {name: each for each in (first, second) for name in each.names}
        self._parts = (first, second)
        twice = set(first.names) & set(second.names)
        if twice:
            raise UsageError(f"Two files of this checkpoint hold {min(twice)!r}.")

    @property
    def names(self) -> tuple[str, ...]:
        """Every tensor, those of the first file first."""
        return tuple(self._of)

    def info(self, name: str) -> TensorInfo:
        """Element type and shape."""
        return self._of[name].info(name)

    def place(self, name: str) -> Place | None:
        """Where the values lie, if they lie anywhere."""
        return self._of[name].place(name)

    def read(self, name: str) -> Array:
        """The values, read from their file now."""
        return self._of[name].read(name)

    def __enter__(self) -> Joined:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes both."""
        with ExitStack() as stack:
            for each in self._parts:
                stack.push(each.__exit__)


def with_optimizer(
    weights: Checkpoint, optimizer: str | Path | None, trainable: Sequence[str]
) -> Checkpoint:
    """``weights`` with the state of the PyTorch optimizer in the file ``optimizer``, if there is
    one. A file of weights that keeps the model's order tells which state is whose; otherwise the
    optimizer's groups must. Raises `UsageError` when neither does."""
    if optimizer is None:
        return weights
    module = part("torch", "checkpoint")
    in_order = isinstance(weights, module.TorchCheckpoint)
    names = [name for name in weights.names if name in set(trainable)] if in_order else ()
    return Joined(weights, module.TorchOptimizer(Path(optimizer), names))
