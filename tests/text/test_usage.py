"""Whether two sides agree: by their choices, and by the logits that these came from."""

from __future__ import annotations

import io
import json

import numpy as np
from rich.console import Console

from isograd.report.terminal_usage import render_usage
from isograd.result import Mode
from isograd.text.usage import Answer, Usage, compared

LOGITS = [np.array([1.0, 4.0, 2.0]), np.array([3.0, 0.0, 2.5]), np.array([0.0, 1.0, 2.0])]


def answer(framework: str, logits=LOGITS, choices=(1, 0, 2)) -> Answer:
    words = [f"w{choice}" for choice in choices]
    return Answer(
        Mode(framework, "eager", status="ok"),
        list(choices),
        words,
        "".join(words),
        [0.5] * len(choices),
        [2.0, 0.1, 0.1],
        list(logits),
    )


def usage(*answers: Answer, task="generation", **options) -> Usage:
    return Usage("net", task, ["so"], list(answers), **options)


def printed(found: Usage) -> str:
    console = Console(file=io.StringIO(), width=200)
    render_usage(found, console)
    return console.file.getvalue()


def test_equal_choices_from_nearly_equal_logits_agree():
    nudged = [row * (1 + 1e-6) for row in LOGITS]
    found = usage(answer("torch"), answer("tensorflow", nudged))
    assert found.agree
    text = printed(found)
    assert "the same 3 tokens" in text
    assert "1.0e-06 of the largest" in text
    assert "Without a key-value cache" in text


def test_equal_choices_from_other_logits_do_not_agree():
    found = usage(answer("torch"), answer("tensorflow", [row * 1.1 for row in LOGITS]))
    assert not found.agree
    assert "more than rounding" in printed(found)


def test_texts_that_part_say_where_and_how_close_it_was():
    """What stands behind is not compared: another token went in."""
    other = [LOGITS[0], LOGITS[1] + 1e-7, np.array([9.0, 9.0, 9.0])]
    found = usage(answer("torch"), answer("tensorflow", other, (1, 2, 0)))
    (one,) = found.agreements
    assert (one.parted, one.gap) == (1, 0.5)
    assert one.largest_difference < 1e-6
    assert not found.agree
    assert "part at number 2, where the first led by 5.0e-01" in printed(found)


def test_a_text_that_ends_earlier_is_another():
    short = answer("tensorflow", LOGITS[:2], (1, 0))
    assert compared(answer("torch"), short, "generation").parted == 2


def test_every_row_of_a_classification_is_compared():
    other = [LOGITS[0], LOGITS[1], LOGITS[2] + 0.5]
    one = compared(answer("torch"), answer("tensorflow", other, (0, 0, 2)), "classification")
    assert (one.parted, one.largest_difference) == (0, 0.5)


def test_a_mode_that_failed_is_shown_with_its_reason_and_compared_with_nothing():
    failed = Answer(Mode("tensorflow", "xla", status="failed", reason="no such device"))
    found = usage(answer("torch"), failed)
    assert found.agreements == []
    text = printed(found)
    assert "no such device" in text
    assert "nothing was compared" in text


def test_json_has_everything_but_the_logits():
    found = json.loads(usage(answer("torch"), answer("tensorflow")).to_json())
    assert found["agree"] is True
    assert found["answers"][0]["per_second"] == 10.0
    assert "logits" not in found["answers"][0]
    assert found["agreements"][0]["label"] == "tensorflow/eager"
