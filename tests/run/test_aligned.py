"""Both graphs side by side, as rows."""

from __future__ import annotations

import pytest
from networks import NETWORKS
from planted_changes import changes

from isograd.explanation import AlignedRow
from isograd.ir import ops
from isograd.ir.alignment import align
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.result import FirstDivergence, Place, Spot
from isograd.run.aligned import LONGEST, aligned_rows, with_errors

GRAPHS = {name: make() if callable(make) else make for name, make in NETWORKS.items()}

PLANTED = [
    pytest.param(graph, planted, id=f"{name}-{change}")
    for name, graph in GRAPHS.items()
    for change, planted in changes(graph)
]


def rows_of(reference: Graph, twin: Graph) -> list[AlignedRow]:
    return aligned_rows(reference, twin, align(reference, twin))


def names(spots: list[Spot | None]) -> list[str]:
    return list(dict.fromkeys(spot.node for spot in spots if spot))


def tail(kind: str, *, scopes: tuple[str, str] = ("fc", "head")) -> Graph:
    """A network that ends in its own way."""
    b = Builder("net")
    x = b(ops.Linear(4), b.input("x", ("N", 3, 8)), scope=f"body.{scopes[0]}")
    x = b(ops.ReLU(), x, scope="body")
    x = b(ops.Flatten(), x, scope="body")
    if kind == "dropout":
        x = b(ops.Dropout(0.5), x, scope="drop")
    x = b(ops.Linear(2), x, scope=scopes[1])
    if kind == "softmax":
        x = b(ops.Softmax(-1), x)
    return b.finish(x)


@pytest.mark.parametrize(("reference", "twin"), PLANTED)
def test_everything_of_both_sides_is_in_a_row_in_its_order(reference, twin):
    rows = rows_of(reference, twin)
    ours = names([row.reference for row in rows])
    assert sorted(ours) == sorted([*reference.inputs, *(node.name for node in reference.nodes)])
    theirs = names([row.twin for row in rows])
    assert sorted(theirs) == sorted([*twin.inputs, *(node.name for node in twin.nodes)])


@pytest.mark.parametrize(("reference", "twin"), PLANTED)
def test_a_planted_change_is_in_sight(reference, twin):
    if align(reference, twin).differences:
        assert not all(row.is_plain for row in rows_of(reference, twin))


@pytest.mark.parametrize("name", GRAPHS)
def test_a_network_beside_itself_has_nothing_to_show(name):
    rows = rows_of(GRAPHS[name], GRAPHS[name])
    assert {row.kind for row in rows} <= {"same", "folded"}
    assert all(row.reference == row.twin for row in rows)


def test_attributes_that_differ_are_told_with_both_values_and_not_again_in_the_op():
    def network(**attributes) -> Graph:
        b = Builder("net")
        return b.finish(b(ops.BatchNorm(**attributes), b.input("x", ("N", 4)), scope="bn"))

    row = rows_of(network(), network(eps=1e-3, momentum=0.01))[1]
    assert row.kind == "differs"
    assert row.attributes == [("eps", "1e-05", "0.001"), ("momentum", "0.1", "0.01")]
    assert row.reference
    assert row.twin
    assert row.reference.op == row.twin.op == "BatchNorm"


def test_what_only_one_side_has_stands_where_that_side_has_it():
    rows = rows_of(tail("dropout"), tail("softmax"))
    kinds = [(row.kind, (row.reference or row.twin).op.split("(")[0]) for row in rows]
    assert kinds == [
        ("same", "Input"),
        ("same", "Linear"),
        ("same", "ReLU"),
        ("folded", "Flatten"),
        ("reference only", "Dropout"),
        ("same", "Linear"),
        ("twin only", "Softmax"),
    ]


def test_a_region_that_is_written_otherwise_stands_side_by_side():
    def network(gate: bool) -> Graph:
        b = Builder("net")
        x = b(ops.Linear(4), b.input("x", ("N", 4)), scope="fc")
        x = b(ops.Tanh(), b(ops.Exp(), x)) if gate else b(ops.Clip(0, 1), b(ops.Sin(), x))
        return b.finish(b(ops.Linear(2), x, scope="head"))

    rows = rows_of(network(True), network(False))
    written = [row for row in rows if row.kind == "rewritten"]
    assert [row.reference and row.reference.op for row in written] == ["Exp", "Tanh"]
    assert [row.twin and row.twin.op for row in written] == ["Sin", "Clip(minimum=0, maximum=1)"]
    assert written[0].detail
    assert not written[1].detail


def test_rows_know_the_modules_of_both_sides():
    rows = rows_of(tail("dropout", scopes=("fc", "head")), tail("", scopes=("dense", "out")))
    assert [row.module for row in rows] == [
        ("", ""),
        *[("body", "body")] * 3,
        *[("", "body")],
        ("", ""),
    ]


def test_a_module_that_holds_others_is_the_module_of_its_own_ops():
    rows = rows_of(tail(""), tail(""))
    assert [row.module[0] for row in rows if row.reference.op == "ReLU"] == ["body"]


def test_parameters_that_cannot_be_told_apart_are_marked():
    def network() -> Graph:
        b = Builder("net")
        x = b.input("x", ("N", 4))
        return b.finish(b(ops.Add(), *(b(ops.Linear(4), x, scope=s) for s in ("left", "right"))))

    rows = rows_of(network(), network())
    assert [row.ambiguous for row in rows] == [False, True, True, False]


def test_what_no_output_depends_on_is_said_to_be_so():
    b = Builder("net")
    x = b.input("x", ("N", 4))
    b(ops.ReLU(), x)
    graph = b.finish(b(ops.Tanh(), x))
    (row,) = [row for row in rows_of(graph, graph) if row.detail]
    assert row.detail == "no output depends on it"
    assert row.is_plain


def test_long_values_are_cut():
    b = Builder("net")
    graph = b.finish(b(ops.Reshape(("N", *[1] * 200)), b.input("x", ("N",))))
    row = rows_of(graph, graph)[1]
    assert row.reference
    assert LONGEST < len(row.reference.op) < 2 * LONGEST


def test_deviations_along_the_depth_stand_in_their_rows():
    rows = rows_of(tail(""), tail("softmax"))
    found = FirstDivergence(
        "forward", "head", "head", Place(None, "head"), Place(None, "head"), 9e9, 1.0, 1e-16,
        along=[(0, "x", 0.0), (1, "body_fc", 0.5), (4, "head", 9e9)],
    )  # fmt: skip
    ratios = [row.ratio for row in with_errors(rows, found)]
    assert ratios == [0.0, 0.5, None, None, 9e9, None]
