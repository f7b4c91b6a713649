"""A user's module and the graph that was imported from it, run side by side in float64.

The graph is emitted to PyTorch again. Both have the same weights, inputs and dropout masks, so that
outputs in both modes, buffers and all gradients must agree but for rounding.
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from isograd.frameworks.source import load_class
from isograd.frameworks.torch import emitter
from isograd.frameworks.torch.executor import HandedOverMask
from isograd.frameworks.torch.importer import import_module
from isograd.frameworks.torch.original import HandedOver
from isograd.ir.imported import Imported
from isograd.ir.inputs import parse_input
from isograd.ir.ops import Dropout
from isograd.ir.sizes import evaluate, symbols

EXACT = 1e-13
"""Two orders of the same sums in float64, relative to the largest value."""

SIZES = (4, 9, 5, 6)
"""For symbols, in the order of their appearance; no network was exported with them."""


class Network(nn.Module):
    """A layer, so that there are gradients, and ``function`` of what it makes."""

    def __init__(self, function: Callable[..., object], width: int = 6) -> None:
        super().__init__()
        self.fc = nn.Linear(width, width)
        self.other = nn.Linear(width, width)
        self.table = nn.Parameter(torch.randn(width, width))
        self.register_buffer("mask", torch.arange(width) % 2 == 0)
        self.function = function

    def forward(self, x: Tensor) -> object:
        return self.function(self, self.fc(x))


def imported(module: nn.Module, *inputs: str) -> Imported:
    specs = [parse_input(text) for text in inputs or ("x=float32[N,4,6]",)]
    return import_module(module, {spec.name: spec for spec in specs})


def ops_of(found: Imported) -> list[str]:
    return [type(node.op).__name__ for node in found.graph.nodes]


def assert_same(module: nn.Module, *inputs: str, allowed: float = EXACT) -> Imported:
    """Imports the module and holds the emitted twin against it."""
    found = imported(module, *inputs)
    pair = _Pair(module, found)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        pair.compare(allowed)
    finally:
        torch.set_default_dtype(before)
    return found


class _Pair:
    def __init__(self, module: nn.Module, found: Imported) -> None:
        self.found = found
        self.emitted = emitter.emit(found.graph)
        self.original = copy.deepcopy(module).double()
        self.twin = self._load()
        self.generator = torch.Generator().manual_seed(1)
        shapes = [size for spec in found.inputs for size in spec.shape]
        self.sizes = dict(zip(symbols(*shapes), SIZES, strict=False))
        self.inputs = [self._draw(spec) for spec in found.inputs]
        self.masks = self._masks()

    def _load(self) -> nn.Module:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "network.py"
            path.write_text(self.emitted.source)
            twin: nn.Module = load_class(path, self.emitted.class_name)().double()
        state = self.emitted.parameters.forward(self.found.weights)
        missing = twin.load_state_dict(
            {name: torch.from_numpy(np.array(array)) for name, array in state.items()}, strict=False
        )
        assert not missing.unexpected_keys
        assert all(name.endswith("num_batches_tracked") for name in missing.missing_keys)
        return twin

    def _draw(self, spec) -> Tensor:
        shape = [evaluate(size, self.sizes) for size in spec.shape]
        if spec.dtype == "int":
            return torch.randint(0, spec.below or 5, shape, generator=self.generator)
        drawn = torch.randn(shape, generator=self.generator, dtype=torch.float64)
        if spec.dtype == "float":
            return drawn
        truth = drawn > 0
        truth[..., 0] = True  # a mask without any true value would leave nothing to look at
        return truth

    def _masks(self) -> list[Tensor]:
        """One for each draw, already handed over to the twin; in the original's layout."""
        found = []
        nodes = {node.name: node for node in self.found.graph.nodes}
        for name in self.found.randoms:
            op, kind = nodes[name].op, nodes[name].type
            assert isinstance(op, Dropout)
            shape = [evaluate(size, self.sizes) for size in kind.shape]
            shape = [1 if axis in op.shared else size for axis, size in enumerate(shape)]
            keep = torch.rand(shape, generator=self.generator, dtype=torch.float64) >= op.p
            layer = HandedOverMask(tuple(shape))
            layer.mask = keep.double() / (1 - op.p)
            self.twin.set_submodule(self.emitted.dropouts[name], layer)
            found.append(torch.from_numpy(self.found.values[name](layer.mask.numpy())))
        return found

    def compare(self, allowed: float) -> None:
        for training in (False, True):
            self.original.train(training)
            self.twin.train(training)
            expected = self._run(self.original, masks=self.masks if training else None)
            actual = self._run(self.twin, masks=None)
            _assert_close(expected[1], actual[1], allowed)
        _assert_close(*self._gradients(expected, actual), allowed)
        _assert_close(*self._buffers(), allowed)

    def _run(self, module: nn.Module, masks: list[Tensor] | None):
        inputs = [x.detach().clone() for x in self.inputs]
        floating = [x.requires_grad_() for x in inputs if x.is_floating_point()]
        with HandedOver(None if masks is None else list(masks), torch.float64):
            return floating, tree_leaves(module(*inputs))

    def _gradients(self, expected, actual) -> tuple[list[Tensor], list[Tensor]]:
        names = self.found.graph.trainable
        first = self.found.parameters.inverse.names
        second = self.emitted.parameters.names
        generator = torch.Generator().manual_seed(2)
        weights = [torch.randn(y.shape, generator=generator) for y in expected[1]]
        return (
            _differentiate(self.original, [first[n] for n in names], *expected, weights),
            _differentiate(self.twin, [second[n] for n in names], *actual, weights),
        )

    def _buffers(self) -> tuple[list[Tensor], list[Tensor]]:
        own = dict(self.original.named_buffers(remove_duplicate=False))
        other = dict(self.twin.named_parameters()) | dict(self.twin.named_buffers())
        names = self.emitted.parameters.names
        kept = [link for link in self.found.parameters.links if link.reference in own]
        return [own[k.reference] for k in kept], [other[names[k.twin]] for k in kept]


def _differentiate(
    module: nn.Module,
    names: list[str],
    inputs: list[Tensor],
    outputs: list[Tensor],
    weights: list[Tensor],
) -> list[Tensor]:
    parameters = dict(module.named_parameters(remove_duplicate=False))
    pairs = zip(outputs, weights, strict=True)
    loss = torch.zeros(())
    for y, w in pairs:
        loss = loss + (y * w).sum() if y.is_floating_point() else loss
    sources = [*(parameters[name] for name in names), *inputs]
    if not (sources and loss.requires_grad):
        return []
    return list(torch.autograd.grad(loss, sources, allow_unused=True, materialize_grads=True))


def _assert_close(expected: list[Tensor], actual: list[Tensor], allowed: float) -> None:
    assert len(expected) == len(actual)
    scale = max((float(a.detach().double().abs().max()) for a in expected if a.numel()), default=0)
    for a, b in zip(expected, actual, strict=True):
        assert a.shape == b.shape
        a, b = a.detach().double(), b.detach().double()
        finite = torch.isfinite(a)
        assert torch.equal(finite, torch.isfinite(b))
        deviation = float((a - b)[finite].abs().max()) if finite.any() else 0.0
        assert deviation <= allowed * max(scale, 1e-300), f"{deviation:.1e} of {scale:.1e}"
