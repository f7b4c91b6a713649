"""Where operations stand, for views of all shapes."""

import time
from itertools import pairwise

import pytest
from graphs import make_graphs, make_hostile, make_large
from hypothesis import given, settings
from hypothesis import strategies as st

from isograd.views import Operation, View
from isograd.views.arrangement import Arrangement, arrange
from isograd.views.groups import Group
from isograd.views.labels import labels
from isograd.views.layers import ranks
from isograd.views.placement import Placement, folded_at_first, place
from isograd.views.routes import Line, Router
from isograd.views.twins import rising


def view_of(operations: list[Operation]) -> View:
    return View("torch", "dynamic", "Dynamic graph", "", operations)


@st.composite
def views(draw) -> View:
    """Acyclic, with modules that are called again and again."""
    found: list[Operation] = []
    for i in range(draw(st.integers(1, 24))):
        earlier = st.sampled_from([one.name for one in found]) if found else st.nothing()
        reads = draw(st.lists(earlier, max_size=3)) if found else []
        phase = draw(st.sampled_from(["input", "forward", "loss", "backward", "update", "other"]))
        scope = draw(st.sampled_from(["", "a", "a.b", "a.c", "d", "d.e.f"]))
        node = draw(st.sampled_from([None, "n", "m"]))
        group = draw(st.sampled_from([None, "k1", "k2"]))
        reading = tuple((name, 0) for name in reads)
        found.append(Operation(f"o{i}", "op", reading, (), phase, node, scope, None, group))
    return view_of(found)


def items(groups: list[Group]) -> list[int]:
    return sorted(item for group in groups for row in group.rows for item in row if item >= 0)


def sizes(found: Arrangement) -> list[tuple[str, int]]:
    return [(group.title, group.operations) for group in found.groups]


def drawn(view: View, folded: tuple[int, ...] = ()) -> tuple[Placement, list[Line]]:
    arrangement = arrange(view)
    placed = place(arrangement, labels(view, arrangement), folded)
    return placed, Router(view, arrangement).lines(placed)


@settings(max_examples=60, deadline=None)
@given(views(), st.sampled_from(["module", "kernel"]))
def test_every_operation_and_every_inner_group_stands_in_one_place(view, by):
    found = arrange(view, by)
    total = len(view.operations)
    lanes = {total + number for number in found.lanes.values()}
    everything = set(range(total + len(found.groups))) - lanes
    assert items(found.groups) == sorted(everything)


@settings(max_examples=60, deadline=None)
@given(views())
def test_boxes_do_not_overlap_and_lie_within_their_group(view):
    placed, _ = drawn(view)
    arrangement = arrange(view)
    for number, group in enumerate(arrangement.groups):
        around = placed.boxes[len(view.operations) + number]
        inside = [placed.boxes[item] for row in group.rows for item in row if item >= 0]
        for i, box in enumerate(inside):
            assert around.x <= box.x + 1e-6
            assert box.x + box.width <= around.x + around.width + 1e-6
            assert around.y <= box.y
            assert box.y + box.height <= around.y + around.height + 1e-6
            for other in inside[:i]:
                beside = (
                    box.x + box.width <= other.x + 1e-6 or other.x + other.width <= box.x + 1e-6
                )
                above = (
                    box.y + box.height <= other.y + 1e-6 or other.y + other.height <= box.y + 1e-6
                )
                assert beside or above


@settings(max_examples=40, deadline=None)
@given(views())
def test_the_same_view_is_always_arranged_in_the_same_way(view):
    assert arrange(view) == arrange(view)


def test_values_flow_down_and_gradients_beside_them_flow_up():
    view = make_graphs().views[0]
    placed, lines = drawn(view)
    upwards = {i for i, one in enumerate(view.operations) if one.phase == "backward"}
    for line in lines:
        if line.aside or view.operations[line.sources[0]].phase == "loss":
            continue
        source, reader = placed.boxes[line.item], placed.boxes[line.to]
        if line.to in upwards:
            assert reader.y + reader.height <= source.y
        else:
            assert source.y + source.height <= reader.y


def test_gradients_stand_beside_their_module():
    view = make_graphs().views[0]
    arrangement = arrange(view)
    placed, _ = drawn(view)
    tops: dict[str, list[float]] = {}
    for number, group in enumerate(arrangement.groups):
        if group.scope.startswith("blocks."):
            tops.setdefault(group.scope, []).append(placed.boxes[len(view.operations) + number].y)
    assert [len(both) for scope, both in tops.items() if scope.count(".") == 1] == [2] * 4
    assert all(max(both) - min(both) < 1e-6 for both in tops.values())


def test_a_value_that_passes_operations_goes_around_them():
    view = make_graphs(1).views[0]
    placed, lines = drawn(view)
    number = {one.name: i for i, one in enumerate(view.operations)}
    (line,) = (one for one in lines if (one.item, one.to) == (number["x"], number["b0_add"]))
    relu = placed.boxes[number["b0_relu"]]
    beside = [x for x, y in line.points if relu.y <= y <= relu.y + relu.height]
    assert beside
    assert not any(relu.x < x < relu.x + relu.width for x in beside)


def test_a_module_that_is_called_twice_is_there_twice():
    names = ["conv1", "relu1", "conv2", "relu2"]
    operations = [
        Operation(name, "op", ((names[i - 1], 0),) if i else (), (), "forward", name, name[:4])
        for i, name in enumerate(names)
    ]
    for operation in operations:
        operation.scope = "relu" if operation.scope == "relu" else operation.name
    _, lines = drawn(view_of(operations))
    placed, _ = drawn(view_of(operations))
    tops = [placed.boxes[i].y for i in range(4)]
    assert tops == sorted(tops)
    assert len(lines) == 3


def test_what_is_of_one_node_stays_together_where_calls_are_taken_apart():
    operations = [
        Operation("a", "op", (), (), "forward", "bn", "bn"),
        Operation("count", "op", (), (), "forward", "bn", "bn"),
        Operation("b", "op", (("a", 0),), (), "forward", "relu", "relu"),
        Operation("c", "op", (("b", 0), ("count", 0)), (), "forward", "fc", "fc"),
        Operation("d", "op", (("c", 0),), (), "forward", "relu_1", "relu"),
    ]
    assert sizes(arrange(view_of(operations))) == [("forward", 5), ("bn", 2)]


def test_a_kernel_that_prepares_gradients_stands_where_it_runs():
    operations = [
        Operation("conv", "extern"),
        Operation("fused", "cpp", (("conv", 0),), (), "backward"),
        Operation("conv_1", "extern", (("fused", 0),)),
        Operation("gradient", "cpp", (("conv_1", 0),), (), "backward"),
    ]
    assert sizes(arrange(view_of(operations))) == [("forward", 3), ("backward", 1)]


def test_many_inputs_of_one_operation_are_a_group():
    inputs = [Operation(f"p{i}", "state", phase="input") for i in range(40)]
    adam = Operation("adam", "op", tuple((one.name, 0) for one in inputs), (), "update")
    found = arrange(view_of([*inputs, adam]))
    assert sizes(found) == [("update", 41), ("inputs of adam", 40)]


def test_parameters_stand_in_the_module_that_reads_them_and_inputs_do_not():
    operations = [
        Operation("x", "input", phase="input"),
        Operation("w", "parameter", phase="input"),
        Operation("t", "aten.t", (("w", 0),), (), "forward", "fc", "fc"),
        Operation("mm", "aten.mm", (("x", 0), ("t", 0)), (), "forward", "fc", "fc"),
        Operation("relu", "aten.relu", (("mm", 0),), (), "forward", "relu", "relu"),
    ]
    found = arrange(view_of(operations))
    assert [(group.title, group.operations) for group in found.groups] == [
        ("forward", 5),
        ("fc", 3),
    ]


def test_a_group_that_reads_what_reads_it_is_still_drawn():
    operations = [
        Operation("a", "op", (), (), "forward", None, "m"),
        Operation("b", "op", (("a", 0),), (), "forward", None, "n"),
        Operation("c", "op", (("b", 0), ("a", 0)), (), "forward", None, "m"),
        Operation("d", "op", (("c", 0),), (), "forward", None, "n"),
        Operation("e", "op", (("d", 0), ("b", 0)), (), "forward", None, "n"),
    ]
    placed, lines = drawn(view_of(operations))
    assert set(range(5)) <= set(placed.boxes)
    assert len(lines) == 6


def test_what_is_folded_hides_what_is_in_it_and_keeps_its_lines():
    view = make_graphs(2).views[0]
    arrangement = arrange(view)
    blocks = [n for n, group in enumerate(arrangement.groups) if group.scope == "blocks"]
    placed, lines = drawn(view, tuple(blocks))
    assert all(len(view.operations) + n in placed.boxes for n in blocks)
    assert not any(len(view.operations) + n in placed.opened for n in blocks)
    number = {one.name: i for i, one in enumerate(view.operations)}
    assert number["b0_fc"] not in placed.boxes
    ends = {(line.item, line.to) for line in lines}
    assert (number["x"], len(view.operations) + blocks[0]) in ends
    assert (number["loss"], len(view.operations) + blocks[1]) in ends


def test_what_flows_between_two_that_are_visible_is_one_line():
    view = make_graphs(2).views[0]
    arrangement = arrange(view)
    folded = tuple(n for n, group in enumerate(arrangement.groups) if group.kind == "lane")
    _, lines = drawn(view, folded)
    ends = [(line.item, line.to) for line in lines]
    assert len(ends) == len(set(ends))
    between = {read for line in lines for read in zip(line.sources, line.readers, strict=True)}
    to_loss_and_back, saved, gradients = 2, 2 * 2, 2 * 2
    assert len(between) == to_loss_and_back + saved + gradients


def test_a_view_without_operations_has_no_groups():
    assert arrange(view_of([])).groups == []
    assert drawn(view_of([])) == (Placement(), [])


def test_kernels_are_groups_of_their_own():
    found = arrange(make_graphs().views[0], "kernel")
    kernels = [group for group in found.groups if group.kind == "kernel"]
    assert [(group.title, group.operations) for group in kernels] == [
        ("fused_0", 2),
        ("fused_1", 2),
    ]


def test_modules_within_modules_have_an_end():
    operation = Operation("a", "op", scope=".".join(["m"] * 5000))
    beside = Operation("b", "op", scope=".".join(["m"] * 4999))
    assert len(arrange(view_of([operation, beside])).groups) < 40


def test_a_row_is_not_wider_than_it_has_to_be():
    rank, _ = ranks(400, [])
    widest = max(rank.count(row) for row in set(rank))
    assert widest <= 26


def test_a_circle_of_items_is_cut_at_one_place():
    assert ranks(3, [(0, 1), (1, 2), (2, 0)]) == ([0, 1, 2], 1)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_pairs_that_rise_are_found(pairs):
    found = rising(pairs)
    assert set(found) <= set(pairs)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(found))
    assert bool(found) == bool(pairs)


def test_few_are_unfolded_at_first():
    view = make_large().views[0]
    arrangement = arrange(view)
    placed = place(arrangement, labels(view, arrangement), folded_at_first(arrangement))
    assert 4 <= len(placed.boxes) <= 60


def test_a_lane_that_is_too_large_is_folded_at_first_unless_it_is_the_only_one():
    updates = [Operation(f"u{i}", "op", phase="update") for i in range(200)]
    alone = arrange(view_of(updates))
    assert folded_at_first(alone) == []
    found = arrange(view_of([Operation("a", "op"), *updates]))
    assert folded_at_first(found) == [found.lanes["update"]]


@pytest.mark.parametrize("view", make_hostile().views[:1])
def test_names_that_are_long_are_cut(view):
    assert all(len(label.title) <= 30 for label in labels(view, arrange(view)))


def test_three_thousand_operations_are_arranged_within_a_second():
    view = make_large().views[0]
    begun = time.process_time()
    arrange(view)
    assert time.process_time() - begun < 1.0
