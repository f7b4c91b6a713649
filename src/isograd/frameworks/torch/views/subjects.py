"""The step that is looked at, ready in one of PyTorch's modes."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import torch
from torch import Tensor

from isograd.frameworks.protocol import Subject
from isograd.frameworks.torch.executor import EagerExecutor
from isograd.frameworks.torch.modes import open_executor
from isograd.frameworks.torch.views.located import framed


def opened(subject: Subject, mode: str) -> EagerExecutor:
    """An executor of the subject's plan, with its state and its batch as the data."""
    return filled(cast(EagerExecutor, open_executor(replace(subject.plan, mode=mode))), subject)


def filled(executor: EagerExecutor, subject: Subject) -> EagerExecutor:
    """The executor, with the subject's state and batch."""
    executor.loss = framed(executor.loss)
    executor.set_state(subject.state)
    executor.load_data(subject.inputs, subject.targets)
    torch.set_default_dtype(executor.dtype)
    return executor


def eager_step(subject: Subject) -> tuple[EagerExecutor, Tensor]:
    """The eager mode and the rows of the batch. The optimizer's state is there already, as it is in
    every step but the first."""
    executor = opened(subject, "eager")
    executor.set_optimizer_state(0, executor.get_optimizer_state())
    return executor, rows(subject)


def rows(subject: Subject) -> Tensor:
    """All rows of the batch."""
    return torch.arange(len(subject.targets), device=subject.plan.device)
