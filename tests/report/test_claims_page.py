"""Terminal and page about statements: each verdict with its sign, each figure, all escaped."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from browsers import Opened
from claim_records import FIGURES, VERDICTS, make_claims
from pages import POISON, Page, poisoned
from rich.console import Console
from typer.testing import CliRunner

from isograd.claims.outcome import Figure
from isograd.claims.record import Claims
from isograd.cli import app
from isograd.errors import UsageError
from isograd.report.claims import page_of, render, write_claims
from isograd.report.claims_plot import forest, rest
from isograd.report.claims_words import SYMBOLS, age, amount, bounds, headline
from isograd.report.terminal_claims import render_claims


def shown(found: Claims, width: int = 100, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    text = io.TextIOWrapper(raw, encoding=encoding)
    render_claims(found, Console(file=text, width=width), report="claims.html")
    text.flush()
    return raw.getvalue().decode(encoding)


def test_the_terminal_tells_every_statement_with_its_verdict_in_words_and_a_sign() -> None:
    text = shown(make_claims())
    for verdict in VERDICTS:
        assert f"{SYMBOLS[verdict]} {verdict}" in text
    assert "static-faster" in text
    assert "timing it again: skipped. takes about 60 s" in text
    assert "small/result.json, 1 hour old" in text
    assert "made with torch 2.1.0" in text
    assert "Report: claims.html" in text


@pytest.mark.parametrize("width", [60, 80, 140])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(len(line) for line in shown(make_claims(), width).splitlines()) <= width


def test_a_terminal_without_these_signs_gets_others() -> None:
    text = shown(make_claims(), encoding="ascii")
    assert "+- depends" in text
    assert "?" not in text.replace("What", "")


def test_a_few_statements_are_shown_with_their_figures() -> None:
    few = make_claims()
    few.findings = few.findings[:1]
    text = shown(few)
    assert "1.44× as fast [1.42–1.46]" in text
    assert "https://example.org/page" in text


def test_a_partial_run_says_so() -> None:
    cut = make_claims()
    cut.status, cut.reason = "partial", "Interrupted while timing."
    assert shown(cut).strip().startswith("PARTIAL RESULT. Interrupted while timing.")
    assert "Interrupted while timing." in Page(render(cut)).text
    assert cut.exit_code == 4
    assert make_claims().exit_code == 0


def test_the_headline_counts() -> None:
    found = make_claims()
    found.findings = found.findings[:5]
    assert headline(found) == (
        "Of 5 statements, 2 hold, 1 does not hold, 1 depends and 1 is not testable here."
    )
    found.findings = found.findings[:1]
    assert headline(found).endswith("Here, it holds.")
    found.findings = []
    assert headline(found) == "Nothing was judged."


def test_amounts_have_units_and_intervals() -> None:
    assert [amount(figure) for figure in FIGURES] == [
        "1.44× as fast",
        "0.93× as fast",
        "1.02× as fast",
        "4 formats",
        "crashed. No memory.",
    ]
    assert [bounds(figure) for figure in FIGURES][:2] == ["[1.42–1.46]", "[0.91–0.94]"]
    share = Figure("PyTorch ddp", "efficiency", "", 0.5, 0.4, 0.6, "share")
    assert (amount(share), bounds(share)) == ("50.0%", "[40.0%–60.0%]")
    assert [age(seconds) for seconds in (5, 61, 7200, 90_000)] == [
        "less than a minute",
        "1 minute",
        "2 hours",
        "1 day",
    ]


def test_speeds_stand_on_their_side_of_one() -> None:
    drawn = forest(FIGURES)
    assert drawn is not None
    compile_, jit, xla = drawn.rows
    assert compile_.low > drawn.one
    assert jit.high < drawn.one
    assert xla.low < drawn.one < xla.high
    assert [figure.subject for figure, _ in rest(FIGURES)] == ["PyTorch", "TensorFlow"]
    assert forest(FIGURES[3:]) is None


def test_the_page_has_every_statement_figure_and_source() -> None:
    found = make_claims()
    page = Page(render(found))
    for one in found.findings:
        assert one.statement in page.text
        assert one.result in page.text
    assert {a["href"] for a in page.all("a")} >= {
        "https://example.org/page",
        "small/report.html",
        "../other/graph.html",
        "#static-faster",
    }
    assert "does not count" in page.text


def test_a_record_is_read_on_the_page_beside_it() -> None:
    assert page_of("small/result.json") == "small/report.html"
    assert page_of("effort/effort.json") == "effort/effort.json"


def test_nothing_in_a_record_can_break_the_page() -> None:
    free = {"environment", "packages", "versions"}
    raw = poisoned(json.loads(make_claims().to_json()), free=free)
    for one in raw["findings"]:
        for figure in one["figures"]:
            figure["vote"] = ""
    source = render(Claims.from_json(json.dumps(raw)))
    page = Page(source)
    assert POISON in page.text
    assert not page.all("img")
    assert all("javascript:" not in (a["href"] or "") for a in page.all("a"))


def test_an_address_that_is_none_becomes_no_link() -> None:
    found = make_claims()
    found.findings[0].sources[0].__dict__["url"] = "javascript:alert(1)"
    assert all((a["href"] or "").find("javascript") < 0 for a in Page(render(found)).all("a"))


def test_a_record_is_shown_again_and_never_overwritten(tmp_path: Path) -> None:
    write_claims(make_claims(), tmp_path / "run")
    done = CliRunner().invoke(app, ["report", str(tmp_path / "run")])
    assert done.exit_code == 0, done.output
    assert headline(make_claims())[:20] in done.stdout
    with pytest.raises(UsageError, match="nothing was overwritten"):
        write_claims(make_claims(), tmp_path / "run")


def test_the_page_works_offline_in_a_browser(browser, tmp_path: Path) -> None:
    opened = Opened(browser, write_claims(make_claims(), tmp_path))
    rows = opened.page.locator(".overview tbody tr")
    assert rows.count() == len(make_claims().findings)
    opened.page.get_by_text("5 figures").first.click()
    assert opened.page.get_by_text("crashed. No memory.").first.is_visible()
    width = opened.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 1500
    opened.close()
