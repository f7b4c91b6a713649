"""Open sizes become numbers, in types and in the attributes of ops."""

from isograd.ir.builder import Builder
from isograd.ir.ops import Arange, Linear, Reshape
from isograd.ir.settled import with_sizes
from small_language_models import next_token


def test_a_size_is_a_number_everywhere():
    graph = with_sizes(next_token(), {"T": 6})
    assert graph.inputs["input_ids"].shape == ("N", 6)
    assert graph.type_of(graph.outputs[0]).shape == ("N", 6, 11)
    assert [node.op.stop for node in graph.nodes if isinstance(node.op, Arange)] == [6]
    assert graph.parameters == next_token().parameters


def test_a_size_in_a_product_is_multiplied():
    b = Builder("rows")
    x = b.input("x", ("N", "T", 4))
    graph = b.finish(b(Linear(2), b(Reshape(("N*T", 4)), x)))
    assert with_sizes(graph, {"T": 3}).type_of(graph.outputs[0]).shape == ("3*N", 2)
