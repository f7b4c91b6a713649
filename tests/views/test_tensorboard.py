"""A TensorBoard log holds every view as a graph, with modules as name scopes."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from isograd.frameworks.tensorflow.tensorboard import graph_def, write_log
from isograd.views import Operation, Value, View

VIEW = View(
    "torch",
    "dynamic",
    "What runs",
    "",
    [
        Operation("x", "input", values=(Value("float32", (2, 3)),), phase="input"),
        Operation("a/mm", "aten.mm", (("x", 0),), (Value("float32", (2, None)),), scope="net.0.fc"),
        Operation("b/mm", "aten.mm", (("a/mm", 1),), scope='"; import os', source="net.py:3"),
        Operation("end", "aten.sum", (("b/mm", 0),), after=("x",), phase="loss"),
    ],
)


def read(folder: Path) -> tf.compat.v1.GraphDef:
    (path,) = folder.glob("events*")
    found = [e for e in tf.compat.v1.train.summary_iterator(str(path)) if e.graph_def]
    return tf.compat.v1.GraphDef.FromString(found[0].graph_def)


def test_a_run_for_each_view_that_has_operations(tmp_path):
    skipped = View("torch", "jit", "", "", status="skipped", reason="not there")
    assert write_log([VIEW, skipped], tmp_path) == [tmp_path / "torch-dynamic"]
    assert read(tmp_path / "torch-dynamic") == graph_def(VIEW)


def test_operations_keep_kind_edges_shapes_and_module():
    x, first, second, end = graph_def(VIEW).node
    assert first.name.startswith("forward/net/")
    assert first.op == "aten.mm"
    assert list(first.input) == [x.name]
    assert list(second.input) == [f"{first.name}:1"]
    assert list(end.input) == [second.name, f"^{x.name}"]
    (shape,) = first.attr["_output_shapes"].list.shape
    assert [dim.size for dim in shape.dim] == [2, -1]
    assert second.attr["source"].s == b"net.py:3"


def test_names_are_unique_and_hold_nothing_but_words():
    names = [node.name for node in graph_def(VIEW).node]
    assert len(set(names)) == len(names)
    assert all(part.isidentifier() for name in names for part in name.split("/"))
