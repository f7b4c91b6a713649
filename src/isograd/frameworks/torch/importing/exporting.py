"""A module as an exported program of aten ops, one for each of its two modes."""

from __future__ import annotations

import inspect
import io
import itertools
import logging
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from isograd.errors import DataDependent, UsageError
from isograd.frameworks.torch.importing.emitted import as_one_op
from isograd.frameworks.torch.importing.multihead import as_written
from isograd.frameworks.torch.importing.recurrence import shapes_only
from isograd.frameworks.torch.importing.symbolic import KINDS, Sizes, concrete
from isograd.ir.builder import portable_line
from isograd.ir.inputs import InputSpec
from isograd.ir.sizes import symbols
from isograd.references import first_line, user_line

SMALL = (3, 7, 11, 13, 17, 19, 23)
"""Example sizes for symbols: all different, so that equal sizes are never an accident, and above 1,
because a size of 1 broadcasts."""

LARGE = (3, 64, 96, 160, 224, 288, 352)
"""Further ones, for networks that shrink what they are given: the batch stays small."""

_TYPES = {"float": torch.float32, "int": torch.int64, "bool": torch.bool}

_DATA_DEPENDENT = ("data-dependent", "datadependent", "aten._local_scalar_dense", "guardondata")


def export(
    module: nn.Module, inputs: Mapping[str, InputSpec], *, training: bool | None
) -> ExportedProgram:
    """The module's forward pass in one mode; its own mode and state are left as they were.

    ``inputs`` are by the names of ``forward``'s parameters; every size that is a symbol stays open.
    ``training`` is None for what has one mode only. Raises `UsageError` when the module cannot take
    such inputs, `DataDependent` when what it computes depends on the values of its inputs.
    """
    names = symbols(*(size for spec in inputs.values() for size in spec.shape))
    tries = [SMALL, LARGE] if len(names) > 1 else [SMALL]
    for numbers in tries:
        sizes = dict(zip(names, itertools.chain(numbers, itertools.count(359, 2)), strict=False))
        try:
            with in_mode(module, training), shapes_only(), as_written(), as_one_op(module):
                return _export(module, inputs, sizes, by_name=training is not None)
        except Exception as error:
            failure = error if isinstance(error, UsageError) else explained(error)
    raise failure from None


def _export(
    module: nn.Module, inputs: Mapping[str, InputSpec], sizes: Mapping[str, int], *, by_name: bool
) -> ExportedProgram:
    example = {name: _example(spec, sizes) for name, spec in inputs.items()}
    shapes = {
        name: {axis: Dim.AUTO for axis, size in enumerate(spec.shape) if isinstance(size, str)}
        for name, spec in inputs.items()
    }
    any_number = _takes_any(module)
    if by_name and any_number is None:
        return torch.export.export(module, (), kwargs=example, dynamic_shapes=shapes, strict=False)
    args, axes = tuple(example.values()), tuple(shapes.values())
    return torch.export.export(
        module, args, dynamic_shapes={any_number: axes} if any_number else axes, strict=False
    )


def _takes_any(module: nn.Module) -> str | None:
    """The name of ``forward``'s parameter that takes any number of inputs, if there is one."""
    parameters = inspect.signature(module.forward).parameters.values()
    kind = inspect.Parameter.VAR_POSITIONAL
    return next((p.name for p in parameters if p.kind is kind), None)


def _example(spec: InputSpec, sizes: Mapping[str, int]) -> Tensor:
    shape = concrete(spec.shape, sizes)
    if spec.dtype == "float":
        return torch.zeros(shape)
    return torch.zeros(shape, dtype=_TYPES[spec.dtype])


@contextmanager
def in_mode(module: nn.Module, training: bool | None) -> Iterator[None]:
    """The module in training or evaluation mode, or as it is, and PyTorch silent meanwhile."""
    before = {part: part.training for part in module.modules()}
    silenced = logging.root.manager.disable
    try:
        # torch writes whole programs to stderr when it fails.
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            logging.disable(logging.CRITICAL)
            if training is not None:
                module.train(training)
            yield
    finally:
        logging.disable(silenced)
        for part, state in before.items():
            part.training = state


def explained(error: Exception) -> UsageError:
    """What an error of ``torch.export`` means, with the user's line."""
    text = f"{type(error).__name__} {error}"
    where = portable_line(user_line(error) or _line_in(text))
    if any(sign in text.lower() for sign in _DATA_DEPENDENT):
        return DataDependent("torch", where=where, choice="torch.where")
    said = f"{type(error).__name__}: {first_line(error)}"
    if isinstance(error, AttributeError | NameError):
        return UsageError(
            f"The network's forward raised {said}",
            where=where,
            hint="The code must run by itself; try it with Python first.",
        )
    return UsageError(
        f"The network cannot be called with these inputs: {said}",
        where=where,
        hint="Check the shapes and kinds that were given for its inputs.",
    )


def _line_in(text: str) -> str | None:
    """The user's line in a message of torch's that quotes a stack."""
    found = re.findall(r'File "([^"]+)", line (\d+)', text)
    own = [f"{file}:{line}" for file, line in found if "site-packages" not in file]
    return own[-1] if own else None


def bind_sizes(program: ExportedProgram, inputs: Sequence[InputSpec]) -> Sizes:
    """The user's names for the program's symbols.

    Raises `UsageError` when the program fixes a size that should be open, makes two equal, or needs
    a multiple of a number.
    """
    sizes = Sizes()
    owners: dict[str, Any] = {}
    shapes = [node.meta["val"].shape for node in user_inputs(program)]
    for spec, shape in zip(inputs, shapes, strict=True):
        for name, size in zip(spec.shape, shape, strict=True):
            if isinstance(name, str):
                _bind(sizes, owners, name, size, spec)
    _check_constraints(program, sizes, inputs)
    return sizes


def _bind(sizes: Sizes, owners: dict[str, Any], name: str, size: Any, spec: InputSpec) -> None:
    expression = None if isinstance(size, int) else size.node.expr
    if expression is None or expression.is_Integer:
        raise UsageError(
            f"The size {name!r} of input {spec.name!r} cannot be left open: the network works for "
            f"{size} only.",
            hint=f"Give it as a number, or keep the network from using {name} as a constant "
            "(int(), a Python `if`, a table of that size).",
        )
    if not expression.is_Symbol:
        raise UsageError(
            f"The size {name!r} of input {spec.name!r} must have the form {expression} for the "
            "network to work.",
            hint="Give it as a number.",
        )
    other = sizes.names.setdefault(expression, name)
    if other != name:
        raise UsageError(
            f"The sizes {other!r} and {name!r} must be equal for the network to work.",
            hint="Give both the same name.",
        )


def _check_constraints(program: ExportedProgram, sizes: Sizes, inputs: Sequence[InputSpec]) -> None:
    batch = symbols(*(size for spec in inputs for size in spec.shape[:1]))[:1]
    for symbol, limits in program.range_constraints.items():
        name = sizes.names.get(symbol)
        lower = int(limits.lower) if limits.lower.is_Integer else 0
        if name in batch and (lower > 2 or limits.upper.is_Integer):
            raise UsageError(
                f"The network works for {name} from {limits.lower} to {limits.upper} only.",
                hint="A network must take batches of any size.",
            )


def user_inputs(program: ExportedProgram) -> list[torch.fx.Node]:
    """The placeholders of the user's inputs, in order."""
    names = set(program.graph_signature.user_inputs)
    return [node for node in program.graph.nodes if node.op == "placeholder" and node.name in names]


def order_inputs(module: nn.Module, inputs: Mapping[str, InputSpec]) -> dict[str, InputSpec]:
    """The inputs by the names of ``forward``'s parameters, in their order.

    Raises `UsageError` when one is missing or has a name that ``forward`` does not know. A single
    input fits the only parameter that needs one, whatever the two are called.
    """
    parameters = inspect.signature(module.forward).parameters
    free = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = {name: p for name, p in parameters.items() if p.kind not in free}
    needed = [name for name, p in named.items() if p.default is p.empty]
    if len(inputs) == 1 and len(needed) == 1 and not set(inputs) & set(named):
        (spec,) = inputs.values()
        inputs = {needed[0]: spec}
    strange = (
        [name for name in inputs if name not in named] if len(named) == len(parameters) else []
    )
    missing = [name for name in needed if name not in inputs]
    if strange or missing:
        known = ", ".join(named) or "nothing"
        what = f"has no input {strange[0]!r}" if strange else f"needs an input {missing[0]!r}"
        raise UsageError(
            f"{type(module).__name__} {what}; its forward takes {known}.",
            hint="Say what the network is called with: "
            + " ".join(f'--input "{name}=float32[N,...]"' for name in needed),
        )
    gaps = [name for name in list(named)[: len(inputs)] if name not in inputs]
    if gaps and not _takes_any(module):
        raise UsageError(
            f"Inputs must be the first ones that forward takes, and {gaps[0]!r} is left out.",
            hint="Write a module that calls this one with all that it needs.",
        )
    return {name: inputs[name] for name in (*named, *inputs) if name in inputs}


def stored_inputs(module: nn.Module) -> dict[str, InputSpec]:
    """The inputs that an exported program's module was exported with: ``N`` is the first size of
    the first input, if it is open, ``S1``, ``S2``, ... are the others.
    """
    assert isinstance(module, torch.fx.GraphModule)
    symbols: dict[str, str] = {}
    found: dict[str, InputSpec] = {}
    places = [node for node in module.graph.nodes if node.op == "placeholder"]
    for name, node in zip(inspect.signature(module.forward).parameters, places, strict=True):
        value = node.meta["val"]
        shape = tuple(_name(size, axis, symbols) for axis, size in enumerate(value.shape))
        found[name] = InputSpec(name, shape, KINDS[value.dtype])
    return found


def _name(size: Any, axis: int, names: dict[str, str]) -> int | str:
    if isinstance(size, int):
        return size
    first = "N" if axis == 0 and not names else f"S{len(names)}"
    return names.setdefault(str(size), first)


def open_program(path: str | Path) -> ExportedProgram:
    """The program in a ``.pt2`` file. Raises `UsageError` when there is none."""
    try:
        return torch.export.load(str(path))
    except Exception as error:
        raise UsageError(
            f"This is no exported program: {type(error).__name__}.",
            where=str(path),
            hint="Write it with torch.export.save.",
        ) from None
