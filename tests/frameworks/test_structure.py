"""The user's modules in emitted source: classes, their arguments, and what has to stay flat."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest
from twins import assert_twins

from isograd.frameworks.tensorflow.emitter import emit as emit_tensorflow
from isograd.frameworks.torch.emitter import emit as emit_torch
from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import conv2d

EMITTERS = {"torch": emit_torch, "tensorflow": emit_tensorflow}
in_each_framework = pytest.mark.parametrize("framework", EMITTERS)


def residual_network() -> Graph:
    """Three stages of two blocks each; the first block of the later ones halves the image."""
    b = Builder("res-net")
    modules: dict[str, str] = {}
    x = b(conv2d(4, 3, padding=1, bias=False), b.input("x", ("N", 3, 8, 8)), scope="conv1")
    for stage in range(3):
        modules[f"layer{stage}"] = "Sequential"
        for number in range(2):
            path = f"layer{stage}.{number}"
            modules[path] = "BasicBlock"
            x = block(b, x, path, channels=4 * 2**stage, halves=stage > 0 and number == 0)
    graph = b.finish(b(ops.Linear(10), b(ops.GlobalAvgPool(), x), scope="fc"))
    return replace(graph, modules=modules)


def block(b: Builder, x: str, path: str, *, channels: int, halves: bool) -> str:
    stride = 2 if halves else 1
    y = b(conv2d(channels, 3, stride, padding=1, bias=False), x, scope=f"{path}.conv1")
    y = b(ops.ReLU(), b(ops.BatchNorm(), y, scope=f"{path}.bn1"), scope=f"{path}.relu")
    y = b(ops.Dropout(0.25 if channels == 4 else 0.5), y, scope=f"{path}.dropout")
    if halves:
        x = b(conv2d(channels, 1, stride, bias=False), x, scope=f"{path}.downsample.0")
    return b(ops.ReLU(), b(ops.Add(), y, x, scope=path), scope=path)


def classes(source: str) -> dict[str, list[str]]:
    """Class to the arguments of its constructor."""
    tree = ast.parse(source)
    return {
        node.name: [argument.arg for argument in node.body[0].args.args[1:]]
        for node in tree.body
        if isinstance(node, ast.ClassDef) and isinstance(node.body[0], ast.FunctionDef)
    }


def test_modules_that_differ_in_numbers_only_are_one_class():
    found = classes(emit_torch(residual_network()).source)
    assert found == {
        "BasicBlock": ["in_channels", "p"],
        "BasicBlock2": ["in_channels", "out_channels"],
        "ResNet": [],
    }


@in_each_framework
def test_parameters_are_found_where_the_user_has_them(framework):
    names = EMITTERS[framework](residual_network()).parameters.names
    assert names["layer2.0.downsample.0.weight"].startswith("layer2_0.downsample_0.")


def test_a_network_of_modules_is_the_same_in_both_frameworks():
    assert_twins(residual_network())


def shared_block() -> Graph:
    b = Builder("siamese")
    tower = [b.input("left", ("N", 4)), b.input("right", ("N", 4))]
    for index, x in enumerate(tower):
        x = b(ops.ReLU(), b(ops.Linear(3), x, scope="tower.fc"), scope="tower")
        tower[index] = b(ops.Linear(2), x, scope="tower.out")
    return replace(b.finish(b(ops.Add(), *tower)), modules={"tower": "Tower"})


def test_a_module_that_is_called_twice_stays_flat_and_shared():
    graph = shared_block()
    assert list(classes(emit_torch(graph).source)) == ["Siamese"]
    assert_twins(graph)


def test_a_module_may_take_and_make_several_values():
    b = Builder("net")
    x, y = b.input("x", ("N", 4)), b.input("y", ("N", 4))
    total = b(ops.Add(), x, y, scope="mix")
    both = b(ops.Multiply(), x, y, scope="mix")
    graph = b.finish(b(ops.Subtract(), b(ops.Linear(4), total), both), both)
    graph = replace(graph, modules={"mix": "Mix"})
    assert "x, y = self.mix(x, y)" in emit_torch(graph).source
    assert_twins(graph)


@in_each_framework
def test_a_symbolic_size_is_read_inside_the_module_that_needs_it(framework):
    b = Builder("net")
    x = b(ops.Linear(6), b.input("x", ("N", "T", 4)), scope="fc")
    x = b(ops.Reshape(("N", "T", 2, 3)), x, scope="heads")
    x = b(ops.Transpose((0, 2, 1, 3)), x, scope="heads")
    graph = replace(b.finish(x), modules={"heads": "Heads"})
    source = EMITTERS[framework](graph).source
    inner = source[source.index("class Heads") : source.index("class Net(")]
    assert "size_2 = " in inner
    assert_twins(graph)


@in_each_framework
def test_a_module_whose_results_nobody_uses_stays_flat(framework):
    b = Builder("net")
    x = b.input("x", ("N", 4))
    b(ops.BatchNorm(), b(ops.Linear(4), x, scope="unused.fc"), scope="unused.norm")
    graph = replace(b.finish(b(ops.Tanh(), x)), modules={"unused": "Unused"})
    assert list(classes(EMITTERS[framework](graph).source)) == ["Net"]
    assert_twins(graph)
