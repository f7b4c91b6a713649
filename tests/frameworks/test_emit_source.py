"""What emitted source looks like: safe, formatted, self-contained, with no needless transpose."""

from __future__ import annotations

import ast
import keyword
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import pytest
import torch
from networks import NETWORKS, residual
from twins import assert_twins

from isograd import zoo
from isograd.errors import UsageError
from isograd.frameworks import naming
from isograd.frameworks.tensorflow import emitter as tensorflow_emitter
from isograd.frameworks.torch import emitter as torch_emitter
from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph

EMITTERS = {"torch": torch_emitter.emit, "tensorflow": tensorflow_emitter.emit}
ALL = {**NETWORKS, **{name: entry.build for name, entry in zoo.ZOO.items()}}

in_each_framework = pytest.mark.parametrize("framework", EMITTERS)

HOSTILE = (
    "import os",
    'a"b\n',
    '"""\nimport os\n"""',
    "class",
    "None",
    "match",
    "train",
    "call",
    "weights",
    "name",
    "__init__",
    "_modules",
    "__class__",
    "naïve",
    "层",
    "ﬁ",
    "0",
    "a" * 500,
    "a.b",
    "a_b",
    "print",
    "x; import os",
    "\u202e",
    "{name}",
    "%s",
    "\\",
)


def hostile(title: str = "x") -> Graph:
    b = Builder(title)
    x = b.input("import os\n", ("N", 4))
    for scope in HOSTILE:
        x = b(ops.Linear(4), x, scope=scope)
    y = b.input("self", ("M" * 50, 4))
    return b.finish(x, b(ops.ReLU(), y, scope="x = 1"))


@in_each_framework
@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_names_give_safe_code(framework, title):
    source = EMITTERS[framework](hostile(title)).source
    tree = ast.parse(source)
    imports = {n.names[0].name for n in ast.walk(tree) if isinstance(n, ast.Import)}
    assert imports <= {"torch", "torch.nn.functional", "keras", "math"}
    (network,) = [n for n in tree.body if isinstance(n, ast.ClassDef)]
    assert network.name.isidentifier()
    assert not keyword.iskeyword(network.name)
    names = {n.attr for n in ast.walk(network) if isinstance(n, ast.Attribute)}
    assert all(name.isascii() and len(name) <= 50 for name in names)
    assert "os" not in source.replace("os_", "").replace("_os", "").replace("Os", "").split()


@in_each_framework
def test_hostile_names_stay_apart(framework):
    emitted = EMITTERS[framework](hostile())
    names = [link.twin for link in emitted.parameters.links]
    assert len(set(names)) == 2 * len(HOSTILE)


def test_a_network_with_hostile_names_runs():
    b = Builder('"""')
    x = b.input("training", ("N", 4))
    for scope in HOSTILE[:12]:
        x = b(ops.Linear(4), x, scope=scope)
    assert_twins(b.finish(b(ops.Add(), x, b.input("ops", ("N", 4)))))


def test_no_attribute_of_a_module_or_model_is_hidden():
    class Model(keras.Model):
        pass

    public = {
        name
        for thing in (torch.nn.Module(), Model(), Model, torch.nn.Module)
        for name in dir(thing)
        if not name.startswith("_")
    }
    assert public <= naming.ATTRIBUTES


@in_each_framework
@pytest.mark.parametrize("idiomatic", [False, True])
def test_emitted_files_are_formatted_and_lint_clean(framework, idiomatic, tmp_path):
    wide = Builder("many")
    inputs = [wide.input(f"input_number_{i}", ("N", 3)) for i in range(12)]
    wide_graph = wide.finish(wide(ops.Concat(1), *inputs), *inputs)
    graphs = [*(make() for make in ALL.values()), hostile(), wide_graph, everything()]
    for i, graph in enumerate(graphs):
        source = EMITTERS[framework](graph, idiomatic=idiomatic).source
        (tmp_path / f"network_{i}.py").write_text(source)
    ruff = [str(Path(sys.executable).with_name("ruff"))]
    options = ["--isolated", "--line-length", "100", "--no-cache", str(tmp_path)]
    formatted = subprocess.run(
        [*ruff, "format", "--diff", *options], capture_output=True, text=True
    )
    assert formatted.returncode == 0, formatted.stdout
    rules = ["--select", "E,F,I,UP,B,RUF100"]
    checked = subprocess.run([*ruff, "check", *rules, *options], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def everything() -> Graph:
    """Long constructors, and every exact form at once."""
    b = Builder("everything")
    x = b.input("x", ("N", 4, 9, 8))
    long = "a_very_long_name_of_a_layer_in_a_block"
    x = b(ops.Conv(4, (3, 2), (1, 2), ((1, 1), (2, 2)), (2, 1), 2, False), x, scope=long)
    x = b(ops.Conv(4, (3, 3), (1, 1), ((1, 2), (0, 1)), (1, 1)), x, scope=long + "_2")
    x = b(ops.GELU("tanh"), b(ops.GELU(), b(ops.LeakyReLU(), x)))
    x = b(ops.max_pool2d((3, 2), (2, 1), (1, 1), (1, 2), True), x)
    x = b(ops.avg_pool2d(3, (2, 1), 1, True, False), x)
    x = b(ops.Minimum(), b(ops.Maximum(), x, b(ops.AddScalar(-1e-7), x)), x)
    x = b(ops.LayerNorm((4, 3, 5), affine=False), b(ops.BatchNorm(1e-3, 0.01, False), x))
    return b.finish(b(ops.PowerScalar(-2), b(ops.PowerScalar(0.5), b(ops.Exp(), x))))


@in_each_framework
@pytest.mark.parametrize("name", ALL)
def test_emitted_files_do_not_know_isograd(framework, name):
    source = EMITTERS[framework](ALL[name]()).source
    assert "isograd" not in source


@pytest.mark.parametrize(
    "name",
    [
        "lenet",
        "cnn-bn",
        "residual",
        "flatten_linear",
        "patches",
        "transpose_layer_norm",
        "signal",
        "two_branches",
        "channel_softmax",
        "two_outputs",
        "linear_over_width",
    ],
)
def test_a_network_of_images_needs_no_transpose(name):
    count = EMITTERS["tensorflow"](ALL[name]()).source.count("ops.transpose(")
    # A Linear over the width needs the width last: that one a person would write, too.
    assert count == (1 if name == "linear_over_width" else 0)


def test_features_that_cannot_be_absorbed_cost_one_transpose():
    source = EMITTERS["tensorflow"](NETWORKS["reshaped_features"]()).source
    assert source.count("ops.transpose(") == 1


def test_a_value_wanted_twice_in_another_order_is_transposed_once():
    b = Builder("twice")
    x = b(ops.conv2d(2, 3), b.input("x", ("N", 2, 5, 5)), scope="conv")
    y, z = b(ops.Reshape(("N", 9, 2)), x), b(ops.Reshape(("N", 18)), x)
    source = EMITTERS["tensorflow"](b.finish(y, z)).source
    assert source.count("ops.transpose(") == 1


@in_each_framework
def test_emitting_imports_no_framework(framework):
    code = (
        "import sys; from isograd import zoo; "
        f"from isograd.frameworks.{framework}.emitter import emit; "
        "emit(zoo.get('cnn-bn').build()); "
        "assert not {'torch', 'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@in_each_framework
def test_parameters_keep_the_names_of_their_scopes(framework):
    names = EMITTERS[framework](residual()).parameters.names
    assert names["block.conv1.bias"] == "block_conv1.bias"
    kernel = {"torch": "weight", "tensorflow": "kernel"}[framework]
    assert names["fc.weight"] == f"fc.{kernel}"


def shared(first: ops.Op, second: ops.Op, dtype: str) -> Graph:
    """Two nodes whose only parameter is the same tensor."""
    b = Builder("tied")
    x = b(first, b.input("x", ("N", 4), dtype), scope="one")
    graph = b.finish(b(second, x, scope="two"))
    head = replace(graph.nodes[-1], parameters=graph.nodes[0].parameters, source="net.py:3")
    used = {name: graph.parameters[name] for name in head.parameters.values()}
    return Graph("tied", graph.inputs, (graph.nodes[0], head), graph.outputs, used)


@in_each_framework
def test_a_tied_weight_is_read_from_the_layer_that_holds_it(framework):
    emitted = EMITTERS[framework](
        shared(ops.Embedding(4, 4), ops.Linear(4, bias=False), "int"),
    )
    forms = {
        "torch": "F.linear(x, self.one.weight)",
        "tensorflow": "ops.matmul(x, ops.transpose(self.one.embeddings))",
    }
    assert forms[framework] in emitted.source
    assert len(emitted.parameters.links) == 1


@in_each_framework
def test_one_parameter_of_two_different_layers_is_refused(framework):
    graph = shared(ops.LayerNorm((4,), eps=1e-5), ops.LayerNorm((4,), eps=1e-3), "float")
    with pytest.raises(UsageError, match=r"'one\.weight' is used by two different layers"):
        EMITTERS[framework](graph)


@in_each_framework
def test_a_parameter_that_nothing_uses_is_refused(framework):
    graph = residual()
    spec = graph.parameters["fc.bias"]
    more = {**graph.parameters, "lost": spec}
    graph = Graph(graph.name, graph.inputs, graph.nodes, graph.outputs, more)
    with pytest.raises(UsageError, match="'lost' is used by no node"):
        EMITTERS[framework](graph)


def frozen(*names: str) -> Graph:
    graph = residual()
    parameters = {
        name: replace(spec, trainable=spec.trainable and name not in names)
        for name, spec in graph.parameters.items()
    }
    return Graph(graph.name, graph.inputs, graph.nodes, graph.outputs, parameters)


def test_frozen_parameters_do_not_train_and_are_the_same_otherwise():
    graph = frozen("fc.weight", "fc.bias", "block.bn1.weight", "block.bn1.bias")
    in_torch, in_tensorflow = (emit(graph) for emit in EMITTERS.values())
    assert "self.fc.weight.requires_grad_(False)" in in_torch.source
    assert "self.fc.trainable = False" in in_tensorflow.source
    assert not {"fc.weight", "fc.bias"} & set(in_torch.trainable)
    assert_twins(graph)


def test_a_keras_layer_that_would_train_by_half_is_refused():
    assert "fc.weight" not in EMITTERS["torch"](frozen("fc.weight")).trainable
    with pytest.raises(UsageError, match="'fc' are frozen and others are not"):
        EMITTERS["tensorflow"](frozen("fc.weight"))


def cut(*spans: tuple[int, int | None], size: int = 12) -> Graph:
    b = Builder("cut")
    x = b.input("x", ("N", size))
    return b.finish(*(b(ops.Slice(1, start, stop), x) for start, stop in spans))


@in_each_framework
def test_a_value_that_is_cut_into_equal_pieces_is_split(framework):
    graph = cut((4, 8), (0, 4), (8, None))
    source = EMITTERS[framework](graph).source
    split = {"torch": "x.chunk(3, -1)", "tensorflow": "ops.split(x, 3, axis=-1)"}
    assert split[framework] in source
    if framework == "tensorflow":
        assert_twins(graph)


@in_each_framework
@pytest.mark.parametrize(
    "spans", [[(0, 4), (4, 8)], [(0, 4), (4, 12)], [(0, 6), (0, 6)], [(0, 8), (4, 12)]]
)
def test_pieces_that_are_not_all_of_it_are_slices(framework, spans):
    source = EMITTERS[framework](cut(*spans)).source
    assert "split(" not in source
    assert "chunk(" not in source
