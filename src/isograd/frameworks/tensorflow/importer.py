"""A user's Keras network as a graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import KerasTensor, tree

from isograd.errors import UsageError
from isograd.frameworks.tensorflow.importing import masks
from isograd.frameworks.tensorflow.importing.calling import followed
from isograd.frameworks.tensorflow.importing.trace import Trace, Value, kind_of
from isograd.frameworks.tensorflow.original import call
from isograd.ir.imported import Imported
from isograd.ir.inputs import InputSpec
from isograd.ir.mapping import Permute, Transform
from isograd.ir.placement import logical_order

MASKED_LOSS = (
    "an output has a Keras mask: keras.Model.fit leaves what it skips out of its loss and metrics, "
    "isograd's losses count everything."
)

SYMBOLS = "TUVW"
"""Names of sizes that a model leaves open, besides the batch, N."""


def import_live(network: Any, inputs: Mapping[str, InputSpec]) -> Imported:
    """See `import_model`: the importer's name in every framework."""
    return import_model(network, inputs)


def import_model(
    model: keras.Model, inputs: Mapping[str, InputSpec] | None = None, *, name: str | None = None
) -> Imported:
    """The graph of a model's forward pass, with its weights.

    The model is called on symbolic tensors: layers of Keras become ops, layers and models of the
    user's own are looked into. ``inputs`` say what a model without inputs of its own is called
    with, in Keras' layout; those of a built model may give sizes to axes that it leaves open.

    Raises `UsageError` when the model is none, the inputs do not fit it, or a part of it has no
    form in the graph.
    """
    if not isinstance(model, keras.Model):
        raise UsageError(f"This is a {type(model).__name__}, not a keras.Model.")
    specs = input_specs(model, dict(inputs or {}))
    trace = Trace(images=frozenset())
    outputs = _follow(trace, model, specs)
    if trace.wanted:
        trace = Trace(images=frozenset(trace.wanted))
        outputs = _follow(trace, model, specs)
    found = [trace.plain(one) if one.features else one for one in outputs]
    graph, parameters = trace.finish(name or _title(model), found)
    values = {
        value.name: Transform(
            () if value.order == logical_order(value.rank) else (Permute(value.order),)
        )
        for value in (*trace.inputs.values(), *found)
    }
    kept = {node.name for node in graph.nodes}
    return Imported(
        graph=graph,
        weights=trace.weights,
        parameters=parameters,
        values={**values, **trace.masks},
        randoms=tuple(node for node in trace.randoms if node in kept),
        modules=trace.modules,
        inputs=tuple(specs.values()),
        declared=(MASKED_LOSS,) if trace.masked else (),
    )


def _follow(trace: Trace, model: keras.Model, specs: Mapping[str, InputSpec]) -> list[Value]:
    tensors = []
    for name, spec in specs.items():
        shape = tuple(size if isinstance(size, int) else None for size in spec.shape)
        dtype = {"float": "float32", "int": "int64", "bool": "bool"}[spec.dtype]
        tensors.append(KerasTensor(shape, dtype, name=name))
        trace.input(name, tensors[-1], spec.type)
    with followed(trace, model):
        outputs = tree.flatten(call(model, tensors, training=True))
        trace.masked = masks.any_of(masks.of(outputs))
        return [trace.value(one) for one in outputs if one is not None]


def input_specs(model: keras.Model, given: dict[str, InputSpec]) -> dict[str, InputSpec]:
    own = _own_inputs(model)
    if own is None:
        if not given:
            raise UsageError(
                f"{type(model).__name__} does not know its inputs.",
                hint='Say what it is called with, such as --input "x=float32[N,28,28,1]".',
            )
        return given
    if not given:
        return own
    if len(given) != len(own):
        raise UsageError(
            f"The model has {len(own)} inputs ({', '.join(own)}), {len(given)} are given.",
            hint="Leave --input out, or give one for each.",
        )
    for known, wanted in zip(own.values(), given.values(), strict=True):
        _check(known, wanted)
    return given


def _check(known: InputSpec, given: InputSpec) -> None:
    pairs = list(zip(known.shape, given.shape, strict=False))
    fits = len(known.shape) == len(given.shape) and known.dtype == given.dtype
    if not fits or any(isinstance(a, int) and a != b for a, b in pairs):
        raise UsageError(
            f"Input {given.name!r} is given as {given.dtype} {list(given.shape)}; the model takes "
            f"{known.dtype} {list(known.shape)}.",
            hint="Keras' own layout is meant: images are [N, H, W, C].",
        )


def _own_inputs(model: keras.Model) -> dict[str, InputSpec] | None:
    try:
        tensors = model.inputs
    except (AttributeError, ValueError):
        return None
    if not tensors:
        return None
    found: dict[str, InputSpec] = {}
    symbols = iter(SYMBOLS)
    for number, tensor in enumerate(tensors):
        name = str(tensor.name)
        if not name.isidentifier() or name.startswith("keras_tensor"):  # Keras' own numbering
            name = f"x{number}" if number else "x"
        shape = tuple(
            size if size is not None else "N" if axis == 0 else next(symbols)
            for axis, size in enumerate(tensor.shape)
        )
        found[name] = InputSpec(name, shape, kind_of(str(tensor.dtype)))
    return found


def _title(model: keras.Model) -> str:
    """The class's name, or the one that its owner gave to a model without a class of its own."""
    kind = type(model)
    if not kind.__module__.startswith("keras."):
        return kind.__name__
    return "network" if model.name.startswith(("functional", "sequential")) else model.name
