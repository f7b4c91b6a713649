"""Views of graphs as a log that TensorBoard reads: one run for each view, of either framework."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf
from tensorflow.core.framework import graph_pb2, node_def_pb2

from isograd.frameworks.naming import UniqueNames, identifier
from isograd.views import Operation, Value, View


def write_log(views: Sequence[View], folder: Path) -> list[Path]:
    """Writes each view that has operations as a graph, under ``folder/framework-stage``; returns
    the runs' folders. Modules become name scopes, phases the outermost ones."""
    runs = []
    for view in views:
        if view.operations:
            run = folder / f"{view.framework}-{view.stage}"
            with tf.summary.create_file_writer(str(run)).as_default():
                tf.summary.graph(graph_def(view))
            runs.append(run)
    return runs


def graph_def(view: View) -> graph_pb2.GraphDef:
    """The view as TensorFlow writes graphs; shapes are in ``_output_shapes``."""
    names = UniqueNames(frozenset())
    named = {one.name: _path(one, names) for one in view.operations}
    return graph_pb2.GraphDef(node=[_node(one, named) for one in view.operations])


def _path(operation: Operation, names: UniqueNames) -> str:
    """A name as TensorFlow allows it: the phase, the module's path, and one of its own."""
    scopes = (identifier(part, "module") for part in operation.scope.split(".") if part)
    own = names.claim(operation.name.rpartition("/")[2], "operation")
    return "/".join((operation.phase, *scopes, own))


def _node(operation: Operation, names: dict[str, str]) -> node_def_pb2.NodeDef:
    inputs = [f"{names[name]}:{n}" if n else names[name] for name, n in operation.reads]
    inputs += [f"^{names[name]}" for name in operation.after]
    node = node_def_pb2.NodeDef(name=names[operation.name], op=operation.kind, input=inputs)
    for key, text in _attributes(operation).items():
        node.attr[key].s = text.encode()
    shapes = node.attr["_output_shapes"].list
    for value in operation.values:
        shapes.shape.append(_shape(value))
    return node


def _attributes(operation: Operation) -> dict[str, str]:
    told = {"node": operation.node, "source": operation.source, "group": operation.group}
    return operation.attributes | {key: text for key, text in told.items() if text}


def _shape(value: Value) -> object:
    return tf.TensorShape(value.shape).as_proto()
