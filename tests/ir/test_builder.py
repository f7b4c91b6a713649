"""Writing a network by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from isograd.ir.builder import Builder, portable_path, snake_case
from isograd.ir.ops import (
    Add,
    BatchNorm,
    Concat,
    Embedding,
    Initializer,
    LeakyReLU,
    Linear,
    ReLU,
    ShapeError,
)


def start() -> tuple[Builder, str]:
    b = Builder("net")
    return b, b.input("x", ("N", 4))


def test_parameters_are_named_by_scope_and_role():
    b, x = start()
    graph = b.finish(b(BatchNorm(), b(Linear(3), x, scope="block.fc"), scope="bn"))
    assert list(graph.parameters) == [
        "block.fc.weight",
        "block.fc.bias",
        "bn.weight",
        "bn.bias",
        "bn.running_mean",
        "bn.running_var",
    ]
    assert graph.trainable == ("block.fc.weight", "block.fc.bias", "bn.weight", "bn.bias")


def test_values_without_a_scope_are_named_by_their_op_and_counted():
    b, x = start()
    assert [b(LeakyReLU(), x), b(LeakyReLU(), x)] == ["leaky_relu", "leaky_relu_2"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("BatchNorm", "batch_norm"),
        ("ReLU", "relu"),
        ("LeakyReLU", "leaky_relu"),
        ("GELU", "gelu"),
        ("SiLU", "silu"),
        ("LogSoftmax", "log_softmax"),
    ],
)
def test_names_of_ops_become_snake_case(name, expected):
    assert snake_case(name) == expected


def test_one_scope_used_twice_shares_its_parameters():
    b, x = start()
    layer = Linear(4)
    graph = b.finish(b(layer, b(layer, x, scope="fc"), scope="fc"))
    assert [node.name for node in graph.nodes] == ["fc", "fc_2"]
    assert graph.count_parameters() == 20


def test_what_is_built_inside_of_a_module_belongs_to_it():
    b, x = start()
    with b.module("encoder", "Encoder"):
        x = b(Linear(3), x, scope="fc")
        with b.module("layers.0", "Block"):
            x = b(ReLU(), x)
    graph = b.finish(b(Linear(2), x, scope="head"))
    assert [node.scope for node in graph.nodes] == ["encoder.fc", "encoder.layers.0.relu", "head"]
    assert list(graph.parameters)[:2] == ["encoder.fc.weight", "encoder.fc.bias"]
    assert graph.modules == {"encoder": "Encoder", "encoder.layers.0": "Block"}


def test_a_parameter_with_the_name_of_another_is_tied_to_it():
    b = Builder("net")
    x = b(Embedding(7, 4), b.input("tokens", ("N",), "int"), scope="table")
    head = Linear(7, bias=False)
    graph = b.finish(b(head, x, scope="head", names={"weight": "table.weight"}))
    assert list(graph.parameters) == ["table.weight"]
    assert graph.parameters["table.weight"].init == Initializer("normal", 1.0)
    with pytest.raises(ValueError, match=r"two different parameters are named 'table\.weight'"):
        b(Linear(6, bias=False), x, names={"weight": "table.weight"})


def test_two_different_parameters_of_one_name_are_refused():
    b, x = start()
    b(Linear(3), x, scope="fc")
    with pytest.raises(ValueError, match=r"two different parameters are named 'fc\.weight'"):
        b(Linear(5), x, scope="fc")


def test_a_shape_error_names_op_scope_and_line():
    b, x = start()
    with pytest.raises(ShapeError, match=r"do not broadcast \(Add 'sum', .*test_builder\.py:\d+\)"):
        b(Add(), x, b(Linear(3), x), scope="sum")


@pytest.mark.parametrize(("op", "inputs"), [(Add(), ["x"]), (ReLU(), ["x", "x"]), (Concat(1), [])])
def test_a_wrong_number_of_inputs_is_refused(op, inputs):
    b, _ = start()
    with pytest.raises(ShapeError, match="input"):
        b(op, *inputs)


def test_an_input_that_is_not_made_yet_is_refused():
    b, _ = start()
    with pytest.raises(ValueError, match="'y' is not made yet"):
        b(ReLU(), "y")


def test_two_inputs_of_one_name_are_refused():
    b, _ = start()
    with pytest.raises(ValueError, match="two values are named 'x'"):
        b.input("x", (3,))


def test_a_source_names_no_folder_of_the_machine(tmp_path, monkeypatch):
    network = tmp_path / "nets" / "mine.py"
    assert portable_path(str(network)) == "mine.py"
    monkeypatch.chdir(tmp_path)
    assert portable_path(str(network)) == "nets/mine.py"
    b, x = start()
    source = b.finish(b(ReLU(), x)).nodes[0].source
    assert source is not None
    assert not Path(source).is_absolute()


@pytest.mark.parametrize("size", ["N'''", "N*", "2*N*2", "", "N M"])
def test_a_size_is_a_number_or_a_polynomial_of_symbols(size):
    with pytest.raises(ValueError, match="is no size"):
        Builder("net").input("x", (size, 4))
