"""Two implementations, told in a terminal."""

import io

import pytest
from explanations import bn_eps, make_equivalent, make_explanation, make_trainings, softmax
from rich.console import Console

from isograd.explanation import Explanation
from isograd.report.explained import where_first
from isograd.report.terminal_explanation import render_explanation
from isograd.result import Effect

WIDTHS = [60, 80, 100, 140, 200]


def printed(
    found: Explanation, width: int = 100, encoding: str = "utf-8", colour: bool = False
) -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    render_explanation(found, Console(file=file, width=width, force_terminal=colour), "out/it.html")
    file.flush()
    return raw.getvalue().decode(encoding)


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_wider_than_the_terminal_and_nothing_is_cut_off(width):
    for found in (make_explanation(places=5), make_equivalent()):
        text = printed(found, width)
        assert max(map(len, text.splitlines())) <= width
        assert "…" not in text


@pytest.mark.parametrize("width", WIDTHS)
def test_the_verdict_comes_first_then_the_first_divergence_then_the_causes(width):
    text = words(printed(make_explanation(), width))
    order = [
        "Not the same network. Two causes explain it.",
        "First divergence: stage forward, 9.3e11× the rounding envelope",
        "BatchNorm blocks.0.bn (net.py:12): -1.25172 -0.626008",
        "1 unknown",
        "2 bn-eps",
        "One harmless difference",
        "Report: out/it.html",
    ]
    places = [text.index(one) for one in order]
    assert places == sorted(places)


def test_a_cause_has_its_place_its_effect_and_the_fix_for_the_twin():
    text = words(printed(make_explanation(), 140))
    assert "at blocks.0.bn (net.py:12) → twin: block0.norm (port.py:12)" in text
    assert (
        "effect 8.8e11× the rounding envelope in forward, 0.067% of its scale"
        " → mended: within rounding" in text
    )
    assert "fix TensorFlow: layers.BatchNormalization(epsilon=1e-05)" in text
    assert "nn.BatchNorm2d" not in text


def test_the_fix_is_for_the_framework_of_the_twin():
    found = make_explanation()
    found.frameworks = ("tensorflow", "torch")
    assert "PyTorch: nn.BatchNorm2d(channels, eps=1e-05)" in words(printed(found))


def test_many_places_are_counted():
    assert "and five places more" in words(printed(make_explanation(places=7)))


def test_accepted_causes_are_named():
    found = make_explanation()
    found.causes[1].accepted = True
    assert "Accepted: bn-eps" in printed(found)
    assert "Accepted" not in printed(make_explanation())


def test_with_all_causes_accepted_it_is_the_same_network():
    found = make_explanation()
    found.causes, found.verdict = [bn_eps()], "equivalent"
    found.causes[0].accepted = True
    assert "The same network, but for one accepted difference." in printed(found)


def test_what_is_left_is_told_in_the_answer():
    found = make_explanation()
    found.rest = "with all of this mended, the two still differ in the stage loss"
    text = words(printed(found))
    assert "Not the same network: two causes, and something unexplained." in text
    assert "With all of this mended, the two still differ in the stage loss." in text
    assert "agree in every stage" not in text


def test_two_that_part_in_the_loss_part_at_no_op():
    found = make_explanation()
    one = found.location.divergences[0]
    one.stage = one.node = one.tensor = one.reference.node = one.twin.node = "loss"
    assert where_first(found) == "They first part in the stage loss: 9.3e11× the rounding envelope."


def test_trainings_end_in_a_table():
    found = make_explanation()
    found.training = make_trainings()
    lines = [line.split() for line in printed(found, 60).splitlines()]
    assert ["twin", "0.035", "97.0%", "2"] in lines
    assert ["reference", "0.075", "93.1%", "2"] in lines


def test_without_a_cause_there_is_the_table_of_stages():
    text = printed(make_equivalent())
    assert "gradients" in text
    assert "The same network." in text
    assert "12,474 parameters" in text


def test_an_inconclusive_pair_is_not_called_the_same():
    found = make_equivalent()
    found.verdict = found.stages[-1].verdict = "inconclusive"
    text = printed(found)
    assert "Not proven to be the same network." in text
    assert "The same network." not in text
    assert "Every stage agrees" not in text


def test_what_could_not_be_measured_has_a_reason_and_no_figures():
    found = make_explanation()
    found.causes[0].before = Effect("different", reason="not measured at a fixed batch")
    text = words(printed(found, 140))
    assert "effect not measured at a fixed batch 2 bn-eps" in text
    assert "With both causes mended in the twin" in text
    assert "with bn-eps left in, they do not" in text
    found.causes += [bn_eps()]
    text = words(printed(found, 140))
    assert "any one of the two that could be measured left in, they do not" in text


def test_causes_that_show_nothing_at_a_fixed_batch_are_not_said_to_be_proven_there():
    found = make_explanation()
    found.causes = [softmax()]
    found.causes[0].before = Effect("inconclusive", reason="no effect where it was looked at")
    found.verdict, found.location = "inconclusive", None
    text = words(printed(found))
    assert "Not proven to be the same network." in text
    assert "what differs matters in the course of a training, or for other inputs" in text
    assert "left in" not in text


def test_a_terminal_without_utf8_gets_ascii():
    text = printed(make_explanation(), 100, "ascii")
    assert text.isascii()
    assert "9.3e11x the rounding envelope" in text
    assert "-> mended" in text


def test_markup_and_control_characters_reach_no_terminal():
    found = make_explanation()
    found.causes[0].summary = "[red]gone[/red] \x1b[2J"
    text = printed(found)
    assert "[red]gone[/red]" in text
    assert "\x1b" not in text


def test_colour_adds_nothing_but_colour():
    assert "\x1b[" in printed(make_explanation(), colour=True)
    assert "\x1b[" not in printed(make_explanation())
