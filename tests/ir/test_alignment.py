"""Which node of one network is which of another, told by structure alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isograd.ir import ops
from isograd.ir.alignment import Alignment, align
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph, Node
from isograd.ir.ops import Op


def network() -> Graph:
    """Two inputs, a residual sum, a product and a concatenation, two outputs."""
    b = Builder("network")
    x, y = b.input("x", ("N", 3, 8, 8)), b.input("y", ("N", 6))
    x = b(ops.conv2d(4, 3, padding=1), x, scope="conv")
    normed = b(ops.BatchNorm(), x, scope="bn")
    x = b(ops.Add(), b(ops.ReLU(), normed), x)
    x = b(ops.Flatten(), b(ops.max_pool2d(2), x))
    left = b(ops.Linear(5), x, scope="left")
    right = b(ops.Tanh(), b(ops.Linear(5), y, scope="right"))
    gate = b(ops.Multiply(), left, b(ops.Sigmoid(), right))
    both = b(ops.Concat(1), gate, b(ops.LeakyReLU(0.1), right))
    out = b(ops.LogSoftmax(-1), b(ops.Linear(3), both, scope="head"))
    return b.finish(out, b(ops.Subtract(), left, right))


def renamed(graph: Graph) -> Graph:
    """The same network, in which everything has another name."""
    old = [*graph.inputs, *(node.name for node in graph.nodes)]
    new = {name: f"v{number}" for number, name in enumerate(reversed(old))}
    owners = {name: f"p{number}.w" for number, name in enumerate(reversed(list(graph.parameters)))}
    nodes = tuple(
        replace(
            node,
            name=new[node.name],
            inputs=tuple(new[name] for name in node.inputs),
            parameters={role: owners[name] for role, name in node.parameters.items()},
            scope=f"s{place}",
            source=None,
        )
        for place, node in enumerate(graph.nodes)
    )
    return Graph(
        "other",
        {new[name]: kind for name, kind in graph.inputs.items()},
        nodes,
        tuple(new[name] for name in graph.outputs),
        {owners[name]: spec for name, spec in graph.parameters.items()},
    )


def reordered(graph: Graph, choose: list[int]) -> Graph:
    """The same nodes in another order that computes each value before it is used."""
    left, done, nodes = list(graph.nodes), set(graph.inputs), []
    for number in choose:
        ready = [node for node in left if done.issuperset(node.inputs)]
        if not ready:
            break
        node = ready[number % len(ready)]
        left.remove(node)
        nodes.append(node)
        done.add(node.name)
    return replace(graph, nodes=(*nodes, *left))


def changed(graph: Graph, name: str, op: Op) -> Graph:
    """The same network with another op in one place."""
    nodes = tuple(replace(node, op=op) if node.name == name else node for node in graph.nodes)
    return replace(graph, nodes=nodes)


def swapped(graph: Graph, name: str) -> Graph:
    """The same network with the operands of one node in the other order."""
    nodes = tuple(
        replace(node, inputs=node.inputs[::-1]) if node.name == name else node
        for node in graph.nodes
    )
    return replace(graph, nodes=nodes)


def of_one(name: str, *chain: tuple[Op, str], **inputs: tuple[int | str, ...]) -> Graph:
    """Ops one behind the other on one input."""
    b = Builder(name)
    value, *_ = [b.input(key, shape) for key, shape in inputs.items()]
    for op, scope in chain:
        value = b(op, value, scope=scope)
    return b.finish(value)


def only_difference(found: Alignment) -> tuple[Node | None, Node | None, str]:
    assert not found.complete
    (difference,) = found.differences
    return difference.reference, difference.twin, difference.detail


def test_a_network_is_itself():
    graph = network()
    found = align(graph, graph)
    assert found.complete
    assert all(name == other for name, other in found.nodes.items())
    made = {node.name for node in graph.nodes if not isinstance(node.op, ops.Flatten)}
    assert found.nodes.keys() == {*graph.inputs, *made}
    assert found.parameters == {name: name for name in graph.parameters}


def test_names_do_not_matter():
    graph = network()
    other = renamed(graph)
    found = align(graph, other)
    assert found.complete
    places = {node.name: place for place, node in enumerate(graph.nodes)}
    pairs = found.nodes.items() - dict(zip(graph.inputs, other.inputs, strict=True)).items()
    assert all(other.nodes[places[name]].name == its for name, its in pairs)
    assert found.mapping.names == dict(zip(graph.parameters, other.parameters, strict=True))


@settings(derandomize=True, database=None, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=20, max_size=20))
def test_the_order_of_independent_nodes_does_not_matter(choose: list[int]):
    graph = network()
    found = align(graph, reordered(graph, choose))
    assert found.complete
    assert all(name == other for name, other in found.nodes.items())


@pytest.mark.parametrize("name", ["add", "multiply"])
def test_operands_of_sums_and_products_change_places(name: str):
    graph = network()
    found = align(graph, swapped(graph, name))
    assert found.complete
    assert found.parameters == {name: name for name in graph.parameters}


@pytest.mark.parametrize("name", ["subtract", "concat"])
def test_operands_of_other_ops_do_not(name: str):
    graph = network()
    assert align(graph, swapped(graph, name)).differences


CHANGES: tuple[tuple[str, Op], ...] = (
    ("conv", ops.conv2d(4, 3, stride=1, padding=1, bias=True, dilation=2)),
    ("bn", ops.BatchNorm(eps=1e-3)),
    ("bn", ops.BatchNorm(momentum=0.01)),
    ("relu", ops.GELU()),
    ("max_pool", ops.avg_pool2d(2)),
    ("tanh", ops.Sigmoid()),
    ("leaky_relu", ops.LeakyReLU(0.2)),
    ("log_softmax", ops.LogSoftmax(0)),
    ("log_softmax", ops.Softmax(-1)),
    ("subtract", ops.Add()),
    ("add", ops.Multiply()),
)


@pytest.mark.parametrize(("name", "op"), CHANGES)
def test_another_op_or_attribute_is_found_where_it_is(name: str, op: Op):
    graph = network()
    original = next(node for node in graph.nodes if node.name == name)
    for twin in (changed(graph, name, op), renamed(changed(graph, name, op))):
        reference, other, detail = only_difference(align(graph, twin))
        assert reference is original
        assert other is not None
        assert other.op == op
        assert str(op) in detail or type(op).__name__ in detail


@pytest.mark.parametrize(("name", "op"), CHANGES)
def test_it_is_found_behind_operands_that_changed_places(name: str, op: Op):
    graph = network()
    twin = swapped(swapped(changed(graph, name, op), "add"), "multiply")
    reference, other, _ = only_difference(align(graph, twin))
    assert reference is not None
    assert other is not None
    assert reference.name == other.name == name


def test_the_first_of_several_differences_comes_first():
    graph = network()
    twin = changed(changed(graph, "log_softmax", ops.LogSoftmax(0)), "leaky_relu", ops.ReLU())
    found = align(graph, twin)
    names = [m.reference.name for m in found.differences if m.reference]
    assert names == ["leaky_relu", "log_softmax"]
    twin = changed(changed(graph, "subtract", ops.Add()), "leaky_relu", ops.ReLU())
    found = align(graph, twin)
    assert [m.reference.name for m in found.differences if m.reference] == [
        "leaky_relu",
        "subtract",
    ]


def test_ops_that_are_one_function_correspond():
    pooled = ((ops.GlobalAvgPool(), ""), (ops.Linear(2), "fc"))
    flat = ((ops.Flatten(), ""), (ops.Softmax(-1), ""))
    shaped = ((ops.Reshape(("N", 12)), ""), (ops.Softmax(1), ""))
    image: tuple[int | str, ...] = ("N", 3, 2, 2)
    assert align(of_one("a", *flat, x=image), of_one("b", *shaped, x=image)).complete
    assert align(of_one("a", *pooled, x=image), of_one("b", *pooled, x=image)).complete


def twin_branches(scopes: tuple[str, str]) -> Graph:
    b = Builder("branches")
    x = b.input("x", ("N", 4))
    branches = [b(ops.ReLU(), b(ops.Linear(3), x, scope=scope)) for scope in scopes]
    return b.finish(b(ops.Add(), *branches))


def test_branches_that_are_alike_are_ambiguous():
    found = align(twin_branches(("one", "two")), twin_branches(("left", "right")))
    assert not found.complete
    assert not found.differences
    assert found.ambiguous == [
        (
            ("one.bias", "one.weight", "two.bias", "two.weight"),
            ("left.bias", "left.weight", "right.bias", "right.weight"),
        )
    ]


def test_branches_that_are_alike_but_come_in_order_are_not():
    def graph(first: str, second: str) -> Graph:
        b = Builder("ordered")
        x = b.input("x", ("N", 4))
        return b.finish(b(ops.Concat(1), *(b(ops.Linear(3), x, scope=s) for s in (first, second))))

    found = align(graph("one", "two"), graph("left", "right"))
    assert found.complete
    assert found.mapping.names["two.weight"] == "right.weight"


def test_branches_without_parameters_are_not_ambiguous():
    def graph() -> Graph:
        b = Builder("dry")
        x = b.input("x", ("N", 4))
        return b.finish(b(ops.Add(), b(ops.ReLU(), x), b(ops.ReLU(), x)))

    assert align(graph(), graph()).complete


def test_a_layer_that_only_the_reference_shares_is_a_mismatch():
    shared, apart = twin_branches(("one", "one")), twin_branches(("left", "right"))
    found = align(shared, apart)
    assert "'one.weight' is shared" in found.differences[0].detail


def test_a_layer_that_only_the_twin_shares_is_a_mismatch():
    shared, apart = twin_branches(("one", "one")), twin_branches(("left", "right"))
    found = align(apart, shared)
    assert any("'one.weight' is shared" in difference.detail for difference in found.differences)


def used_twice(first: Op, second: Op | None = None) -> Graph:
    """``first(x) + first(x)``, with one value used twice, or ``first(x) + second(x)``."""
    b = Builder("twice")
    x = b.input("x", ("N", 4))
    one = b(first, x, scope="one")
    return b.finish(b(ops.Subtract(), one, one if second is None else b(second, x, scope="two")))


def test_a_value_that_is_used_twice_is_compared_in_both_places():
    reference, twin, detail = only_difference(
        align(used_twice(ops.Tanh()), used_twice(ops.Tanh(), ops.Sigmoid()))
    )
    assert reference is not None
    assert twin is not None
    assert (reference.op, twin.op) == (ops.Tanh(), ops.Sigmoid())
    assert detail == "Tanh() against Sigmoid()"


def test_a_value_may_be_computed_again():
    assert align(used_twice(ops.Tanh()), used_twice(ops.Tanh(), ops.Tanh())).complete
    assert align(used_twice(ops.Tanh(), ops.Tanh()), used_twice(ops.Tanh())).complete


@pytest.mark.parametrize("turned", [False, True])
def test_a_dropout_that_is_drawn_again_is_another_one(turned: bool):
    once, again = used_twice(ops.Dropout(0.5)), used_twice(ops.Dropout(0.5), ops.Dropout(0.5))
    found = align(again, once) if turned else align(once, again)
    assert "is drawn once" in found.differences[0].detail


def test_an_input_of_another_size_is_a_mismatch():
    layer = (ops.Linear(3), "fc")
    found = align(of_one("a", layer, x=("N", 4)), of_one("b", layer, x=("N", 5)))
    assert found.differences[-1].detail == "shape ('N', 4) against ('N', 5)"


def test_an_input_of_another_kind_is_a_mismatch():
    def graph(dtype: ops.DType) -> Graph:
        b = Builder("kind")
        return b.finish(b(ops.Cast("float"), b.input("x", ("N",), dtype)))

    _, _, detail = only_difference(align(graph("int"), graph("bool")))
    assert detail == "int values against bool values"


def test_open_sizes_may_have_other_names():
    layer = (ops.Linear(3), "fc")
    shapes = ("N", "T", 4), ("batch", "length", 4)
    graphs = (of_one("network", layer, x=shape) for shape in shapes)
    assert align(*graphs).complete


def test_inputs_that_changed_places_are_a_mismatch():
    def graph(turned: bool) -> Graph:
        b = Builder("pair")
        pair = [b.input(name, ("N", 4)) for name in "xy"]
        return b.finish(b(ops.Subtract(), *(pair[::-1] if turned else pair)))

    _, _, detail = only_difference(align(graph(False), graph(True)))
    assert detail == "operands of Subtract in the other order"


def test_an_op_behind_an_input_is_a_difference():
    b = Builder("through")
    through = b.finish(b.input("x", ("N", 4)))
    found = align(through, of_one("b", (ops.Tanh(), ""), x=("N", 4)))
    assert only_difference(found)[2] == "Tanh() is in the twin only"


def test_another_number_of_outputs_is_a_mismatch():
    graph = network()
    found = align(graph, replace(graph, outputs=graph.outputs[:1]))
    assert only_difference(found) == (None, None, "2 outputs against 1")
