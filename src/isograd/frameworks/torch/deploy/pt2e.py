"""Int8 through an exported graph: ranges are observed, or trained with, and become constants.

Source of the flow: torchao's documentation, "PyTorch 2 Export Quantization with X86 Backend through
Inductor", for 0.18.
"""

from __future__ import annotations

import logging
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import Any

import torch
import torchao.quantization.pt2e.quantizer.x86_inductor_quantizer as x86
from torch import Tensor, fx
from torchao.quantization.pt2e import FakeQuantizeBase, move_exported_model_to_eval
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e, prepare_qat_pt2e

from isograd.deploy.artefact import FINER, SETTLED, Artefact, Order, Tuning
from isograd.errors import UsageError
from isograd.frameworks.side import native_inputs, native_targets
from isograd.frameworks.torch.deploy.network import Network, network
from isograd.frameworks.torch.losses import LOSSES
from isograd.frameworks.torch.optimizers import stock

FILE = "model.pt2"

CALIBRATION_BATCH = 32

VARIANCE, TRAINING, MOMENTUM = 4, 5, 6
"""Where arguments of ``aten::batch_norm`` are; epsilon and a switch come after the momentum."""

DEFAULTS = (0.1, 1e-5, False)
"""PyTorch's momentum, epsilon, and cuDNN switch."""

FAILURES = (RuntimeError, ValueError, TypeError, AttributeError, AssertionError, KeyError)

COMPILED = (
    "Inductor compiles it in the first call, which takes a C++ compiler where it runs: operation "
    "by operation, the program would compute in float32 what it holds in int8."
)

AGAIN = (
    "Inductor compiles it again for each batch size: with an open one, PyTorch 2.13 takes what an "
    "int8 convolution makes of a single channel for laid out as it is not, and stops."
)

CONVOLUTIONS = (torch.ops.aten.conv2d.default, torch.ops.aten.conv2d.padding)


def build(order: Order) -> Artefact:
    """A program with int8 weights and activations; faces stay float32.

    Raises `UsageError` where the network cannot be exported or nothing in it can be quantised.
    """
    made = network(order, order.folder)
    try:
        with _quiet():
            quantised = _trained(made, order.tuning) if order.tuning else _calibrated(made)
            converted = _without_floats(convert_pt2e(quantised))
            program = _exported(converted, made.examples(2))
    except FAILURES as error:
        reason = next(iter(str(error).splitlines()), "")
        raise UsageError(f"torchao cannot quantise it: {type(error).__name__}: {reason}") from None
    if not any(tensor.dtype == torch.int8 for tensor in converted.state_dict().values()):
        raise UsageError("Nothing in this network is what X86InductorQuantizer quantises.")
    _save(program, order.folder / FILE)
    again = _reads_one_channel(program)
    return Artefact(
        files=(FILE,),
        loader="quantised_program",
        emitted=made.emitted,
        options={"dynamic": False if again else None},
        notes=(COMPILED, AGAIN) if again else (COMPILED,),
    )


def _calibrated(made: Network) -> fx.GraphModule:
    """Ranges are what is observed of the calibration inputs."""
    prepared = prepare_pt2e(_graph(made), _quantiser(training=False))
    with torch.no_grad():
        for batch in zip(*(x.split(CALIBRATION_BATCH) for x in made.calibration), strict=True):
            prepared(*batch)
    return prepared


def _trained(made: Network, tuning: Tuning) -> fx.GraphModule:
    """Fine-tuned with the rounding of int8 in the forward pass."""
    made.model.train()
    graph = _graph(made)
    given: dict[str, tuple[Any, ...]] = {
        name: node.args[MOMENTUM:] for name, node in _normalisations(graph)
    }
    prepared = prepare_qat_pt2e(graph, _quantiser(training=True))
    _normalise(prepared, lambda name: (True, *given[name]))
    native = native_inputs(made.order.graph, made.emitted, (tuning.inputs,))
    data = [
        _like(torch.from_numpy(array), x) for array, x in zip(native, made.calibration, strict=True)
    ]
    targets = torch.from_numpy(native_targets(made.order.graph, made.emitted, tuning.targets))
    targets = targets.long() if tuning.recipe.loss.integer_targets else targets.float()
    definition = tuning.recipe.optimizer
    rate = FINER * definition.learning_rate
    optimizer = stock(replace(definition, learning_rate=rate), list(prepared.parameters()))
    loss = LOSSES[tuning.recipe.loss.name]

    def train(batches: Tensor) -> None:
        for rows in batches:
            optimizer.zero_grad()
            loss(prepared(*(x[rows] for x in data)), targets[rows]).backward()
            optimizer.step()

    settled = ceil(SETTLED * len(tuning.batches))
    train(torch.from_numpy(tuning.batches[:settled]))
    _settle(prepared, {name: rest[1] for name, rest in given.items()})
    train(torch.from_numpy(tuning.batches[settled:]))
    return move_exported_model_to_eval(prepared)


def _settle(prepared: fx.GraphModule, epsilons: Mapping[str, float]) -> None:
    """Ranges and running statistics stay; they are still rounded to, and normalised by.

    From here on torchao 0.18 takes every normalisation's epsilon for PyTorch's default, and folds
    it into a convolution with that. What an epsilon has above it goes into the running variance:
    only their sum is used.
    """
    for module in prepared.modules():
        if isinstance(module, FakeQuantizeBase):
            module.disable_observer()
    for name, epsilon in epsilons.items():
        prepared.get_buffer(name).add_(epsilon - DEFAULTS[1])
    _normalise(prepared, lambda name: (False, *DEFAULTS))


def _normalise(graph: fx.GraphModule, how: Callable[[str], tuple[Any, ...]]) -> None:
    """Sets whether batch normalisations use the batch's statistics, their momentum, and epsilon.

    ``how`` is asked by the names of the running variances. torchao's own patterns for a
    convolution and its normalisation hold the defaults, whatever the network had.
    """
    for name, node in _normalisations(graph):
        node.args = (*node.args[:TRAINING], *how(name))
    graph.recompile()


def _normalisations(graph: fx.GraphModule) -> list[tuple[str, fx.Node]]:
    """Batch normalisations, each with the name of its running variance."""
    found = graph.graph.find_nodes(op="call_function", target=torch.ops.aten.batch_norm.default)
    return [(str(node.args[VARIANCE].target), node) for node in found]


def _quantiser(*, training: bool) -> Any:
    quantiser = x86.X86InductorQuantizer()
    return quantiser.set_global(x86.get_default_x86_inductor_quantization_config(is_qat=training))


def _graph(made: Network) -> fx.GraphModule:
    return _exported(made.model, made.examples(2)).module()


def _exported(module: torch.nn.Module, inputs: tuple[Tensor, ...]) -> torch.export.ExportedProgram:
    shapes = tuple({0: torch.export.Dim("batch")} for _ in inputs)
    return torch.export.export(module, inputs, dynamic_shapes=shapes, strict=False)


def _reads_one_channel(program: torch.export.ExportedProgram) -> bool:
    """Whether a convolution does: its input [N, 1, H, W] is laid out in both ways at once."""
    calls = (node for node in program.graph.nodes if node.op == "call_function")
    read = [call.args[0] for call in calls if call.target in CONVOLUTIONS]
    return any(node.meta["val"].shape[1] == 1 for node in read)


def _without_floats(converted: fx.GraphModule) -> fx.GraphModule:
    """Without the weights that their int8 forms have taken the place of."""
    read = {str(node.target) for node in converted.graph.nodes if node.op == "get_attr"}
    for name in [name for name, _ in converted.named_parameters() if name not in read]:
        owner, _, leaf = name.rpartition(".")
        delattr(converted.get_submodule(owner), leaf)
    return converted


def _save(program: torch.export.ExportedProgram, path: Path) -> None:
    """Compressed: the description of a small network takes more than its weights."""
    program.example_inputs = None
    whole = path.with_suffix(".tmp")
    torch.export.save(program, str(whole))
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, old.read(entry))
    whole.unlink()


def _like(tensor: Tensor, other: Tensor) -> Tensor:
    return tensor.to(other.dtype)


@contextmanager
def _quiet() -> Iterator[None]:
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
