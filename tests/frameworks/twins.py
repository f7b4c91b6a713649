"""One graph run in both frameworks, everything brought back to logical names and layout.

A run gives: outputs in evaluation mode, outputs in training mode, the state after that, and the
gradients of a random linear functional of the outputs with respect to inputs and parameters. The
reference is run again on inputs and parameters disturbed by one unit in the last place, and in
float32, whose deviation is scaled to the unit of float64: how far it moves is what rounding alone
can do, and the twin may be no further away than a few times that.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import torch

from isograd.frameworks.protocol import Emitted
from isograd.frameworks.source import load_class
from isograd.frameworks.tensorflow import emitter as tensorflow_emitter
from isograd.frameworks.torch import emitter as torch_emitter
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.mapping import Arrays
from isograd.ir.ops import Cast, Op, TensorType
from isograd.ir.sizes import evaluate, symbols

EPS = np.finfo(np.float64).eps
EPS32 = np.finfo(np.float32).eps
ALLOWED = 32
"""Multiples of what rounding does to the reference: two implementations add in other orders, each
sum of n terms errs by a small multiple of sqrt(n) eps, and the measured movement is one sample of
that. A wrong op is off by 1e-3 and more, some 1e12 eps."""

torch.set_num_threads(1)
keras.config.set_floatx("float64")
keras.config.set_dtype_policy("float64")

_folder = tempfile.TemporaryDirectory()
_numbers = itertools.count()


def one_op(op: Op, *kinds: TensorType) -> Graph:
    """The graph of nothing but this op; a result that is no floating-point number becomes one, to
    be compared like all others."""
    b = Builder("one-op")
    inputs = [b.input(f"x{i}", kind.shape, kind.dtype) for i, kind in enumerate(kinds)]
    result = b(op, *inputs, scope="op")
    return b.finish(result if op.infer(*kinds).dtype == "float" else b(Cast("float"), result))


def load(emitted: Emitted) -> Any:
    path = Path(_folder.name) / f"network_{next(_numbers)}.py"
    path.write_text(emitted.source)
    return load_class(path, emitted.class_name)


def draw(graph: Graph, batch: int, seed: int = 0) -> tuple[Arrays, Arrays, Arrays, Arrays]:
    """Weights (running statistics included, away from 0 and 1), inputs, one cotangent for each
    output, dropout masks."""
    rng = np.random.default_rng(seed)
    weights = graph.initialize(seed)
    for name, array in weights.items():
        if array.dtype.kind != "f":
            weights[name] = rng.integers(0, 2, array.shape).astype(array.dtype)
        elif np.ptp(array) == 0:
            weights[name] = np.asarray(array + rng.uniform(0.1, 0.5, array.shape))
    inputs = {name: _draw(kind, batch, rng) for name, kind in graph.inputs.items()}
    cotangents = {
        name: rng.normal(size=concrete(graph.type_of(name).shape, batch)) for name in graph.outputs
    }
    masks = {
        node.name: np.asarray(
            rng.integers(0, 2, concrete(node.op.mask_shape(node.type.shape), batch)) * 2.0
        )
        for node in graph.nodes
        if type(node.op).__name__ == "Dropout"
    }
    return weights, inputs, cotangents, masks


def concrete(shape: tuple[int | str, ...], batch: int) -> tuple[int, ...]:
    """Every symbol is the batch's size."""
    return tuple(evaluate(size, dict.fromkeys(symbols(size), batch)) for size in shape)


def _draw(kind: TensorType, batch: int, rng: np.random.Generator) -> np.ndarray:
    shape = concrete(kind.shape, batch)
    if kind.dtype == "int":
        return rng.integers(0, 3, shape)
    if kind.dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    return np.asarray(rng.normal(size=shape) * rng.uniform(0.5, 2.0, size=shape))


def results(
    emitted: Emitted,
    evaluated: list[Any],
    trained: list[Any],
    state: Arrays,
    input_gradients: Arrays,
    parameter_gradients: Arrays,
    outputs: tuple[str, ...],
) -> Arrays:
    """All arrays under logical names, in logical layout."""
    back = {name: emitted.values[name].inverse for name in emitted.values}
    found = {
        f"eval {name}": back[name](np.asarray(a))
        for name, a in zip(outputs, evaluated, strict=True)
    }
    found |= {
        f"train {name}": back[name](np.asarray(a)) for name, a in zip(outputs, trained, strict=True)
    }
    found |= {f"d {name}": back[name](a) for name, a in input_gradients.items()}
    found |= {f"state {k}": v for k, v in emitted.parameters.backward(state).items()}
    found |= {f"d {k}": v for k, v in emitted.parameters.backward(parameter_gradients).items()}
    return found


class TorchMask(torch.nn.Module):
    def __init__(self, mask: np.ndarray) -> None:
        super().__init__()
        self.mask = torch.from_numpy(mask)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.mask if self.training else x


def run_torch(
    graph: Graph,
    weights: Arrays,
    inputs: Arrays,
    cotangents: Arrays,
    masks: Arrays,
    *,
    dtype: torch.dtype = torch.float64,
) -> Arrays:
    emitted = torch_emitter.emit(graph)
    model = load(emitted)().to(dtype)
    given = (weights, inputs, cotangents, masks)
    weights, inputs, cotangents, masks = (in_precision(arrays, dtype) for arrays in given)
    for node, attribute in emitted.dropouts.items():
        model.set_submodule(attribute, TorchMask(masks[node]), strict=True)
    native = emitted.parameters.forward(weights)
    model.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in native.items()})
    xs = {name: torch.from_numpy(array) for name, array in inputs.items()}
    floats = [x.requires_grad_() for x in xs.values() if x.is_floating_point()]
    model.eval()
    evaluated = _tuple(model(*xs.values()))
    trained = _tuple(model.train()(*xs.values()))
    loss = sum(
        (y * torch.from_numpy(cotangents[n])).sum()
        for y, n in zip(trained, graph.outputs, strict=True)
    )
    tensors = model.state_dict(keep_vars=True)
    sources = [*floats, *(tensors[name] for name in emitted.trainable)]
    gradients = [torch.zeros_like(source) for source in sources]
    if loss.requires_grad:
        gradients = torch.autograd.grad(loss, sources, allow_unused=True, materialize_grads=True)
    names = [name for name, kind in graph.inputs.items() if kind.dtype == "float"]
    return results(
        emitted,
        [y.detach().numpy() for y in evaluated],
        [y.detach().numpy() for y in trained],
        {name: tensors[name].detach().numpy() for name in native},
        {n: g.numpy() for n, g in zip(names, gradients[: len(names)], strict=True)},
        {n: g.numpy() for n, g in zip(emitted.trainable, gradients[len(names) :], strict=True)},
        graph.outputs,
    )


class KerasMask(keras.layers.Layer):
    def __init__(self, mask: np.ndarray) -> None:
        super().__init__()
        self.mask = mask

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        return x * self.mask if training else x


class _Session:
    """The model described once in a graph, its variables fed as placeholders."""

    def __init__(self, model: Any, xs: list[tf.Tensor], shapes: list[Any]) -> None:
        self.model = model
        self.graph = tf.Graph()
        self.before = [
            [v.numpy() for v in vs] for vs in (model.trainable_variables, _others(model))
        ]
        with self.graph.as_default():
            self.trainable, self.others = (
                [tf.compat.v1.placeholder(a.dtype, a.shape) for a in arrays]
                for arrays in self.before
            )
            self.xs = [
                tf.compat.v1.placeholder(x.dtype, shape)
                for x, shape in zip(xs, shapes, strict=True)
            ]
        self.feed = dict(zip(self.trainable, self.before[0], strict=True))
        self.feed |= dict(zip(self.others, self.before[1], strict=True))
        self.feed |= {place: x.numpy() for place, x in zip(self.xs, xs, strict=True)}

    def run(self, sources: Any, cotangents: list[np.ndarray]) -> Any:
        """What evaluation gives, and what training gives, changes and differentiates."""
        with self.graph.as_default(), tf.compat.v1.Session(graph=self.graph) as session:
            evaluated, _ = self._call(training=False)
            outputs, after = self._call(training=True)
            loss = sum(tf.reduce_sum(y * c) for y, c in zip(outputs, cotangents, strict=True))
            places = {
                id(v): p
                for v, p in zip(self.model.trainable_variables, self.trainable, strict=True)
            }
            wanted = [places.get(id(s)) if not isinstance(s, int) else self.xs[s] for s in sources]
            gradients = tf.gradients(loss, wanted, unconnected_gradients="zero")
            gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
            return session.run([evaluated, outputs, after, gradients], self.feed)

    def _call(self, *, training: bool) -> tuple[list[Any], list[Any]]:
        xs = self.xs[0] if len(self.xs) == 1 else self.xs
        outputs, after = self.model.stateless_call(
            self.trainable, self.others, xs, training=training
        )
        return list(_tuple(outputs)), list(after)


def _others(model: Any) -> list[Any]:
    return model.non_trainable_variables


def _wrapped(mode: str, function: Callable[..., Any], signature: list[tf.TensorSpec]) -> Any:
    if mode == "eager":
        return function
    return tf.function(function, jit_compile=mode == "xla", input_signature=[signature])


def run_tensorflow(
    graph: Graph,
    weights: Arrays,
    inputs: Arrays,
    cotangents: Arrays,
    masks: Arrays,
    *,
    mode: str = "eager",
    emitted: Emitted | None = None,
) -> Arrays:
    emitted = emitted or tensorflow_emitter.emit(graph)
    model = load(emitted)()
    for node, attribute in emitted.dropouts.items():
        owner, _, name = f"model.{attribute}".rpartition(".")
        parent = attrgetter(owner)(SimpleNamespace(model=model))
        assert isinstance(getattr(parent, name), keras.layers.Layer)
        setattr(parent, name, KerasMask(emitted.masks[node](masks[node])))
    xs = [tf.constant(emitted.values[name](array)) for name, array in inputs.items()]
    ys = [tf.constant(emitted.values[name](cotangents[name])) for name in graph.outputs]
    floats = [i for i, x in enumerate(xs) if x.dtype.is_floating]
    call = lambda xs, training: model(xs[0] if len(xs) == 1 else xs, training=training)
    call(xs, False)
    native = emitted.parameters.forward(weights)
    variables = {name: attrgetter(name)(model) for name in native}
    for name, variable in variables.items():
        variable.assign(native[name])

    def differentiate(xs: list[tf.Tensor]) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch([xs[i] for i in floats])
            trained = _tuple(call(xs, True))
            loss = sum(tf.reduce_sum(y * c) for y, c in zip(trained, ys, strict=True))
        parameters = [variables[name].value for name in emitted.trainable]
        sources = [*(xs[i] for i in floats), *parameters]
        gradients = tape.gradient(loss, sources, unconnected_gradients="zero")
        return list(trained), [tf.convert_to_tensor(g) for g in gradients]

    names = [name for name, kind in graph.inputs.items() if kind.dtype == "float"]
    shapes = [_open(kind, x) for kind, x in zip(graph.inputs.values(), xs, strict=True)]
    if mode == "session":
        session = _Session(model, xs, shapes)
        sources = [*floats, *(variables[name] for name in emitted.trainable)]
        evaluated, trained, after, gradients = session.run(sources, [y.numpy() for y in ys])
        moved = {id(v): a for v, a in zip(_others(model), after, strict=True)}
        return results(
            emitted,
            evaluated,
            trained,
            {name: moved.get(id(v), native[name]) for name, v in variables.items()},
            dict(zip(names, gradients[: len(names)], strict=True)),
            dict(zip(emitted.trainable, gradients[len(names) :], strict=True)),
            graph.outputs,
        )
    signature = [tf.TensorSpec(shape, x.dtype) for shape, x in zip(shapes, xs, strict=True)]
    evaluated = _wrapped(mode, lambda xs: list(_tuple(call(xs, False))), signature)(xs)
    trained, gradients = _wrapped(mode, differentiate, signature)(xs)
    return results(
        emitted,
        evaluated,
        trained,
        {name: variable.numpy() for name, variable in variables.items()},
        {n: g.numpy() for n, g in zip(names, gradients[: len(names)], strict=True)},
        {n: g.numpy() for n, g in zip(emitted.trainable, gradients[len(names) :], strict=True)},
        graph.outputs,
    )


def _open(kind: TensorType, x: tf.Tensor) -> list[int | None]:
    """The shape of ``x`` with the batch left open."""
    return [None if kind.shape[:1] == ("N",) else x.shape[0], *x.shape[1:]] if kind.rank else []


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def disturbed(arrays: Arrays, seed: int) -> Arrays:
    rng = np.random.default_rng(seed)
    return {
        name: np.asarray(a * (1 + EPS * rng.choice([-1.0, 1.0], a.shape)))
        if a.dtype.kind == "f"
        else a
        for name, a in arrays.items()
    }


def in_precision(arrays: Arrays, dtype: torch.dtype) -> Arrays:
    real = np.float32 if dtype == torch.float32 else np.float64
    return {n: a.astype(real) if a.dtype.kind == "f" else a for n, a in arrays.items()}


def deviations(
    graph: Graph,
    batch: int = 3,
    seed: int = 0,
    *,
    run: Callable[..., Arrays] = run_tensorflow,
    **options: Any,
) -> dict[str, float]:
    """Tensor name to its deviation, in multiples of what rounding does to the reference."""
    weights, inputs, cotangents, masks = draw(graph, batch, seed)
    reference = run_torch(graph, weights, inputs, cotangents, masks)
    moved = [
        run_torch(graph, disturbed(weights, i), disturbed(inputs, i), cotangents, masks)
        for i in range(2)
    ]
    coarse = run_torch(graph, weights, inputs, cotangents, masks, dtype=torch.float32)
    twin = run(graph, weights, inputs, cotangents, masks, **options)
    assert twin.keys() == reference.keys()
    sums = [array for name, array in reference.items() if name.startswith("d ")]
    terms = max(map(_largest, [*sums, *cotangents.values()]))
    return {
        name: _deviation(
            array,
            twin[name],
            [other[name] for other in moved],
            coarse[name],
            terms if name.startswith("d ") else _largest(array),
        )
        for name, array in reference.items()
    }


def _largest(array: np.ndarray) -> float:
    return float(np.abs(array).max(initial=0.0))


def _deviation(
    reference: np.ndarray,
    twin: np.ndarray,
    moved: list[np.ndarray],
    coarse: np.ndarray,
    scale: float,
) -> float:
    """Values are rounded at their own scale. A gradient that cancels to nothing (that of a bias in
    front of a normalisation) is rounded at the scale of its terms: of the other gradients, and of
    the cotangents that they start from.
    """
    assert twin.shape == reference.shape
    assert np.isfinite(reference).all()
    assert np.isfinite(coarse).all()
    if reference.dtype == bool:
        return 0.0 if (twin == reference).all() else np.inf
    unit = EPS * max(scale, EPS) + max(_largest(other - reference) for other in moved)
    unit += _largest(coarse - reference) * EPS / EPS32
    return _largest(twin - reference) / unit


def assert_twins(graph: Graph, batch: int = 3, seed: int = 0, **options: Any) -> None:
    """Both frameworks agree on everything."""
    found = deviations(graph, batch, seed, **options)
    beyond = {name: f"{ratio:.1e}" for name, ratio in found.items() if not ratio <= ALLOWED}
    assert not beyond, beyond
