"""The page about a sweep in a real browser: filters and sorting."""

from __future__ import annotations

from browsers import Opened
from sweep_records import make_sweep

from isograd.report.sweep import render

SHOWN = "all => all.filter((one) => !one.hidden).map((one) => one.children[{}].dataset.value)"


def test_cells_are_filtered_and_sorted(tmp_path, browser):
    path = tmp_path / "sweep.html"
    path.write_text(render(make_sweep()), encoding="utf-8")
    opened = Opened(browser, path)
    page = opened.page

    def column(index: int) -> list[str]:
        return page.eval_on_selector_all(".cells tbody tr", SHOWN.format(index))

    assert page.inner_text("#shown") == "70 of 70 cells"
    page.click('.filters fieldset[data-kind="network"] .chip:has(input[value="lenet"])')
    page.click('.filters fieldset[data-kind="batch"] .chip:has(input[value="1"])')
    assert page.inner_text("#shown") == "29 of 70 cells"
    assert set(column(0)) == {"mnist-mlp"}
    page.click(".cells .sort:has-text('training step')")
    times = [float(value) for value in column(3)]
    assert times == sorted(times)
    page.click(".cells .sort:has-text('training step')")
    assert [float(value) for value in column(3)] == sorted(times, reverse=True)
    opened.close()
