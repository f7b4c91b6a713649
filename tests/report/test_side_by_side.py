"""What of two networks is shown, and what is folded away."""

import math

import pytest
from explanations import make_explanation, make_rows, row

from isograd.report.deviations import bars, depth, row_width
from isograd.report.explained import counted, counts, relative
from isograd.report.side_by_side import AROUND, FEWEST_FOLDED, row_of, signs, stretches
from isograd.result import Effect


def alike(count: int) -> list:
    return [row(f"a.{i}", f"b.{i}") for i in range(count)]


def odd(name: str = "odd"):
    return row(name, name, kind="differs", detail="of other axes")


def lengths(rows) -> list[tuple[bool, int]]:
    return [(bool(one.summary), len(one.lines)) for one in stretches(rows, [], [])]


def test_what_differs_stands_open_with_a_few_lines_around_it():
    rows = [*alike(20), odd(), *alike(20)]
    assert lengths(rows) == [(True, 20 - AROUND), (False, 1 + 2 * AROUND), (True, 20 - AROUND)]


def test_a_short_stretch_is_not_worth_a_fold():
    between = 2 * AROUND + FEWEST_FOLDED - 1
    assert lengths([odd(), *alike(between), odd()]) == [(False, between + 2)]
    assert len(lengths([odd(), *alike(between + 1), odd()])) == 3


def test_every_row_is_in_one_stretch_in_order():
    rows = make_rows()
    numbers = [line.number for one in stretches(rows, [], []) for line in one.lines]
    assert numbers == list(range(len(rows)))


def test_an_ambiguous_op_and_the_first_divergence_are_never_folded():
    rows = alike(30)
    rows[10].ambiguous = True
    found = make_explanation()
    found.location.divergences[0].node = "a_20"
    shown = [
        line.number
        for one in stretches(rows, [], found.location.divergences)
        for line in one.lines
        if not one.summary
    ]
    assert {10, 20} <= set(shown)


def test_modules_are_headings_where_they_change_and_where_a_stretch_begins():
    found = stretches(make_rows(), [], [])
    headings = [(line.number, line.heading) for one in found for line in one.lines if line.heading]
    assert headings[:2] == [(0, ("blocks.0", "block0")), (3, ("blocks.1", "block1"))]
    starts = [one.lines[0] for one in found if any(one.lines[0].row.module)]
    assert all(line.heading for line in starts)


def test_ops_are_named_within_their_module():
    line = stretches(make_rows(), [], [])[0].lines[1]
    assert [cell.name for cell in line.cells if cell] == ["bn", "norm"]
    assert line.cells[0].differing == ["eps=1e-05"]


def test_what_rounding_explains_is_told_from_what_it_does_not():
    rows = make_rows()
    rows[1].ratio, rows[2].ratio, rows[3].ratio = 63.0, 65.0, None
    lines = [line for one in stretches(rows, [], []) for line in one.lines]
    assert [line.over for line in lines[:4]] == [False, False, True, False]


def test_causes_are_told_where_they_are():
    found = make_explanation()
    lines = [line for one in stretches(found.rows, found.causes, []) for line in one.lines]
    assert {line.number: line.causes for line in lines if line.causes} == {1: [2], 36: [1]}


def test_only_signs_that_are_there_are_explained():
    assert signs(stretches(make_rows(), [], [])) == {
        "=": "alike",
        "≠": "differs",
        "+": "in the twin only",
    }


def test_a_row_is_found_by_either_side():
    assert row_of(make_rows(), (0, "blocks_1_bn")) == 4
    assert row_of(make_rows(), (1, "softmax")) == 36
    assert row_of(make_rows(), (0, "softmax")) is None


def test_bars_grow_with_the_deviation_and_rounding_is_short():
    top = 1e15
    assert 0 < row_width(1.0, top) < row_width(1e6, top) < row_width(1e15, top) <= 84
    assert row_width(None, top) == 0.0
    assert row_width(math.nan, top) == 0.0
    assert row_width(math.inf, top) == row_width(1e99, top)


def test_a_bar_without_end_stops_at_the_edge():
    found = make_explanation()
    found.causes[0].before = Effect("different", "structure", math.inf, math.inf)
    picture = bars(found.causes)[0]
    assert picture.left + picture.bars[0].width == picture.right


def test_the_error_along_the_depth_rises_at_the_first_divergence():
    found = make_explanation()
    chart = depth(found.location.divergences[0])
    assert chart.mark.y < chart.rounding < chart.dots[0].y
    assert chart.path.count("L") == 35


def test_one_value_makes_no_chart():
    found = make_explanation()
    found.location.divergences[0].along = [(0, "blocks_0_bn", 1e9)]
    assert depth(found.location.divergences[0]) is None


def test_what_corresponds_is_counted():
    assert counts(make_explanation()) == (
        "36 ops that correspond, of which one op differs; one op in the twin only."
    )


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0.0, ""),
        (math.nan, ""),
        (math.inf, ""),
        (3.2e-7, "3e-07"),
        (0.00067, "0.067%"),
        (0.27, "27%"),
        (1.08, "108%"),
        (2.5e7, "2.5e7×"),
    ],
)
def test_a_relative_deviation_is_a_percentage_where_that_is_readable(fraction, text):
    assert relative(fraction) == text


def test_counts_are_words_as_far_as_people_write_them_out():
    assert [counted(n, "cause") for n in (1, 3, 12)] == ["one cause", "three causes", "12 causes"]
