"""A graph as JSON: nothing is lost, and nothing in the text is believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from op_cases import CASES, Case

from isograd.errors import UsageError
from isograd.ir.builder import Builder
from isograd.ir.document import from_json, to_json
from isograd.ir.graph import Graph
from isograd.ir.ops import LSTM, BatchNorm, CellState, Dropout, Linear, ReLU, Reshape, ShapeError

OPS = sorted({case.op for case in CASES}, key=repr)


def small_graph() -> Graph:
    b = Builder("small net")
    x = b.input("x", ("N", 4))
    x = b(Linear(3), x, scope="block.fc")
    x = b(BatchNorm(), x, scope="bn")
    x = b(Dropout(0.1), b(ReLU(), x))
    return b.finish(b(Reshape(("N", 3, -1)), x))


def edited(edit: Callable[[dict[str, Any]], None]) -> str:
    document = json.loads(to_json(small_graph()))
    edit(document)
    return json.dumps(document)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Random small graphs: ops that do not fit the values drawn for them are left out."""
    b = Builder(draw(st.sampled_from(["net", "a-b_c.d 2"])))
    values = [
        b.input("image", ("N", 8, 6, 6)),
        b.input("features", ("N", 10)),
        b.input("indices", ("N", 7), "int"),
    ]
    for op in draw(st.lists(st.sampled_from(OPS), max_size=12)):
        least, most = op.arity if isinstance(op.arity, tuple) else (op.arity, op.arity)
        count = draw(st.integers(1 if least is None else least, 3 if most is None else most))
        inputs = [draw(st.sampled_from(values)) for _ in range(count)]
        try:
            values.append(b(op, *inputs))
        except ShapeError:
            continue
    return b.finish(*draw(st.lists(st.sampled_from(values), min_size=1, max_size=2)))


@given(graphs())
def test_a_graph_survives_the_round_trip(graph):
    again = from_json(to_json(graph))
    assert again == graph
    assert list(again.parameters) == list(graph.parameters)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.op}")
def test_every_op_survives_the_round_trip(case: Case):
    b = Builder("one")
    types = enumerate(case.inputs)
    inputs = [b.input(f"x{index}", value.shape, value.dtype) for index, value in types]
    if case.op.behind:
        inputs = [b(case.op.behind[0](5), inputs[0])]
    graph = b.finish(b(case.op, *inputs))
    assert from_json(to_json(graph)) == graph


def test_a_state_of_what_has_none_is_reported():
    b = Builder("state")
    graph = b.finish(b(CellState(), b(LSTM(5), b.input("x", ("N", 7, 5)))))
    document = json.loads(to_json(graph))
    document["nodes"][1]["inputs"] = ["x"]
    with pytest.raises(UsageError, match="CellState must read what LSTM makes"):
        from_json(json.dumps(document))


@given(st.data())
def test_a_text_that_is_cut_off_is_reported_with_its_path(data):
    text = to_json(small_graph()).rstrip()
    cut = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(UsageError, match="no valid JSON, or it is cut off") as caught:
        from_json(text[:cut], "there.json")
    assert caught.value.where == "there.json"


def test_an_unknown_op_is_reported_with_the_nearest_one():
    text = to_json(small_graph()).replace('"op": "ReLU"', '"op": "RelU"')
    with pytest.raises(UsageError, match="Unknown op 'RelU'") as caught:
        from_json(text, "there.json")
    assert caught.value.where == "there.json"
    assert caught.value.hint == "Did you mean 'ReLU'?"


@pytest.mark.parametrize("text", ["[]", "3", "{}", '{"name": "x"}'])
def test_json_that_is_no_graph_is_refused(text):
    with pytest.raises(UsageError, match="not an isograd graph"):
        from_json(text)


def test_another_schema_is_refused_and_named():
    with pytest.raises(UsageError, match=r"schema 'isograd/graph/2'; .* reads 'isograd/graph/1'"):
        from_json(to_json(small_graph()).replace("graph/1", "graph/2"))


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": 1, "a": 2}', "[" * 100_000])
def test_json_that_is_ambiguous_or_not_finite_or_endless_is_refused(text):
    with pytest.raises(UsageError, match="no valid JSON"):
        from_json(text)


def node(index: int, key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["nodes"][index].__setitem__(key, value)


def at(first: str, second: str, key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document[first][second].__setitem__(key, value)


BROKEN: tuple[tuple[Callable[[dict[str, Any]], None], str], ...] = (
    (lambda d: d.pop("nodes"), "'nodes' is missing"),
    (lambda d: d.update(nodes={}), "'nodes' must be a list"),
    (lambda d: d.update(outputs=["nothing"]), "output 'nothing' is made by no node"),
    (lambda d: d.update(outputs=[]), "it has no output"),
    (lambda d: d.update(outputs=[3]), "'outputs' must hold strings"),
    (lambda d: d.update(name='"""; import os'), "cannot be the graph's name"),
    (lambda d: d["inputs"].update({"x y": d["inputs"].pop("x")}), "cannot be an input's name"),
    (lambda d: d["nodes"].reverse(), "node 'reshape': input 'dropout' is not made before it"),
    (lambda d: d["nodes"].append(d["nodes"][-1]), "two values are named 'reshape'"),
    (node(0, "name", "a\nimport os"), "cannot be a node's name"),
    (node(0, "scope", "fc; import os"), "cannot be a scope"),
    (node(0, "scope", "block..fc"), "cannot be a scope"),
    (node(0, "name", "a²"), "cannot be a node's name"),
    (node(0, "source", "here\nimport os"), "'source' must be one printable line"),
    (node(0, "op", "Conv"), "the attributes are not those of Conv"),
    (node(0, "attributes", {"out_features": 3, "other": 1}), "attributes are not those of Linear"),
    (node(0, "attributes", {"out_features": -3}), "Linear: out_features must be"),
    (node(0, "attributes", {"out_features": "3"}), "Linear: out_features must be"),
    (node(0, "attributes", {"out_features": 2}), "node 'block_fc': the type is"),
    (node(0, "type", {"shape": ["N", 3], "dtype": "int"}), "node 'block_fc': the type is"),
    (node(0, "type", {"shape": ["N", 3], "dtype": "half"}), "'dtype' must be"),
    (node(0, "inputs", ["x", "x"]), "the number of inputs must be 1, got 2"),
    (node(0, "parameters", {"weight": "block.fc.weight"}), r"\['weight'\] should be \['bias'"),
    (node(0, "parameters", {"weight": "w", "bias": "b"}), "parameter 'weight'|parameter 'w'"),
    (node(0, "parameters", {"weight": 1, "bias": 2}), "parameter 1 is not defined"),
    (at("parameters", "bn.weight", "shape", [4]), r"has shape \(4,\), the op needs \(3,\)"),
    (at("parameters", "bn.weight", "shape", ["C"]), "sizes must be numbers"),
    (at("parameters", "bn.weight", "shape", [True]), "a symbol or a positive whole number"),
    (at("parameters", "bn.running_var", "trainable", True), "'bn.running_var' cannot be trainable"),
    (at("parameters", "bn.weight", "trainable", 1), "'trainable' must be true or false"),
    (at("parameters", "bn.weight", "init", {"kind": "magic", "value": 1}), "kind 'magic'"),
    (at("parameters", "bn.weight", "init", {"kind": "normal", "value": -1}), "the value -1"),
    (at("inputs", "x", "shape", ["N", 0]), "inputs 'x': a size must be"),
    (at("inputs", "x", "shape", ["N N", 4]), "cannot be a symbolic size"),
)


@pytest.mark.parametrize(("edit", "sentence"), BROKEN)
def test_a_contradiction_is_refused_with_a_sentence(edit, sentence):
    with pytest.raises(UsageError, match=sentence) as caught:
        from_json(edited(edit), "there.json")
    assert caught.value.where == "there.json"


def test_the_text_that_the_broken_ones_are_made_from_is_whole():
    assert from_json(edited(lambda document: None)) == small_graph()


def test_a_scope_may_count_its_modules():
    b = Builder("net")
    graph = b.finish(b(Linear(3), b.input("x", ("N", 4)), scope="layers.0.fc"), "x")
    with pytest.raises(UsageError, match="cannot be a node's name"):
        from_json(to_json(graph).replace('"name": "layers_0_fc"', '"name": "0_fc"'))
    assert from_json(to_json(graph)) == graph


def test_a_frozen_parameter_is_allowed():
    text = edited(at("parameters", "bn.weight", "trainable", False))
    assert "bn.weight" not in from_json(text).trainable


def places(value: Any) -> list[tuple[Any, Any]]:
    """(container, key) of everything inside a JSON value."""
    if not isinstance(value, dict | list):
        return []
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    return [(value, key) for key in keys] + [p for key in keys for p in places(value[key])]


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
anything = st.recursive(
    scalars, lambda v: st.lists(v) | st.dictionaries(st.text(), v), max_leaves=4
)


@given(st.data())
def test_whatever_stands_in_the_text_the_answer_is_a_graph_or_a_usage_error(data):
    def edit(document: dict[str, Any]) -> None:
        container, key = data.draw(st.sampled_from(places(document)))
        container[key] = data.draw(anything)

    text = edited(edit)
    try:
        graph = from_json(text)
    except UsageError:
        return
    assert from_json(to_json(graph)) == graph
