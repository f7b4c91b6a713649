"""Pages in Chinese in a real browser: what is seen once scripts have run, and what they do."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator

import chinese_records as records
import pytest
from browsers import Opened
from chinese import NAMES, left, study
from judgements import make_judged
from sweep_records import make_sweep

from isograd.report import claims, frontier, graph, language, studied, sweep
from isograd.report import html as comparison

CALLED = """
dynamic autograd export inductor hlo ir adam residual torchdispatchmode enter esc linear relu add
matmul relugrad placeholder parameter flops fc blocks
grad torchscript folded dropout sigsegv cuda gflop kb mb
"""
MORE = NAMES | frozenset(CALLED.split())
"""What graphs and forms have of names besides."""

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
    pages: list[tuple[Opened, frozenset[str]]] = []

    def open_page(rendered: Callable[[], str], names: frozenset[str] = NAMES) -> Opened:
        language.speak("zh")
        path = tmp_path / "page.html"
        path.write_text(rendered(), encoding="utf-8")
        language.speak("en")
        pages.append((Opened(browser, path), names))
        return pages[-1][0]

    yield open_page
    for one, names in pages:
        assert one.page.get_attribute("html", "lang") == "zh"
        assert seen_in_english(one, names) == []
        one.close()


def seen_in_english(opened: Opened, names: frozenset[str] = NAMES) -> list[str]:
    texts = opened.page.evaluate(SEEN)
    assert len(texts) > 20
    return [found for text in texts for found in left(html.escape(text), names)]


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


def test_graphs_tell_about_what_is_selected(opened) -> None:
    page = opened(lambda: graph.render(records.views()), MORE).page
    assert page.inner_text("#about").startswith("选择一个算子或模块")
    page.fill("#search", "b1_fc 反向传播")
    assert page.inner_text("#hit-count") == "找到 2 个"
    page.press("#search", "Enter")
    assert "阶段\n反向传播" in page.inner_text("#about")
    page.select_option("#overlay", "memory")
    page.select_option("#pane-0 .view", "torch/export")
    assert "此视图提前结束。" in page.inner_text("#pane-0 .note")


def test_forms_are_told_about(opened) -> None:
    page = opened(lambda: frontier.render(records.frontier("complete")), MORE).page
    assert page.inner_text("#shown") == "30 种形式中的 30 种"
    page.click(".forms tbody tr:nth-child(2) .pick")
    assert "冷启动" in page.inner_text("#about")
    page.select_option("#across", "size")


def test_a_planted_english_sentence_is_seen(browser, tmp_path) -> None:
    path = tmp_path / "page.html"
    source = "".join(f"<p>第 {n} 行</p>" for n in range(30))
    script = "document.body.append('Nobody has translated this.')"
    path.write_text(f"<body>{source}<script>{script}</script>", encoding="utf-8")
    page = Opened(browser, path)
    assert seen_in_english(page) == ["Nobody has translated this."]
    page.close()
