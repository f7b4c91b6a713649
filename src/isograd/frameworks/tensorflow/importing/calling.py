"""Following a Keras network while it runs on symbolic tensors: layers and operations that have a
rule become nodes, all other layers are looked into.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import keras
import tensorflow as tf
from keras import KerasTensor, layers, tree
from keras.src.ops.operation import Operation

from isograd.errors import DataDependent, IsogradError, UsageError
from isograd.frameworks.tensorflow.importing import (
    attention,
    emitted,
    indexing,
    masks,
    operations,
    recurrent,
    spatial,
)
from isograd.frameworks.tensorflow.importing import layers as simple
from isograd.frameworks.tensorflow.importing.trace import Rule, Trace
from isograd.frameworks.tensorflow.origins import made_at, user_line_now
from isograd.ir.builder import portable_line
from isograd.references import first_line, user_line

ONE_INPUT: dict[type, Rule] = {**simple.RULES, **spatial.RULES, **recurrent.RULES}

_OPERATIONS = [
    module
    for name, module in sorted(sys.modules.items())
    if name.startswith("keras.src.ops.") and hasattr(module, "any_symbolic_tensors")
]
"""Where Keras decides whether a call is symbolic: on parameters alone, it is one too."""

_DATA_DEPENDENT = (
    "as a Python `bool`",
    "cannot be used as a boolean",
    "You cannot convert it to an int",
    "You cannot convert it to a float",
)
"""What Keras and TensorFlow say where Python wants the value of what is symbolic."""

_any_symbolic = keras.src.backend.any_symbolic_tensors
_layer_call = layers.Layer.__call__
_symbolic_call = Operation.symbolic_call


@contextmanager
def followed(trace: Trace, root: keras.Model) -> Iterator[None]:
    """While this lasts, calls on the trace's values write nodes."""
    parents: list[Any] = []
    current: list[Any] = []
    inner = [False]  # whether Keras works by itself, and nothing is followed

    def alone(function: Any, *args: Any, **kwargs: Any) -> Any:
        before, inner[0] = inner[0], True
        try:
            return function(*args, **kwargs)
        finally:
            inner[0] = before

    def symbolic(args: Any = None, kwargs: Any = None) -> bool:
        if _any_symbolic(args, kwargs):
            return True
        given = tree.flatten((args or (), kwargs or {}))
        return not inner[0] and any(isinstance(one, keras.Variable) for one in given)

    def call_layer(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if inner[0]:
            return _layer_call(layer, *args, **kwargs)
        if not any(map(trace.knows, tree.flatten((args, kwargs)))):
            args = tree.map_structure(_constant_input(trace), args)
        if layer is root:
            return _look_into(trace, layer, parents, args, kwargs, alone)
        with trace.below(path_name(parents[-1] if parents else None, layer)), _on(current, layer):
            filled = {**kwargs, **masks.filled_in(layer, args, kwargs)}
            first, previous = masks.before(layer, args, filled)
            if _has_rule(layer, filled):
                output = alone(_layer_call, layer, *args, **kwargs)
                masks.take_off(output)
                _bound(trace, output, _written(trace, layer, args, filled))
            else:
                output = _look_into(trace, layer, parents, args, filled, alone)
            masks.hand_on(layer, output, first, previous)
            return output

    def call_operation(operation: Any, *args: Any, **kwargs: Any) -> Any:
        name = type(operation).__name__
        if name == "GetItem" and not inner[0]:  # Keras infers no shape for None
            return trace.symbolic(indexing.get_item(trace, *args))
        given = tree.map_structure(_symbolic, (args, kwargs))
        outputs = alone(_symbolic_call, operation, *given[0], **given[1])
        if isinstance(operation, layers.Layer) or inner[0]:
            return outputs
        if name not in operations.RULES:
            raise trace.unsupported(f"keras.ops {name}")
        made = operations.RULES[name](trace, operation, outputs, *args, **kwargs)
        return _bound(trace, outputs, made)

    def call_exact(name: str) -> Any:
        return lambda *args, **kwargs: trace.symbolic(
            emitted.FUNCTIONS[name](trace, *args, **kwargs)
        )

    def source() -> str | None:
        running = user_line_now(below=follower)
        made = (made_at(layer) for layer in reversed(current))
        return running or next((line for line in made if line), None)

    follower = sys._getframe(2).f_code  # 1 is contextlib's
    trace.source = source
    trace.name_of = lambda layer: path_name(parents[-1] if parents else None, layer)
    filtering = keras.config.is_traceback_filtering_enabled()
    keras.config.disable_traceback_filtering()  # it rewrites messages
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(layers.Layer, "__call__", call_layer))
        stack.enter_context(mock.patch.object(Operation, "symbolic_call", call_operation))
        for module in _OPERATIONS:
            stack.enter_context(mock.patch.object(module, "any_symbolic_tensors", symbolic))
        for module, name in emitted.functions_of(root):
            stack.enter_context(mock.patch.object(module, name, call_exact(name)))
        tape = stack.enter_context(tf.GradientTape(persistent=True))

        def depends(thing: Any) -> bool:
            with tape.stop_recording():
                variables = [variable.value for variable in root.trainable_variables]
                return any(g is not None for g in tape.gradient(thing, variables))

        trace.depends = depends
        try:
            yield
        except IsogradError:
            raise
        except Exception as error:
            if any(sign in str(error) for sign in _DATA_DEPENDENT):
                line = portable_line(user_line(error))
                raise DataDependent("tensorflow", where=line, choice="keras.ops.where") from error
            raise UsageError(
                f"Following the network raised {type(error).__name__}: {first_line(error)}",
                where=user_line(error) or trace.scope or None,
                hint="A branch or loop on a tensor's values has no form in a graph; shapes other "
                "than the batch must be known.",
            ) from error
        finally:
            if filtering:
                keras.config.enable_traceback_filtering()


@contextmanager
def _on(stack: list[Any], layer: Any) -> Iterator[None]:
    stack.append(layer)
    try:
        yield
    finally:
        stack.pop()


def _symbolic(thing: Any) -> Any:
    """A variable as Keras takes it where it only infers shapes."""
    if isinstance(thing, keras.Variable):
        return KerasTensor(tuple(thing.shape), thing.dtype)
    return thing


def _constant_input(trace: Trace) -> Callable[[Any], Any]:
    """A tensor that is no value yet, as a symbolic one that stands for a constant."""

    def known(thing: Any) -> Any:
        if not hasattr(thing, "shape") or isinstance(thing, keras.Variable):
            return thing
        return trace.symbolic(trace.value(thing))

    return known


def _look_into(
    trace: Trace, layer: Any, parents: list[Any], args: Any, kwargs: Any, alone: Callable[..., Any]
) -> Any:
    if isinstance(layer, layers.Lambda):
        raise UsageError(
            "The network has a Lambda layer, which holds code.",
            where=trace.scope,
            hint="Write it as a layer of your own, in a Python file.",
        )
    own, foreign = type(layer).call, not type(layer).__module__.startswith("keras.src.layers.")
    if own is layers.Layer.call or not (foreign or type(layer) in LOOKED_INTO):
        raise trace.unsupported(f"the layer {type(layer).__name__}")
    if type(layer) in LOOKED_INTO and getattr(layer, "dropout", False):
        raise trace.unsupported(f"{type(layer).__name__} with dropout of its weights")
    if not layer.built:
        alone(_layer_call, layer, *args, **kwargs)
    if trace.path and foreign:
        trace.modules[trace.scope] = type(layer).__name__
    kwargs = {key: value for key, value in kwargs.items() if key != "training"}
    if "training" in inspect.signature(layer.call).parameters:
        kwargs["training"] = True
    parents.append(layer)
    try:
        return layer.call(*args, **kwargs)
    finally:
        parents.pop()


def _has_rule(layer: Any, kwargs: Any) -> bool:
    """Whether a layer is written as a whole; a mean of some steps only is looked into."""
    kind = type(layer)
    if kind in LOOKED_INTO and kwargs.get("mask") is not None:
        return False
    return kind in KNOWN or emitted.layer_rule(kind) is not None


def _written(trace: Trace, layer: Any, args: Any, kwargs: Any) -> Any:
    kind = type(layer)
    rule = ONE_INPUT.get(kind) or emitted.layer_rule(kind)
    if rule is not None:
        given = {name for name, value in kwargs.items() if value is not None} - {"training"}
        if rule in recurrent.FROM_STATES and given <= {"initial_state", "mask"} and len(args) <= 2:
            start = tree.flatten([*args[1:], kwargs.get("initial_state")])
            states = [trace.value(one) for one in start if one is not None]
            mask = trace.value(kwargs["mask"]) if "mask" in given else None
            return rule(trace, layer, trace.value(args[0]), *states, mask=mask)
        if kind is layers.TimeDistributed:
            given -= {"mask"}  # what it is put around takes none
        if "mask" in given:
            raise trace.unsupported(f"{kind.__name__} with a mask")
        if len(args) != 1 or given:
            raise trace.unsupported(f"{kind.__name__} with more than one input")
        return rule(trace, layer, trace.value(args[0]))
    if kind in simple.MERGING:
        values = [trace.value(one) for one in args[0]]
        return simple.MERGING[kind](trace, layer, values)
    return _attention(trace, layer, *args, **kwargs)


def _attention(
    trace: Trace,
    layer: Any,
    query: Any,
    value: Any,
    key: Any = None,
    use_causal_mask: bool = False,
    return_attention_scores: bool = False,
    training: Any = None,
    **given: Any,
) -> Any:
    """``given`` are the masks. Keras takes those of queries, keys and values off these."""
    if return_attention_scores:
        raise trace.unsupported("MultiHeadAttention that returns its scores")
    given["query_mask"] = masks.of(query)
    masks.take_off(query, value, key)
    found = layer._compute_attention_mask(query, value, use_causal_mask=False, **given)
    values = (trace.value(query), trace.value(value), trace.value(value if key is None else key))
    mask = None if found is None else trace.value(found)
    return attention.multi_head_attention(trace, layer, *values, mask, use_causal_mask)


LOOKED_INTO = {
    layers.Masking,
    layers.GlobalAveragePooling1D,
    layers.Attention,
    layers.AdditiveAttention,
}
"""Keras' own layers whose code is followed like a user's."""

KNOWN = {*ONE_INPUT, *simple.MERGING, layers.MultiHeadAttention}
"""Layers that have a rule; their subclasses are looked into."""


def _bound(trace: Trace, outputs: Any, made: Any) -> Any:
    values = made if isinstance(made, list) else [made]
    for tensor, value in zip(tree.flatten(outputs), values, strict=True):
        trace.bind(tensor, value)
    return outputs


def path_name(parent: Any, layer: Any) -> str:
    """What the layer is called where it is used: the attribute that holds it, else its own name."""
    for name, held in (vars(parent) if parent is not None else {}).items():
        if name.startswith("_"):
            continue
        if held is layer:
            return name
        if isinstance(held, list | tuple):
            for index, one in enumerate(held):
                if one is layer:
                    return f"{name}.{index}"
    return str(layer.name)
