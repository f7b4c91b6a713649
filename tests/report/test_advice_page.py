"""What a user sees of advice, on the page and in the terminal."""

from __future__ import annotations

import io

import pytest
from measurements import measured
from pages import Page
from rich.console import Console

from isograd.advice import Advice
from isograd.advise.conclude import advise
from isograd.advise.measured import Measured
from isograd.advise.profile import Profile
from isograd.report import advice_answer, advised
from isograd.report.terminal_advice import render_advice

EVIL = "<img src=x onerror=alert(1)>"


def given(found: Measured | None = None, **profile: object) -> Advice:
    return advise(Profile().but(**profile), found or measured(), model=EVIL, command=EVIL)


def text(found: Advice, width: int = 100) -> str:
    file = io.StringIO()
    render_advice(found, Console(file=file, width=width))
    return file.getvalue()


def test_nothing_that_comes_from_outside_becomes_markup() -> None:
    page = Page(advised.render(given(measured(cautions=(EVIL,)))))
    assert page.all("img") == []
    assert EVIL in page.text


def test_the_page_has_the_answer_its_reasons_and_their_files() -> None:
    advice = given()
    page = Page(advised.render(advice))
    for words in (advice_answer.headline(advice), "a/result.json", "a/frontier.json", "400 µs"):
        assert words in page.text


def test_what_was_looked_up_stands_apart_with_its_source() -> None:
    page = Page(advised.render(given(target="browser")))
    assert "Looked up, not measured" in page.text
    assert "onnxruntime-web" in page.text
    assert "Looked up, not measured" not in Page(advised.render(given())).text


def test_every_bar_is_spoken() -> None:
    page = Page(advised.render(given()))
    bars = [a for _, a in page.elements if a.get("class") == "lost"]
    assert len(bars) == len(advice_answer.leaders(given()))
    assert all(bar["aria-label"] for bar in bars)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_it_fits_the_terminal(width) -> None:
    assert all(len(line.rstrip()) <= width for line in text(given(), width).splitlines())


def test_the_terminal_says_what_would_change_it_and_what_is_not_known() -> None:
    shown = text(given(workers=8, hardware="gpu"))
    assert "What would change it" in shown
    assert "not on gpu" in shown


def test_no_advice_is_no_list() -> None:
    shown = text(given(limits="size<1kB"))
    assert "Nothing can be recommended" in shown
    assert "size<1kB" in shown
    Page(advised.render(given(limits="size<1kB")))


def test_alike_frameworks_have_a_headline_of_their_own() -> None:
    advice = given()
    advice.same = True
    assert "No difference" in advice_answer.headline(advice)
