"""A graph as JSON text, and back.

The text may come from anywhere, so nothing in it is believed: only registered ops are made, their
attributes are checked, every type is inferred again and compared, and names are held to an alphabet
that is harmless in emitted source.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from isograd.errors import UsageError, unknown
from isograd.ir.graph import Graph, Node
from isograd.ir.ops import Initializer, Op, ParameterSpec, Shape, TensorType
from isograd.ir.ops.base import DType
from isograd.ir.ops.checks import is_number, is_whole
from isograd.ir.sizes import is_canonical
from isograd.ir.untrusted import field, read

SCHEMA = "isograd/graph/1"

T = TypeVar("T")

_TITLE = re.compile(r"\w[\w .-]*")
_DTYPES: dict[str, DType] = {"float": "float", "int": "int", "bool": "bool"}
_INITS: dict[str, Literal["uniform", "normal", "constant"]] = {
    "uniform": "uniform",
    "normal": "normal",
    "constant": "constant",
}


def to_json(graph: Graph) -> str:
    """The graph as indented JSON of the schema ``isograd/graph/1``."""
    document = {
        "schema": SCHEMA,
        "name": graph.name,
        "inputs": {name: _type_out(value) for name, value in graph.inputs.items()},
        "nodes": [_node_out(node) for node in graph.nodes],
        "outputs": list(graph.outputs),
        "parameters": {name: _parameter_out(spec) for name, spec in graph.parameters.items()},
        "modules": dict(graph.modules),
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def from_json(text: str, where: str = "graph") -> Graph:
    """The inverse of `to_json`; ``where`` names the text in errors.

    Raises `UsageError` when the text is no JSON, of another schema, names an op that does not
    exist, or contradicts itself.
    """
    return read(
        text, _graph, kind="graph", schema=SCHEMA, where=where, hint="Save the graph again."
    )


def _type_out(value: TensorType) -> dict[str, Any]:
    return {"shape": list(value.shape), "dtype": value.dtype}


def _node_out(node: Node) -> dict[str, Any]:
    return {
        "name": node.name,
        "op": type(node.op).__name__,
        "attributes": node.op.attributes(),
        "inputs": list(node.inputs),
        "parameters": dict(node.parameters),
        "scope": node.scope,
        "source": node.source,
        "type": _type_out(node.type),
    }


def _parameter_out(spec: ParameterSpec) -> dict[str, Any]:
    return {
        "shape": list(spec.shape),
        "trainable": spec.trainable,
        **({} if spec.dtype == "float" else {"dtype": spec.dtype}),
        "init": {"kind": spec.init.kind, "value": spec.init.value},
    }


def _graph(document: Any) -> Graph:
    inputs = _each(document, "inputs", _type_in)
    parameters = _each(document, "parameters", _parameter_in)
    for name in inputs:
        _named(name, str.isidentifier, "an input's name")
    for name in parameters:
        _named(name, _is_path, "a parameter's name")
    types = dict(inputs)
    nodes = []
    for raw in field(document, "nodes", list):
        node = _node_in(raw, types, parameters)
        types[node.name] = node.type
        nodes.append(node)
    name = _named(field(document, "name", str), _TITLE.fullmatch, "the graph's name")
    outputs = _strings(document, "outputs")
    if not outputs:
        raise ValueError("it has no output")
    modules = _each({"modules": {}, **document}, "modules", _class_in)
    for path in modules:
        _named(path, _is_path, "a module's path")
    return Graph(name, inputs, tuple(nodes), outputs, parameters, modules)


def _node_in(raw: Any, types: dict[str, TensorType], parameters: dict[str, ParameterSpec]) -> Node:
    name = _named(field(raw, "name", str), str.isidentifier, "a node's name")
    try:
        node = Node(
            name=name,
            op=_op_in(raw),
            inputs=_strings(raw, "inputs"),
            parameters=field(raw, "parameters", dict),
            scope=_named(field(raw, "scope", str), _is_path, "a scope"),
            source=_source_in(raw),
            type=_type_in(field(raw, "type", dict)),
        )
        _check_node(node, types, parameters)
    except UsageError:
        raise
    except ValueError as error:
        raise ValueError(f"node {name!r}: {error}") from None
    return node


def _op_in(raw: Any) -> Op:
    name = field(raw, "op", str)
    if name not in Op.registry:
        raise unknown("op", name, Op.registry)
    try:
        return Op.registry[name].from_attributes(field(raw, "attributes", dict))
    except TypeError:
        raise ValueError(f"the attributes are not those of {name}") from None


def _source_in(raw: Any) -> str | None:
    if isinstance(raw, dict) and raw.get("source", "") is None:
        return None
    source = field(raw, "source", str)
    if not source.isprintable():
        raise ValueError("'source' must be one printable line")
    return source


def _check_node(
    node: Node, types: dict[str, TensorType], parameters: dict[str, ParameterSpec]
) -> None:
    lost = [name for name in node.inputs if name not in types]
    if lost:
        raise ValueError(f"input {lost[0]!r} is not made before it")
    inputs = [types[name] for name in node.inputs]
    node.op.check_arity(len(inputs))
    inferred = node.op.infer(*inputs)
    if inferred != node.type:
        raise ValueError(f"the type is {node.type}, but the op makes {inferred}")
    specs = node.op.parameters(*inputs)
    if set(specs) != set(node.parameters):
        raise ValueError(f"parameters {sorted(node.parameters)} should be {sorted(specs)}")
    for role, spec in specs.items():
        _check_parameter(node.parameters[role], spec, parameters)


def _check_parameter(name: Any, spec: ParameterSpec, parameters: dict[str, ParameterSpec]) -> None:
    if not isinstance(name, str) or name not in parameters:
        raise ValueError(f"parameter {name!r} is not defined")
    given = parameters[name]
    if given.shape != spec.shape:
        raise ValueError(f"parameter {name!r} has shape {given.shape}, the op needs {spec.shape}")
    if given.dtype != spec.dtype:
        raise ValueError(f"parameter {name!r} is of kind {given.dtype}, the op needs {spec.dtype}")
    if given.trainable and not spec.trainable:
        raise ValueError(f"parameter {name!r} cannot be trainable")


def _type_in(raw: Any) -> TensorType:
    dtype = field(raw, "dtype", str)
    if dtype not in _DTYPES:
        raise ValueError(f"'dtype' must be 'float', 'int' or 'bool', not {dtype!r}")
    return TensorType(_shape_in(raw), _DTYPES[dtype])


def _shape_in(raw: Any) -> Shape:
    shape = field(raw, "shape", list)
    for dim in shape:
        if isinstance(dim, str):
            _named(dim, is_canonical, "a symbolic size")
        elif not is_whole(dim, 1):
            raise ValueError(f"a size must be a symbol or a positive whole number, not {dim!r}")
    return tuple(shape)


def _parameter_in(raw: Any) -> ParameterSpec:
    shape = tuple(dim for dim in _shape_in(raw) if isinstance(dim, int))
    if len(shape) != len(raw["shape"]):
        raise ValueError(f"a parameter's sizes must be numbers, not {raw['shape']}")
    init = field(raw, "init", dict)
    kind, value = field(init, "kind", str), init.get("value")
    if kind not in _INITS:
        raise ValueError(f"initial values of kind {kind!r} are not known")
    if not is_number(value) or (kind != "constant" and value < 0):
        raise ValueError(f"initial values of kind {kind!r} cannot have the value {value!r}")
    trainable = field(raw, "trainable", bool)
    dtype = field({"dtype": "float", **raw}, "dtype", str)
    if dtype not in _DTYPES or (trainable and dtype != "float"):
        raise ValueError(f"a parameter of kind {dtype!r} cannot be (trainable: {trainable})")
    return ParameterSpec(shape, Initializer(_INITS[kind], value), trainable, _DTYPES[dtype])


def _class_in(raw: Any) -> str:
    if not isinstance(raw, str):
        raise ValueError("a class's name must be a string")
    return _named(raw, str.isidentifier, "a class's name")


def _each(raw: Any, key: str, read: Callable[[Any], T]) -> dict[str, T]:
    result = {}
    for name, value in field(raw, key, dict).items():
        try:
            result[name] = read(value)
        except ValueError as error:
            raise ValueError(f"{key} {name!r}: {error}") from None
    return result


def _strings(raw: Any, key: str) -> tuple[str, ...]:
    values = field(raw, key, list)
    if not all(isinstance(value, str) for value in values):
        raise ValueError(f"{key!r} must hold strings")
    return tuple(values)


def _named(name: str, allowed: Callable[[str], object], what: str) -> str:
    if not allowed(name):
        raise ValueError(f"{name!r} cannot be {what}")
    return name


def _is_path(name: str) -> bool:
    """Whether ``name`` is a module path such as ``layers.0.conv``, whose parts may start with a
    digit.
    """
    return all(part and f"_{part}".isidentifier() for part in name.split("."))
