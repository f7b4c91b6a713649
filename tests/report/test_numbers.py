import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isograd.notation import numbers
from isograd.result import Interval

positive = st.floats(1e-3, 1e9)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (Interval(411.7, 409.9, 415.2), ("412 µs", "[410–415]")),
        (Interval(2312.0, 2301.0, 2320.0), ("2.31 ms", "[2.30–2.32]")),
        (Interval(1.84e6, 1.7e6, 1.9e6), ("1.8 s", "[1.7–1.9]")),
        (Interval(437.0, 200.0, 900.0), ("440 µs", "[200–900]")),
        (Interval(0.52, 0.51, 0.53), ("0.52 µs", "[0.51–0.53]")),
    ],
)
def test_a_time_has_the_digits_that_its_interval_supports(interval, expected):
    assert numbers.time_range(interval) == expected


def test_a_ratio_has_the_digits_that_its_interval_supports():
    assert numbers.ratio_range(1.4312, 1.4103, 1.4498) == ("1.43×", "[1.41–1.45]")
    assert numbers.ratio_range(1.4312, 1.1, 1.9) == ("1.4×", "[1.1–1.9]")


@given(positive, st.floats(1e-6, 10))
def test_rounding_never_moves_a_value_by_more_than_its_interval_is_wide(value, fraction):
    width = value * fraction
    shown = round(value, numbers.decimals(value, width))
    assert abs(shown - value) <= max(width, value * 10 ** -(numbers.MOST_DIGITS - 1))


@given(positive)
def test_a_value_keeps_two_significant_digits_however_wide_its_interval(value):
    shown = round(value, numbers.decimals(value, 1e12))
    assert abs(shown - value) <= 0.05 * value * 1.0001


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "0×"),
        (0.01, "<0.1×"),
        (0.62, "0.6×"),
        (31.4, "31×"),
        (31400.0, "3.1e4×"),
        (math.inf, "∞×"),
        (math.nan, "–"),
    ],
)
def test_a_deviation_is_a_multiple_with_at_most_two_digits(value, expected):
    assert numbers.multiple(value) == expected


def test_a_percentage_has_the_digits_that_the_spread_over_seeds_supports():
    assert numbers.percent(0.97834) == "97.8%"
    assert numbers.percent(0.97834, spread=0.0004) == "97.83%"
    assert numbers.percent(0.97834, spread=0.03) == "98%"


@pytest.mark.parametrize(
    "write", [numbers.time, numbers.seconds, numbers.percent, numbers.memory, numbers.plain]
)
@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_no_number_is_a_dash(write, value):
    assert write(value) == numbers.MISSING


def test_an_interval_that_is_not_finite_does_not_stop_the_report():
    text, bounds = numbers.time_range(Interval(411.7, math.nan, math.nan))
    assert text == "412 µs"
    assert bounds == "[–––]"


def test_ticks_have_no_digits_to_spare():
    assert [numbers.tick_time(t) for t in (0.0, 500.0, 1e4, 1e9)] == [
        "0",
        "500 µs",
        "10 ms",
        "1,000 s",
    ]
