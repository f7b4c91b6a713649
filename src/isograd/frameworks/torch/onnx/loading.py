"""Opening an ONNX file: checked, with its inputs, and held against ONNX's own evaluator."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from isograd.errors import MissingDependency, UsageError
from isograd.frameworks.torch.onnx.values import Value
from isograd.ir.inputs import InputSpec, parse_input
from isograd.ir.sizes import evaluate, symbols
from isograd.references import first_line

try:
    import onnx
    from onnx.reference import ReferenceEvaluator

    from isograd.frameworks.torch.onnx.module import OnnxModule
except ImportError:
    raise MissingDependency(
        "The package onnx is not installed.", hint="pip install 'isograd[onnx]'"
    ) from None

OLDEST = 13
"""The first version of the operators that is read; before it, Softmax and others meant something
else."""

KINDS = {1: "float32", 7: "int64", 6: "int64", 9: "bool", 11: "float32"}
"""ONNX's element types of inputs."""

ROUNDINGS = 100
"""How many times float32's own rounding the module may be away from ONNX's evaluator. A wrong
operator is away by a million of them."""


def open_model(path: str | Path) -> OnnxModule:
    """The module of a ``.onnx`` file; tensors outside of it must lie in its own folder.

    Raises `UsageError` when the file is damaged or none of ONNX's, its operators are older than
    version 13 or not known, or it has operators of another domain.
    """
    where = str(path)
    try:
        onnx.checker.check_model(where)
        model = onnx.load(where)
    except Exception as error:
        raise UsageError(
            f"This is no ONNX model that can be read: {first_line(error)}", where=where
        ) from None
    version = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)
    if version < OLDEST:
        raise UsageError(
            f"Its operators are of version {version}; from {OLDEST} on they are supported.",
            where=where,
            hint="onnx.version_converter.convert_version brings it up to date.",
        )
    return OnnxModule(model, where)


def inputs_of(path: str | Path, given: Mapping[str, InputSpec]) -> dict[str, InputSpec]:
    """What the model is called with: what the file says, or what is ``given``.

    Raises `UsageError` for an input of a kind that is not supported, or without a shape.
    """
    model = onnx.load(str(path), load_external_data=False)
    constants = {initializer.name for initializer in model.graph.initializer}
    values = [value for value in model.graph.input if value.name not in constants]
    if given and len(given) != len(values):
        raise UsageError(
            f"The model has {len(values)} inputs, {len(given)} are given.", where=str(path)
        )
    if given:
        return dict(given)
    return {spec.name: spec for spec in map(_spec, values, range(len(values)))}


def _spec(value: onnx.ValueInfoProto, number: int) -> InputSpec:
    kind = value.type.tensor_type
    if kind.elem_type not in KINDS or not kind.HasField("shape"):
        raise UsageError(
            f"Input {value.name!r} has no shape, or an element type that is not supported.",
            hint='Say what it is called with: --input "x=float32[N,3,32,32]".',
        )
    name = re.sub(r"\W", "_", value.name)
    name = name if name.isidentifier() else f"x{number}"
    dims = [
        dim.dim_value
        if dim.HasField("dim_value")
        else _symbol(dim.dim_param, "N" if axis == 0 else f"D{axis}")
        for axis, dim in enumerate(kind.shape.dim)
    ]
    return parse_input(f"{name}={KINDS[kind.elem_type]}[{','.join(map(str, dims))}]", name)


def _symbol(text: str, unnamed: str) -> str:
    name = re.sub(r"\W", "_", text)
    return name if name.isidentifier() else unnamed


def check_against_evaluator(
    module: OnnxModule, path: str | Path, inputs: Sequence[InputSpec]
) -> None:
    """Runs the model in ONNX's reference evaluator too, in evaluation mode, on random inputs.

    Raises `UsageError` when the two do not agree, or the evaluator cannot run it.
    """
    generator = np.random.default_rng(0)
    names = symbols(*(size for spec in inputs for size in spec.shape))
    sizes = {name: 2 + place for place, name in enumerate(names)}
    drawn = [_draw(spec, sizes, generator) for spec in inputs]
    try:
        found = ReferenceEvaluator(_in_evaluation(onnx.load(str(path)))).run(
            None, dict(zip(module.onnx_inputs, drawn, strict=True))
        )
    except Exception as error:
        raise UsageError(
            f"ONNX's own evaluator cannot run it, so that nothing checks it: {first_line(error)}",
            where=str(path),
        ) from None
    mode = module.training
    with torch.no_grad():
        module.eval()
        single = _outputs(module(*map(torch.from_numpy, drawn)))
        usual = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        try:
            wide = (torch.from_numpy(a.astype("f8") if a.dtype.kind == "f" else a) for a in drawn)
            double = _outputs(module.double()(*wide))
        finally:
            torch.set_default_dtype(usual)
            module.float().train(mode)
    for name, theirs, ours, exact in zip(module.onnx_outputs, found, single, double, strict=True):
        rounding = np.abs(ours - exact).max(initial=0) + np.finfo("f4").eps * np.abs(exact).max(
            initial=0
        )
        away = np.abs(theirs - exact).max(initial=0) if theirs.shape == ours.shape else np.inf
        if not away <= ROUNDINGS * rounding:
            raise UsageError(
                f"Output {name!r} is not what ONNX's own evaluator gives: they are {away:.1e} "
                f"apart, rounding is {rounding:.1e}.",
                where=str(path),
                hint="Please report it, with the model.",
            )


def _in_evaluation(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its batch normalisations and dropouts as they are in evaluation."""
    for node in model.graph.node:
        if node.op_type == "BatchNormalization":
            kept = [one for one in node.attribute if one.name != "training_mode"]
            del node.attribute[:], node.output[1:]
            node.attribute.extend(kept)
        if node.op_type == "Dropout":
            del node.input[2:]
    return model


def _draw(spec: InputSpec, sizes: Mapping[str, int], generator: np.random.Generator) -> np.ndarray:
    shape = [evaluate(size, sizes) for size in spec.shape]
    if spec.dtype == "float":
        return generator.standard_normal(shape).astype("f4")
    numbers = generator.integers(0, spec.below or 2, shape)
    return numbers.astype(bool) if spec.dtype == "bool" else numbers


def _outputs(value: Value) -> list[np.ndarray]:
    return [one.numpy() for one in (value if isinstance(value, tuple) else (value,))]
