"""Pages for everyone: what a program can check of WCAG 2 (levels A and AA, by axe-core in a real
browser, in light and in dark), and every control reached by Tab, with its focus to be seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from browsers import Opened
from every_kind import RECORDS

from isograd.records import KINDS
from isograd.report.saved import SHOWN, Found

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

UNFOLD = "document.querySelectorAll('details').forEach((one) => (one.open = true))"

PREPARE = """() => {
  const controls = "a[href], button, input, select, textarea, summary, [tabindex], [role=button]";
  const styles = (one) => {
    const s = getComputedStyle(one);
    return [s.outlineStyle, s.outlineWidth, s.boxShadow, s.borderColor, s.stroke, s.strokeWidth];
  };
  const look = (one) => [one.parentElement, one, ...one.querySelectorAll("*")].map(styles).join();
  // Of several that arrow keys lead through, Tab comes to one.
  const roving = (one) =>
    one.tabIndex < 0 && one.closest("[role=group], [role=tree]")?.querySelector("[tabindex='0']");
  const told = (one) => (one.getAttribute("aria-label") || one.textContent).trim() || one.outerHTML;
  const left = new Map();
  for (const one of document.querySelectorAll(controls)) {
    if (one.checkVisibility() && !one.disabled && !roving(one)) left.set(one, look(one));
  }
  window.walk = { left, unseen: [], told };
  document.addEventListener("focusin", ({ target }) => {
    if (left.get(target) === look(target)) window.walk.unseen.push(told(target));
    left.delete(target);
  });
  return left.size;
}"""

WALKED = "() => [[...window.walk.left.keys()].map(window.walk.told), window.walk.unseen]"


def broken(page, *rules: str) -> list[str]:
    """The rules that the page breaks, each with the elements that break it."""
    only = {"type": "tag", "values": RULES} if not rules else {"type": "rule", "values": rules}
    options = {"runOnly": only, "resultTypes": ["violations"], "preload": False}
    found = axe.Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {node['target']}" for one in found for node in one["nodes"]]


def walked(page) -> tuple[list[str], list[str]]:
    """The controls that Tab does not come to, and those on which its focus cannot be seen."""
    for _ in range(page.evaluate(PREPARE)):
        page.keyboard.press("Tab")
    missed, unseen = page.evaluate(WALKED)
    return missed, unseen


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    """A page of each kind."""
    written = {}
    for schema, make in RECORDS.items():
        folder = tmp_path_factory.mktemp("page")
        Found(folder / KINDS[schema].file, make()).write(folder)
        written[schema] = folder / KINDS[schema].page
    return written


@pytest.fixture
def show(browser):
    opened: list[Opened] = []

    def open_page(path: Path):
        opened.append(Opened(browser, path))
        opened[-1].page.evaluate(UNFOLD)
        return opened[-1].page

    yield open_page
    for one in opened:
        one.close()


def test_there_is_a_record_of_every_kind() -> None:
    assert set(RECORDS) == set(SHOWN)


@pytest.mark.parametrize("schema", SHOWN)
def test_no_rule_is_broken(schema, pages, show) -> None:
    assert broken(show(pages[schema])) == []


@pytest.mark.parametrize("schema", ["isograd/result", "isograd/graphs", "isograd/probes"])
def test_contrast_is_enough_in_dark(schema, pages, show) -> None:
    """Colours stand in one place for all kinds; these three use all of them."""
    page = show(pages[schema])
    page.emulate_media(color_scheme="dark")
    assert broken(page, "color-contrast") == []


@pytest.mark.parametrize("schema", SHOWN)
def test_tab_comes_to_every_control_and_is_seen_there(schema, pages, show) -> None:
    assert walked(show(pages[schema])) == ([], [])


PLANTED = """<!doctype html><html lang="en"><title>A page</title><main>
<img src="data:,"><p style="color: #999; background: #fff">Grey on white</p>
<button>Save</button><button style="outline: none">Print</button><span role="button">Open</span>
</main></html>"""


def test_what_is_planted_is_found(tmp_path, show) -> None:
    path = tmp_path / "planted.html"
    path.write_text(PLANTED, encoding="utf-8")
    page = show(path)
    assert {one.partition(":")[0] for one in broken(page)} == {"image-alt", "color-contrast"}
    assert walked(page) == (["Open"], ["Print"])
