"""What an optimiser did is said in words, and every operation is counted once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from subjects import Looked

from isograd.frameworks import OPTIMISED
from isograd.views import Operation, Value, View
from isograd.views.changes import all_changes, changes
from isograd.views.fates import fates

FLOATS = (Value("float32", (2,)),)


def op(name: str, kind: str, *reads: str, node: str | None = "fc", **more: str) -> Operation:
    group = more.pop("group", None)
    phase = more.pop("phase", "forward")
    values = tuple((read, 0) for read in reads)
    return Operation(name, kind, values, FLOATS, phase, node, group=group, attributes=more)  # type: ignore[arg-type]


def view(*operations: Operation, stage: str = "before") -> View:
    return View("tensorflow", stage, stage, "", list(operations))


def held(name: str, kind: str = "parameter") -> Operation:
    return op(name, kind, phase="input", node=None)


X = held("x")


def fate_of(name: str, before: View, after: View) -> str:
    return fates(before, after).of[name]


def test_an_operation_of_the_same_name_and_kind_is_kept():
    before = view(X, op("a", "MatMul", "x"))
    assert fate_of("a", before, before) == "kept"
    assert changes(before, before) == []


def test_one_whose_name_is_another_nodes_now_is_tied_by_its_node():
    before = view(X, op("sum", "Sum", "x", node="fc2"), op("sum_1", "Sum", "x", node="fc1"))
    after = view(X, op("sum_1", "Sum", "x", node="fc2"), op("sum_2", "Sum", "x", node="fc1"))
    found = fates(before, after)
    assert found.of == {"sum": "kept", "sum_1": "kept"}
    assert not found.added


def test_members_of_a_fusion_are_fused():
    before = view(X, op("m", "MatMul", "x"), op("b", "BiasAdd", "m"), op("r", "Relu", "b"))
    fused = op("r", "_FusedMatMul", "x", group="r", fuses="MatMul, BiasAdd, Relu", parts="m, b, r")
    (change,) = changes(before, view(X, fused, stage="after"))
    assert (change.kind, change.count, change.operations) == ("fused", 3, ["m", "b", "r"])
    assert change.text == (
        "3 operations are computed inside of 1 kernel, so that values in between need not go to "
        "memory: MatMul, BiasAdd, Relu."
    )


def test_a_kernel_with_numbers_of_kinds_stands_for_as_many():
    before = view(X, *(op(name, "aten.mul.Tensor", "x", by=name) for name in "abc"))
    fused = op("k", "cpp kernel", "x", group="k", fuses="aten.mul.Tensor ×2, aten.add.Tensor")
    assert fates(before, view(X, fused)).count() == {"fused": 3}  # the third was rewritten in it
    plain = op("k", "cpp kernel", "x", group="k", fuses="aten.mul.Tensor")
    assert fates(before, view(X, plain)).count() == {"kept": 1, "eliminated": 2}


def test_a_kernel_of_several_phases_stands_for_the_loss():
    before = view(X, op("l", "aten.log", "x", phase="loss", node=None))
    after = op(
        "k", "cpp kernel", "x", group="k", phase="backward",
        fuses="aten.log, aten.mul", nodes="fc", phases="loss, backward",
    )  # fmt: skip
    backward = op("g", "aten.mul", "x", phase="backward")
    assert fate_of("l", view(*before.operations, backward), view(X, after)) == "fused"


def test_a_called_kernel_is_no_fusion():
    before = view(X, op("mm", "aten.mm.default", "x"))
    called = op("mm_1", "extern_kernels.mm", "x", fuses="aten.mm, aten.mul ×3")
    assert fate_of("mm", before, view(X, called)) == "kept"


def test_what_depends_on_constants_alone_was_folded():
    constants = held("c", "Const"), op("a", "Mul", "c", "c"), op("b", "Add", "a", "c")
    before = view(X, *constants, op("m", "Mul", "x", "b"))
    after = view(X, held("b", "Const"), op("m", "Mul", "x", "b"), stage="after")
    (change,) = changes(before, after)
    assert (change.kind, change.operations) == ("folded", ["a", "b"])


def test_a_random_value_is_never_folded_nor_a_duplicate():
    seeds = (op(name, "RandomUniform", "c") for name in "ab")
    found = fates(view(held("c", "Const"), *seeds, op("k", "Mul", "a", "b")), view(op("k", "Mul")))
    assert found.of["a"] == found.of["b"] == "eliminated"


def test_of_two_that_compute_the_same_one_is_a_duplicate():
    before = view(X, op("a", "Exp", "x"), op("b", "Exp", "x"), op("c", "Add", "a", "b"))
    after = view(X, op("a", "Exp", "x"), op("c", "Add", "a", "a"))
    assert fate_of("b", before, after) == "duplicate"
    other = view(X, op("a", "Exp", "x"), op("b", "Exp", "x", scale="2"), op("c", "Add", "a", "b"))
    assert fate_of("b", other, after) == "eliminated"


def test_transposes_are_changes_of_the_layout_gone_or_added():
    before = view(X, op("t", "Transpose", "x"), op("c", "Conv2D", "t"))
    new_one = op("n", "Transpose", "c", node="relu")
    after = view(X, op("c", "Conv2D", "x"), new_one, stage="after")
    gone, new = changes(before, after)
    assert (gone.kind, gone.operations) == ("layout", ["t"])
    assert (new.kind, new.operations) == ("layout", ["n"])


def test_what_computes_nothing_is_said_to_be_gone_by_what_it_was_for():
    before = view(X, op("i", "Identity", "x"), op("r", "Reshape", "i"), op("a", "Cast", "r"))
    found = changes(view(*before.operations, op("m", "Mul", "a")), view(X, op("m", "Mul", "x")))
    assert [change.kind for change in found] == ["eliminated"] * 3
    assert [change.operations for change in found] == [["i"], ["r"], ["a"]]
    assert "hand a value on" in found[0].text
    assert "another shape" in found[1].text
    assert "from one type to another" in found[2].text


def test_what_other_operations_compute_now_was_rewritten():
    before = view(X, op("d", "RealDiv", "x"))
    after = view(X, op("m", "Mul", "x"), stage="after")
    (rewritten, added) = changes(before, after)
    assert (rewritten.kind, rewritten.operations) == ("rewritten", ["d"])
    assert (added.kind, added.operations) == ("added", ["m"])


def test_members_that_compute_again_what_another_one_does_are_counted():
    before = view(X, op("b", "broadcast", "x"), op("m", "multiply", "b"), op("a", "add", "b"))
    first = op("f", "fusion", "x", group="f", fuses="broadcast, multiply", parts="b, m")
    second = op("g", "fusion", "x", group="g", fuses="broadcast, add", parts="b, a")
    (change,) = changes(before, view(X, first, second, stage="after"))
    assert change.count == 3
    assert "1 operation is computed again in another kernel" in change.text


def test_phases_that_the_later_view_does_not_show_are_left_out():
    before = view(X, op("m", "Mul", "x"), op("u", "Adam", "m", phase="update"))
    assert fates(before, view(X, op("m", "Mul", "x"))).of == {"m": "kept"}


def test_views_that_are_not_whole_are_not_compared():
    before, after = view(X, op("m", "Mul", "x")), view(X, stage="after")
    pairs = {"tensorflow": [("before", "after"), ("before", "missing")]}
    assert all_changes([before, view(X, op("n", "Add", "x"), stage="after")], pairs)
    after.status = "partial"
    assert all_changes([before, after], pairs) == []


KINDS = ("Mul", "Add", "Identity", "Reshape", "Transpose", "Cast", "Shape")


@st.composite
def graphs(draw: st.DrawFn) -> View:
    operations = [X, held("c", "Const")]
    for number in range(draw(st.integers(1, 8))):
        read = draw(st.sampled_from([one.name for one in operations]))
        one = op(
            f"o{draw(st.integers(0, 3))}_{number}",
            draw(st.sampled_from(KINDS)),
            read,
            node=draw(st.sampled_from(["fc", "relu", None])),
            phase=draw(st.sampled_from(["forward", "backward"])),
        )
        if draw(st.booleans()):
            one.group = one.name
            one.attributes["fuses"] = ", ".join(draw(st.lists(st.sampled_from(KINDS), max_size=4)))
        operations.append(one)
    return view(*operations)


@given(graphs(), graphs())
def test_every_operation_has_one_fate(before: View, after: View):
    shown = {one.phase for one in after.operations if one.phase != "input"}
    counted = [one.name for one in before.operations if one.phase in shown]
    found = fates(before, after)
    assert sorted(found.of) == sorted(counted)
    told = sum(change.count for change in changes(before, after))
    assert told == len(counted) - found.count()["kept"] + len(found.added)


@pytest.mark.parametrize(
    ("framework", "earlier", "later"),
    [("torch", "dynamic", "aot"), ("tensorflow", "function", "grappler")],
)
def test_real_views_add_up(
    looked: Callable[[str, str], Looked], framework: str, earlier: str, later: str
):
    assert (earlier, later) in OPTIMISED[framework]
    before, after = (looked(framework, "mlp")[stage] for stage in (earlier, later))
    found = fates(before, after)
    shown = {one.phase for one in after.operations} - {"input"}
    assert sum(found.count().values()) == sum(n for p, n in before.count().items() if p in shown)
    told = sum(change.count for change in changes(before, after))
    assert told + found.count()["kept"] == sum(found.count().values()) + len(found.added)


def test_grapplers_fused_kernels_are_counted(looked: Callable[[str, str], Looked]):
    before, after = (looked("tensorflow", "mlp")[stage] for stage in ("function", "grappler"))
    found = fates(before, after)
    kinds = after.kinds()
    assert len(found.kernels) == sum(n for kind, n in kinds.items() if kind.startswith("_Fused"))
    assert "folded" in {change.kind for change in changes(before, after)}
