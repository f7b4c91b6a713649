"""PyTorch's own checkpoints: weights and optimizer state out of ``torch.save``, and optimizer state
back into an optimizer.

Only weights are unpickled: a file that asks for anything else is refused before any of it runs.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from isograd.checkpoints.checkpoint import CARRIERS, CODES, TensorInfo
from isograd.checkpoints.optimizer import STEP, join, slots_in, split
from isograd.errors import UsageError
from isograd.frameworks.torch.optimizers import STATE_KEYS
from isograd.ir.mapping import Array

MODEL_KEYS = ("model", "state_dict", "model_state_dict", "module")
"""Under which keys people save a model's ``state_dict``, together with other things."""

OPTIMIZER_KEYS = ("optimizer", "optimizer_state_dict", "optim")
"""Under which keys people save an optimizer's."""

SLOTS = {key: slot for slot, key in STATE_KEYS.items()}
"""Key in ``torch.optim.Optimizer.state`` to the definition's slot."""

_BARE = {
    torch.bfloat16: ("BF16", torch.int16),
    torch.float8_e4m3fn: ("F8_E4M3", torch.uint8),
    torch.float8_e5m2: ("F8_E5M2", torch.uint8),
    torch.float8_e4m3fnuz: ("F8_E4M3FNUZ", torch.uint8),
    torch.float8_e5m2fnuz: ("F8_E5M2FNUZ", torch.uint8),
    torch.float8_e8m0fnu: ("F8_E8M0", torch.uint8),
}
"""Types that NumPy lacks: element type, and the type of the same width that carries the bits."""


class TorchCheckpoint:
    """A ``.pt`` file; see `isograd.checkpoints.Checkpoint`.

    It holds a model's ``state_dict``, by itself or under one of `MODEL_KEYS`, and then perhaps an
    optimizer's under one of `OPTIMIZER_KEYS`. ``trainable`` names what the optimizer is for, where
    its groups do not (PyTorch's do if it was made from ``model.named_parameters()``); their order
    is that of the model's ``state_dict``. Without ``optimizer``, its state is left alone.

    Raises `UsageError` when the file is damaged, holds anything but weights, or an optimizer state
    that no definition of `isograd.training.optimizers` has.
    """

    def __init__(
        self, path: Path, trainable: Sequence[str] = (), *, optimizer: bool = True
    ) -> None:
        loaded = _load(path)
        weights, state = _parts(loaded, path)
        self.path = path
        self._tensors = _tensors(weights, path)
        if optimizer and state is not None:
            ordered = [name for name in self._tensors if name in set(trainable)]
            self._tensors |= _optimizer(state, ordered, path)

    @property
    def names(self) -> tuple[str, ...]:
        """Every tensor, in the order of the ``state_dict``."""
        return tuple(self._tensors)

    def info(self, name: str) -> TensorInfo:
        """Element type and shape."""
        tensor = self._tensors[name]
        return TensorInfo(_code(tensor), tuple(tensor.shape))

    def place(self, name: str) -> None:
        """A tensor may have strides of its own: there is no place with its values in order."""

    def read(self, name: str) -> Array:
        """The values; a file that `torch.save` wrote is mapped, so that they are read now."""
        return _array(self._tensors[name])

    def __enter__(self) -> TorchCheckpoint:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Lets go of the mapped file."""
        self._tensors = {}


class TorchOptimizer(TorchCheckpoint):
    """A ``.pt`` file with nothing but an optimizer's ``state_dict``; ``names`` are its parameters,
    in the order of the model, unless its groups name them."""

    def __init__(self, path: Path, names: Sequence[str] = ()) -> None:
        loaded = _load(path)
        if not (isinstance(loaded, Mapping) and {"state", "param_groups"} <= set(loaded)):
            raise UsageError(
                "This file holds no optimizer's state.",
                where=str(path),
                hint="Save optimizer.state_dict().",
            )
        self.path = path
        self._tensors = _optimizer(loaded, names, path)


def optimizer_tensors(state_dict: Mapping[str, Any], names: Sequence[str]) -> dict[str, Tensor]:
    """An optimizer's ``state_dict`` under the names of `isograd.checkpoints.optimizer`.

    ``names`` are the parameters' names in the order of the model, unless the groups name them.
    Raises `UsageError` when it is not clear which state belongs to which parameter, or when the
    state is none of a definition's slots.
    """
    named = _parameter_names(state_dict, names)
    found: dict[str, Tensor] = {}
    steps: set[float] = set()
    for key, state in state_dict["state"].items():
        for entry, value in state.items():
            if entry == "step":
                steps.add(float(value))
            elif value is not None:
                found[join(_slot(entry), named[key])] = value
    if len(steps) > 1:
        raise UsageError(
            f"The optimizer's parameters have made different numbers of steps: {sorted(steps)}.",
            hint="Such a state has no counterpart; leave it out: --ignore 'optimizer/*'.",
        )
    if steps:
        found[STEP] = torch.tensor(int(steps.pop()))
    return found


def load_optimizer_state(
    optimizer: torch.optim.Optimizer, names: Sequence[str], tensors: Mapping[str, Array]
) -> None:
    """Puts optimizer state of a checkpoint (``optimizer/...``; other tensors are left alone) into
    ``optimizer``, whose hyper-parameters stay as they are.

    ``names`` are those of its parameters, in the order in which it got them. Raises `UsageError`
    when the state is not that of these parameters.
    """
    found: dict[int, dict[str, Any]] = {}
    numbers = {name: number for number, name in enumerate(names)}
    slots = slots_in(tensors)
    foreign = sorted({split(name)[1] for name in slots} - set(numbers))
    if foreign:
        raise UsageError(f"There is state of {foreign[0]!r}, which the optimizer does not have.")
    for name in slots:
        slot, parameter = split(name)
        state = found.setdefault(numbers[parameter], {})
        state[STATE_KEYS[slot]] = torch.from_numpy(np.array(tensors[name]))
        if STEP in tensors:
            state["step"] = torch.tensor(float(tensors[STEP]))
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": found, "param_groups": groups})


def _load(path: Path) -> Any:
    """Legacy files, which are no zip archives, cannot be mapped."""
    try:
        try:
            return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        except RuntimeError as error:
            if "mmap" not in str(error):
                raise
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UsageError(
            "This file holds more than weights, or is damaged; nothing of it was run.",
            where=str(path),
            hint=f"Save the state_dict alone.{_wanted(error)}",
        ) from None
    except (RuntimeError, OSError, EOFError, ValueError, KeyError, AttributeError) as error:
        reason = str(error).splitlines()[0].split(". ")[0] if str(error) else type(error).__name__
        raise UsageError(
            f"This checkpoint is damaged or cut off: {reason}.",
            where=str(path),
            hint="Save or download it again.",
        ) from None


def _wanted(error: Exception) -> str:
    """What the file asked for, without PyTorch's advice to allow it."""
    found = re.search(r"Unsupported (?:global|class)[^\n.]*[\w.]+", str(error))
    return f" PyTorch says: {found[0]}" if found else ""


def _parts(loaded: Any, path: Path) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    if not isinstance(loaded, Mapping):
        raise UsageError(
            f"This file holds a {type(loaded).__name__}, no state_dict.",
            where=str(path),
            hint="Save model.state_dict().",
        )
    weights = next((loaded[k] for k in MODEL_KEYS if isinstance(loaded.get(k), Mapping)), loaded)
    if weights is loaded:
        return loaded, None
    optimizers = (loaded[key] for key in OPTIMIZER_KEYS if key in loaded)
    return weights, next((o for o in optimizers if isinstance(o, Mapping) and "state" in o), None)


def _tensors(weights: Mapping[str, Any], path: Path) -> dict[str, Tensor]:
    odd = [name for name, value in weights.items() if not isinstance(value, Tensor)]
    if odd:
        raise UsageError(
            f"{odd[0]!r} is a {type(weights[odd[0]]).__name__}, no tensor.",
            where=str(path),
            hint=f"Save the state_dict by itself, or under one of {', '.join(MODEL_KEYS)}.",
        )
    return dict(weights)


def _parameter_names(state_dict: Mapping[str, Any], names: Sequence[str]) -> dict[Any, str]:
    """Number of each parameter in the optimizer to its name."""
    groups = state_dict["param_groups"]
    numbers = [number for group in groups for number in group["params"]]
    own = [name for group in groups for name in group.get("param_names", ())]
    chosen = own or list(names)
    if len(chosen) != len(numbers) or (not own and len(groups) > 1):
        raise UsageError(
            f"Which of the optimizer's {len(numbers)} parameters is which is not clear: "
            f"{len(chosen)} names, {len(groups)} groups.",
            hint="Make the optimizer from model.named_parameters(), or leave its state out: "
            "--ignore 'optimizer/*'.",
        )
    return dict(zip(numbers, chosen, strict=True))


def _slot(key: str) -> str:
    if key not in SLOTS:
        raise UsageError(
            f"The optimizer keeps {key!r}, which has no counterpart.",
            hint=f"Known: {', '.join(SLOTS)}. Leave all of it out: --ignore 'optimizer/*'.",
        )
    return SLOTS[key]


def _optimizer(loaded: Any, names: Sequence[str], path: Path) -> dict[str, Tensor]:
    """`optimizer_tensors` of what may be anything."""
    try:
        return optimizer_tensors(loaded, names)
    except UsageError as error:
        raise UsageError(error.what, where=str(path), hint=error.hint) from None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UsageError("The optimizer's state is damaged.", where=str(path)) from None


def _code(tensor: Tensor) -> str:
    if tensor.dtype in _BARE:
        return _BARE[tensor.dtype][0]
    return CODES[torch.empty(0, dtype=tensor.dtype).numpy().dtype]


def _array(tensor: Tensor) -> Array:
    tensor = tensor.detach().contiguous()
    if tensor.dtype in _BARE:
        code, carrier = _BARE[tensor.dtype]
        return tensor.view(carrier).numpy().view(CARRIERS[code])
    return np.asarray(tensor.numpy())
