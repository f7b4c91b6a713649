"""Pages in Chinese in a real browser: what is seen once scripts have run, and what they do."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator

import pytest
from browsers import Opened
from chinese import left, study
from judgements import make_judged
from sweep_records import make_sweep

from isograd.report import claims, language, studied, sweep
from isograd.report import html as comparison

SEEN = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [document.title];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const around = node.parentElement;
    const silent = around.closest("script, style, code, pre, [translate=no]");
    if (!silent && node.data.trim() && around.checkVisibility()) found.push(node.data);
  }
  for (const one of document.querySelectorAll("[aria-label], [title]")) {
    found.push(one.getAttribute("aria-label") || one.title);
  }
  return found;
}"""


@pytest.fixture
def opened(browser, tmp_path) -> Iterator[Callable[[Callable[[], str]], Opened]]:
    """Opens what is rendered in Chinese; in the end nothing went wrong, and no page has a word that
    nobody translated."""
    pages: list[Opened] = []

    def open_page(rendered: Callable[[], str]) -> Opened:
        language.speak("zh")
        path = tmp_path / "page.html"
        path.write_text(rendered(), encoding="utf-8")
        language.speak("en")
        pages.append(Opened(browser, path))
        return pages[-1]

    yield open_page
    for one in pages:
        assert one.page.get_attribute("html", "lang") == "zh"
        assert seen_in_english(one) == []
        one.close()


def seen_in_english(opened: Opened) -> list[str]:
    texts = opened.page.evaluate(SEEN)
    assert len(texts) > 20
    return [found for text in texts for found in left(html.escape(text))]


def test_a_comparison(opened, result) -> None:
    page = opened(lambda: comparison.render(result)).page
    theme = page.locator("#theme")
    before = theme.inner_text()
    theme.click()
    assert {before, theme.inner_text()} == {"深色", "浅色"}
    mode = page.locator("button[data-series]").first
    mode.click()
    assert mode.get_attribute("aria-pressed") == "true"
    assert page.locator("g.series.faded").count() > 0


def test_a_study(opened) -> None:
    page = opened(lambda: studied.render(study("partial"))).page
    assert "研究" in page.title()


def test_statements_fold(opened) -> None:
    found = make_judged()
    found.findings = [one for one in found.findings if one.figures][:8]
    page = opened(lambda: claims.render(found)).page
    fold = page.locator("details").first
    assert not fold.locator("table").is_visible()
    fold.locator("summary").click()
    assert fold.locator("table").is_visible()


def test_cells_are_sorted_and_filtered(opened) -> None:
    page = opened(lambda: sweep.render(make_sweep())).page
    assert page.inner_text("#shown") == "70 个单元中显示 70 个"
    page.click('.filters fieldset[data-kind="batch"] .chip:has(input[value="1"])')
    assert page.inner_text("#shown") == "70 个单元中显示 58 个"
    page.click(".cells .sort:has-text('训练步')")
    order = "all => all.filter((one) => !one.hidden).map((one) => one.children[3].dataset.value)"
    times = [float(value) for value in page.eval_on_selector_all(".cells tbody tr", order)]
    assert times == sorted(times)


def test_a_planted_english_sentence_is_seen(browser, tmp_path) -> None:
    path = tmp_path / "page.html"
    source = "".join(f"<p>第 {n} 行</p>" for n in range(30))
    script = "document.body.append('Nobody has translated this.')"
    path.write_text(f"<body>{source}<script>{script}</script>", encoding="utf-8")
    page = Opened(browser, path)
    assert seen_in_english(page) == ["Nobody has translated this."]
    page.close()
