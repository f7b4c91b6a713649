import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isograd.report import charts
from isograd.report.scales import Scale
from isograd.result import Curve, Interval, Mode

spans = st.tuples(st.floats(1e-6, 1e6), st.floats(1.01, 1e6)).map(lambda p: (p[0], p[0] * p[1]))


@given(spans, st.booleans())
def test_ticks_stand_inside_the_axis_in_order_and_are_neither_few_nor_many(span, log):
    ticks = Scale(*span, 0, 100, log).ticks()
    assert ticks == sorted(set(ticks))
    assert all(span[0] * 0.99 <= tick <= span[1] * 1.01 for tick in ticks)
    assert len(ticks) <= 14
    if not log:
        assert len(ticks) >= 2


@given(spans, st.booleans(), st.floats(0, 1))
def test_a_scale_keeps_order_and_stays_on_the_axis(span, log, share):
    scale = Scale(*span, 10, 90, log)
    middle = span[0] + share * (span[1] - span[0])
    assert 10 <= scale(span[0]) <= scale(middle) <= scale(span[1]) <= 90


def test_a_scale_with_a_single_value_puts_it_in_the_middle():
    assert Scale(3.0, 3.0, 0, 100)(3.0) == 50


def test_a_training_curve_is_the_mean_in_a_band_of_all_seeds():
    mode = Mode("torch", "eager", curves=[Curve(s, [2.0 + s, 1.0 + s], [], [1, 2]) for s in (0, 2)])
    assert charts._over_seeds(mode.curves, "loss", "epoch") == [
        (1, 3.0, 2.0, 4.0),
        (2, 2.0, 1.0, 3.0),
    ]
    assert [p[0] for p in charts._over_seeds(mode.curves, "loss", "seconds")] == [1.0, 2.0]


def test_a_loss_that_is_not_finite_is_left_out_of_the_curve():
    mode = Mode("torch", "eager", curves=[Curve(0, [2.0, math.nan, 1.0], [], [1, 2, 3])])
    chart = charts.training(charts.courses([mode]), "loss", "epoch")
    assert "nan" not in chart.lines[0].path
    assert len(chart.lines[0].dots) == 2


def test_a_training_of_one_epoch_can_be_drawn():
    mode = Mode("torch", "eager", curves=[Curve(0, [2.0], [0.5], [1.0])])
    assert charts.training(charts.courses([mode]), "quality", "seconds").lines[0].dots


def test_the_ring_stands_where_the_mode_overtakes_eager():
    eager = Mode("torch", "eager", step_us=Interval(1000, 990, 1010), first_call_s=0.001)
    fast = Mode("torch", "jit", step_us=Interval(500, 490, 510), first_call_s=1.0005)
    fast.break_even_steps = 2000
    chart = charts.first_calls([eager, fast])
    (mark,) = chart.lines[1].marks
    assert charts._elapsed(eager, 2000) == pytest.approx(charts._elapsed(fast, 2000))
    assert "after 2,000 steps" in mark.text
    assert "PyTorch jit after 2,000 steps" in chart.summary


def test_a_mode_that_is_ahead_from_the_first_call_has_no_ring():
    mode = Mode("torch", "jit", step_us=Interval(500, 490, 510), first_call_s=0.1)
    mode.break_even_steps = 0
    chart = charts.first_calls([mode])
    assert chart.lines[0].marks == []
    assert "PyTorch jit at once" in chart.summary


def test_one_outlier_does_not_press_the_other_step_times_together():
    steps = [100.0 + i % 10 for i in range(500)]
    calm = charts.step_times([Mode("torch", "eager", samples=[steps])])
    wild = charts.step_times([Mode("torch", "eager", samples=[[*steps, 1e6]])])
    assert wild.strips[0].median == pytest.approx(calm.strips[0].median, abs=5)


@pytest.mark.parametrize("draw", [charts.first_calls, charts.step_times])
def test_nothing_measured_is_no_chart(draw):
    assert draw([Mode("torch", "eager")]) is None


def test_there_is_nothing_between_epochs():
    curves = [Curve(0, [2.0, 1.0], [], [1, 2])]
    chart = charts.training([charts.Course("a", "a", curves)], "loss", "epoch")
    assert [tick.text for tick in chart.x.ticks] == ["1", "2"]
