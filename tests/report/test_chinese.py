"""Reports in Chinese: nothing on the pages that have a catalogue stays in English."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chinese import left, left_on_screen, screen, study
from measurements import measured

from isograd.advise.conclude import advise
from isograd.advise.profile import Profile
from isograd.report import advised, html, language, studied
from isograd.report.terminal import render
from isograd.report.terminal_advice import render_advice
from isograd.report.terminal_study import render_study
from isograd.result import Check, NoiseFloor, Result
from isograd.run.conclude import conclude

RESULTS = ["result", "partial", "without_tensorflow", "unfair", "tied", "different"]


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    language.speak("zh")
    yield
    language.speak("en")


@pytest.fixture(params=RESULTS)
def some(request: pytest.FixtureRequest) -> Result:
    found: Result = request.getfixturevalue(request.param)
    return found


def test_a_comparison(some) -> None:
    assert left(html.render(some)) == []


def test_a_comparison_in_the_terminal(some) -> None:
    assert left_on_screen(screen(render, some)) == []


def test_the_conditions_of_a_comparison(some) -> None:
    conclude(some, None, random_masks=some.status == "partial")
    some.modes[0].page_faults = 200.0
    some.noise_floor = NoiseFloor(0.4, [])
    assert left(html.render(some)) == []
    some.fairness[-1] = Check("the data keeps up", False, LATE)
    assert left(html.render(some)) == []


LATE = (
    "torch=data/slow.py:loader delivers 6.93 batches a second, 144 ms each, and spends 99.8% of "
    "its time at data/slow.py:31 (__getitem__); PyTorch eager makes 1.07k steps a second, 934 µs "
    "each, and waits 99.0% of its time: end to end this would compare pipelines, PyTorch's with "
    "what feeds the other side"
)


@pytest.mark.parametrize("status", ["complete", "partial"])
def test_a_study(status) -> None:
    assert left(studied.render(study(status))) == []
    assert left_on_screen(screen(render_study, study(status))) == []


@pytest.mark.parametrize("target", ["server", "browser"])
def test_advice(target) -> None:
    found = advise(Profile().but(target=target), measured(), model="net", command="isograd advise")
    assert left(advised.render(found)) == []
    assert left_on_screen(screen(render_advice, found)) == []


def test_a_planted_english_sentence_is_found(result) -> None:
    result.findings.append("Nobody has translated this.")
    assert "Nobody has translated this." in left(html.render(result))
