"""The emitted module under ``torch.autocast``: products in bfloat16, the rest in float32."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from isograd.deploy.artefact import Artefact, Order
from isograd.errors import UsageError
from isograd.frameworks.torch.deploy.network import SOURCE, WEIGHTS, network, refused


def build(order: Order) -> Artefact:
    """Weights that autocast rounds in every call anyway are stored rounded: it computes the same,
    from half of the bytes, without rounding them again."""
    made = network(order, order.folder)
    rounded = rounded_parameters(made.model, made.examples(2))
    if not rounded:
        raise UsageError(
            "torch.autocast computes nothing of this network in bfloat16.",
            hint="It rounds for matrix products and convolutions; this network has none.",
        )
    state = {
        name: tensor.bfloat16() if name in rounded else tensor
        for name, tensor in made.state.items()
    }
    (order.folder / SOURCE).write_text(made.emitted.source, encoding="utf-8")
    save_file(state, order.folder / WEIGHTS)
    options = {"class_name": made.emitted.class_name, "call": "no-grad", "autocast": True}
    return Artefact((SOURCE, WEIGHTS), "torch_source", made.emitted, options, (_note(state),))


def _note(state: dict[str, Tensor]) -> str:
    whole = [name for name, tensor in state.items() if tensor.dtype == torch.float32]
    kept = f" {len(whole)} of {len(state)} tensors stay in float32." if whole else ""
    return (
        "Weights that torch.autocast would round to bfloat16 in every call are stored so; it "
        f"computes the same as from float32 weights.{kept}"
    )


def rounded_parameters(model: nn.Module, inputs: tuple[Tensor, ...]) -> set[str]:
    """Names of the parameters of which autocast uses nothing but a copy in bfloat16, seen in one
    call with ``inputs``. Raises `UsageError` where the module cannot run so."""
    uses = _Uses()
    try:
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, cache_enabled=False), uses:
            model(*inputs)
    except RuntimeError as error:
        raise refused("torch.autocast", error) from error
    names = {name: _place(tensor) for name, tensor in model.named_parameters()}
    return {name for name, place in names.items() if place in uses.rounded - uses.whole}


class _Uses(TorchDispatchMode):
    """Places in memory that are rounded to bfloat16, and those that anything else reads."""

    def __init__(self) -> None:
        super().__init__()
        self.rounded: set[int] = set()
        self.whole: set[int] = set()

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        places = {_place(x) for x in tree_leaves((args, kwargs)) if isinstance(x, Tensor)}
        if func is torch.ops.aten._to_copy.default and kwargs.get("dtype") == torch.bfloat16:
            self.rounded |= places
        elif not func.is_view:
            self.whole |= places
        return func(*args, **kwargs)


def _place(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
