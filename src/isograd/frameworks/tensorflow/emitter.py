"""TensorFlow source of a graph: one file with one ``keras.Model``, channels-last."""

from __future__ import annotations

import re
from dataclasses import replace

from isograd.errors import UsageError
from isograd.frameworks.classes import ClassBody
from isograd.frameworks.dialect import Body, Dialect, Layer, Site
from isograd.frameworks.emission import emit_source
from isograd.frameworks.formatting import WIDTH, Bracket, Source, call, listed, statement
from isograd.frameworks.frame import called, constructed, describe_inputs
from isograd.frameworks.marked import mark_source
from isograd.frameworks.protocol import Emitted
from isograd.frameworks.tensorflow.exact import EXACT
from isograd.frameworks.tensorflow.expressions import (
    BORROW,
    EXPRESSIONS,
    restore,
    transpose,
)
from isograd.frameworks.tensorflow.layers import LAYERS, POSITIONAL
from isograd.frameworks.tensorflow.recurrent import UNPACK
from isograd.ir.graph import Graph
from isograd.ir.layout import assign, with_outer

_LOADING = """
    from operator import attrgetter

    from safetensors.numpy import load_file

    model = {name}()
{first_call}
    for name, array in load_file("weights.safetensors").items():
        attrgetter(name)(model).assign(array)
"""

BIASED_VARIANCE = (
    "keras.layers.BatchNormalization keeps the biased batch variance as running variance, "
    "where the exact form keeps the unbiased one: they differ by a factor of n / (n - 1)."
)


def emit(graph: Graph, *, idiomatic: bool = False, input_layout: str | None = None) -> Emitted:
    """The graph as a ``keras.Model``, and how its tensors correspond to the model's.

    ``idiomatic`` takes Keras' own BatchNormalization and declares the difference. ``input_layout``
    is how images are handed in and out: channels-last by default, or ``channels-first``. Raises
    `UsageError` when the graph holds an op or shares parameters in a way that one layer cannot
    express.
    """
    layout = with_outer(assign(graph), graph, input_layout)
    emitted = emit_source(graph, layout, DIALECT, idiomatic=idiomatic)
    stock = "keras.layers.BatchNormalization(" in emitted.source
    return replace(emitted, declared=(BIASED_VARIANCE,)) if stock else emitted


def mark(graph: Graph) -> Emitted:
    """Like `emit`, as source whose lines say which node they compute; see
    `isograd.frameworks.marked`."""
    return mark_source(graph, DIALECT, assign)


def _frame(body: Body) -> str:
    name = body.network.name
    inner = [_class(one, "keras.layers.Layer", _arguments(one)) for one in body.classes[:-1]]
    parts = [
        f'"""{name}: a network in TensorFlow, with Keras 3.',
        "",
        "Its weights are loaded like this, once a first call has made the variables:",
        _LOADING.format(name=name, first_call=_first_call(body)),
        *describe_inputs(body.shapes),
        '"""',
        "",
        *_imports(body),
        "",
        "",
        *_exact(body),
        "\n\n\n".join((*inner, _class(body.network, "keras.Model", _one_argument(body.network)))),
    ]
    return "\n".join(parts) + "\n"


def _class(body: ClassBody, base: str, call_lines: list[str]) -> str:
    lines = [
        f"class {body.name}({base}):",
        *statement("def __init__", Bracket("(", ("self", *body.arguments), "):"), 4),
        "        super().__init__()",
        *constructed(body),
        "",
        *call_lines,
        *body.forward,
    ]
    return "\n".join(lines)


def _arguments(body: ClassBody) -> list[str]:
    """An inner layer takes its inputs one by one."""
    inputs = ("self", *body.inputs, "training=False")
    return list(statement("def call", Bracket("(", inputs, "):"), 4))


def _one_argument(body: ClassBody) -> list[str]:
    """Several inputs come as one sequence, as in every Keras model."""
    if len(body.inputs) == 1:
        return [f"    def call(self, {body.inputs[0]}, training=False):"]
    unpacking = Bracket("(", body.inputs, ") = inputs")
    flat = f"        {', '.join(body.inputs)} = inputs"
    lines = [flat] if len(flat) <= WIDTH else statement("", unpacking, 8)
    return ["    def call(self, inputs, training=False):", *lines]


def _imports(body: Body) -> list[str]:
    text = "\n".join((body.text, *_exact(body)))
    lines = ["import keras"]
    if re.search(r"(?<![\w.])math\.", text):
        lines = ["import math", "", *lines]
    if re.search(r"(?<![\w.])ops\.", text):
        lines.append("from keras import ops")
    return lines


def _exact(body: Body) -> list[str]:
    """The exact forms that the body calls by their names."""
    return called(EXACT, body.text)


def _first_call(body: Body) -> str:
    """A call with inputs of batch size 1."""
    samples: list[Source] = []
    for _, kind, place in body.shapes:
        sizes = (kind.shape[axis] for axis in place.order)
        shape = tuple(size if isinstance(size, int) else 1 for size in sizes)
        dtype = ', dtype="int64"' if kind.dtype == "int" else ""
        samples.append(f"keras.ops.zeros({shape}{dtype})")
    argument = samples[0] if len(samples) == 1 else listed(tuple(samples))
    return "\n".join(statement("", call("model", argument), 4))


def _freeze(attribute: str, layer: Layer, site: Site) -> tuple[str, ...]:
    """A Keras layer trains as a whole or not at all."""
    if not site.frozen:
        return ()
    specs = site.node.op.parameters(*site.types)
    if any(spec.trainable and role not in site.frozen for role, spec in specs.items()):
        raise UsageError(
            f"Some parameters of {site.node.scope!r} are frozen and others are not; "
            "a Keras layer cannot be both.",
            where=site.node.source,
            hint="Freeze all of them or none.",
        )
    return (f"self.{attribute}.trainable = False",)


DIALECT = Dialect(
    name="TensorFlow",
    layers=LAYERS,
    expressions=EXPRESSIONS,
    transpose=transpose,
    split=lambda x, count, axis: call("ops.split", x, count, axis=axis),
    freeze=_freeze,
    frame=_frame,
    reserved=frozenset({*EXACT, "math"}),
    size=lambda x, axis: f"ops.shape({x})[{axis}]",
    borrow=BORROW,
    restore=restore,
    invoke=lambda module, arguments, trains: call(
        module, *arguments, **({"training": "training"} if trains else {})
    ),
    positional=POSITIONAL,
    unpack=UNPACK,
)
"""How Keras on TensorFlow writes things."""
