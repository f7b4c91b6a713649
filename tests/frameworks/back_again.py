"""A graph that went to Keras and came back from there: emitted, built, imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

import numpy as np
import tensorflow as tf
from twins import concrete, draw, load, run_torch

from isograd.frameworks.protocol import Emitted
from isograd.frameworks.tensorflow.emitter import emit
from isograd.frameworks.tensorflow.importer import import_model
from isograd.ir.graph import Graph
from isograd.ir.imported import Imported
from isograd.ir.inputs import InputSpec
from isograd.ir.mapping import Array, Arrays

BATCH = 3

DTYPES = {"float": "float64", "int": "int64", "bool": "bool"}


@dataclass(frozen=True)
class Back:
    """The graph that came back, and what is needed to say its values in the first one's terms."""

    graph: Graph
    weights: Arrays
    emitted: Emitted
    model: Any
    found: Imported

    def inputs(self, arrays: Arrays) -> Arrays:
        """Inputs, dropout masks or outputs of the first graph, as the second has them."""
        return {name: self.value(name, array) for name, array in arrays.items()}

    def value(self, name: str, array: Array) -> Array:
        native = (self.emitted.masks.get(name) or self.emitted.values[name])(array)
        return self.found.values[self.names[name]].inverse(native)

    @property
    def names(self) -> dict[str, str]:
        """Inputs, outputs and dropouts of the first graph to those of the second."""
        return {
            **dict(zip(self.graph.inputs, self.found.graph.inputs, strict=True)),
            **dict(zip(self.graph.outputs, self.found.graph.outputs, strict=True)),
            **dict(zip(self.emitted.dropouts, self.found.randoms, strict=True)),
        }

    @property
    def parameters(self) -> dict[str, str]:
        """Parameters of the first graph to the paths of Keras' variables."""
        return {
            link.reference: attrgetter(link.twin)(self.model).path
            for link in self.emitted.parameters.links
        }


def bring_back(
    graph: Graph, weights: Arrays, edit: Callable[[str], str] = lambda source: source
) -> Back:
    """``edit`` changes the source on the way. Raises `UsageError` for what the importer refuses."""
    emitted = emit(graph)
    emitted = replace(emitted, source=edit(emitted.source))
    model = load(emitted)()
    specs, samples = {}, []
    for name, kind in graph.inputs.items():
        order = [int(i) for i in emitted.values[name](np.zeros(range(1, kind.rank + 1))).shape]
        shape = tuple(kind.shape[size - 1] for size in order)
        specs[name] = InputSpec(name, shape, kind.dtype)
        samples.append(tf.zeros(concrete(shape, BATCH), DTYPES[kind.dtype]))
    model(samples[0] if len(samples) == 1 else samples)
    for name, array in emitted.parameters.forward(weights).items():
        attrgetter(name)(model).assign(array)
    return Back(graph, weights, emitted, model, import_model(model, specs))


def assert_same_again(graph: Graph, seed: int = 0) -> Back:
    """What came back computes the same: outputs in both modes, statistics, all gradients."""
    weights, inputs, cotangents, masks = draw(graph, BATCH, seed)
    inputs = {name: a % 2 if a.dtype.kind == "i" else a for name, a in inputs.items()}
    back = bring_back(graph, weights)
    expected = run_torch(graph, weights, inputs, cotangents, masks)
    given = (back.inputs(inputs), back.inputs(cotangents), back.inputs(masks))
    again, cotangents, masks = (
        {back.names[name]: array for name, array in arrays.items()} for arrays in given
    )
    found = run_torch(back.found.graph, dict(back.found.weights), again, cotangents, masks)
    scale = max(float(np.abs(array).max(initial=1.0)) for array in expected.values())
    for label, array in in_terms_of(back, found).items():
        assert array.shape == expected[label].shape, label
        distance = np.abs(array * 1.0 - expected[label]).max(initial=0)
        assert distance <= 1e-11 * scale, (label, distance, scale)
    return back


def in_terms_of(back: Back, found: Arrays) -> Arrays:
    """Results of the second graph under the first one's names, in its layout."""
    results: Arrays = {}
    for name, other in back.names.items():
        native = back.emitted.values.get(name)
        for kind in ("eval", "train", "d"):
            if native is not None and f"{kind} {other}" in found:
                held = back.found.values[other](found[f"{kind} {other}"])
                results[f"{kind} {name}"] = native.inverse(held)
    there = {link.reference: link for link in back.found.parameters.links}
    here = {link.reference: link for link in back.emitted.parameters.links}
    for name, path in back.parameters.items():
        for kind in ("state", "d"):
            label = f"{kind} {there[path].twin}" if path in there else ""
            if label in found:
                native = there[path].transform.inverse(found[label])
                results[f"{kind} {name}"] = here[name].transform.inverse(native)
    return results
