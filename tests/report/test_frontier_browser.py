"""The page of forms in a real browser, opened from disk, with no network."""

from __future__ import annotations

import pytest
from browsers import Opened
from frontiers import BASELINE, make_frontier, make_hostile

from isograd.report.frontier import render


class FrontierPage(Opened):
    """The page of forms and what a hand does there."""

    def mark(self, id: str):
        return self.page.locator(f'#frontier .point[data-id="{id}"]')

    def marks(self) -> list[str]:
        return self.page.eval_on_selector_all(
            "#frontier .point", "all => all.map((one) => one.dataset.id)"
        )

    def point_at(self, id: str) -> None:
        box = self.mark(id).locator(".halo").bounding_box()
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def choose(self, id: str) -> None:
        self.point_at(id)
        self.page.mouse.down()
        self.page.mouse.up()

    def rows(self) -> list[str]:
        script = "all => all.filter((one) => !one.hidden).map((one) => one.dataset.id)"
        return self.page.eval_on_selector_all(".forms tbody tr", script)

    def about(self) -> str:
        return self.page.inner_text("#about")

    def sort(self, key: str) -> list[str]:
        self.page.click(f'.sort[data-key="{key}"]')
        return self.rows()

    def switch(self, value: str) -> None:
        self.page.click(f'.chip:has(input[value="{value}"])')
        self.settle()

    def place(self, id: str) -> tuple[float, float]:
        text = self.mark(id).get_attribute("transform")
        x, y = text.removeprefix("translate(").removesuffix(")").split(" ")
        return float(x), float(y)


@pytest.fixture
def write(tmp_path, browser):
    opened: list[FrontierPage] = []

    def open_page(found, **options) -> FrontierPage:
        path = tmp_path / "frontier.html"
        path.write_text(render(found), encoding="utf-8")
        opened.append(FrontierPage(browser, path, **options))
        return opened[-1]

    yield open_page
    for one in opened:
        one.close()


def test_every_form_that_ran_is_in_the_plot_and_in_the_table(write):
    found = make_frontier()
    opened = write(found)
    ran = [point.id for point in found.points if point.status == "ok"]
    assert len(ran) == 30
    assert sorted(opened.marks()) == sorted(ran)
    assert opened.rows() == ran


def test_faster_is_left_and_more_accurate_is_up(write):
    opened = write(make_frontier())
    quick, slow = "structured-50/torch/onnx", BASELINE
    assert opened.place(quick)[0] < opened.place(slow)[0]
    assert opened.place(quick)[1] > opened.place(slow)[1]


def test_pointing_tells_about_a_form_and_choosing_keeps_it(write):
    opened = write(make_frontier())
    before = opened.about()
    opened.page.locator("#frontier").scroll_into_view_if_needed()
    opened.point_at("dense/torch/int8-dynamic")
    assert "PyTorch int8-dynamic" in opened.about()
    assert opened.page.text_content(".tip") == "PyTorch int8-dynamic"
    assert "Activations are quantised in each call" in opened.about()
    assert "--only dense/torch/int8-dynamic" in opened.about()
    opened.page.mouse.move(5, 5)
    assert opened.about() == before
    opened.choose("dense/torch/int8-dynamic")
    opened.page.mouse.move(5, 5)
    assert "PyTorch int8-dynamic" in opened.about()
    assert opened.page.get_attribute("tr.chosen", "data-id") == "dense/torch/int8-dynamic"
    chosen = opened.page.locator(".over-batches .chosen")
    assert chosen.get_attribute("data-series") == "dense/torch/int8-dynamic"


def test_marks_that_cover_each_other_can_all_be_reached(write):
    opened = write(make_frontier())
    opened.page.locator("#frontier").scroll_into_view_if_needed()
    script = """() => {
      const { left, top } = document.getElementById("frontier").getBoundingClientRect();
      const { plot } = window.frontierPage;
      return plot.points.filter((point) => {
        plot.near({ clientX: left + plot.x(point), clientY: top + plot.y(point) });
        return document.querySelector(".pointed")?.dataset.id !== point.id;
      }).map(({ id }) => id);
    }"""
    assert opened.page.evaluate(script) == []


def test_a_name_in_the_table_shows_the_form_in_the_plot(write):
    opened = write(make_frontier())
    opened.page.click('tr[data-id="dense/tensorflow/xla"] .pick')
    assert "TensorFlow xla" in opened.about()
    assert opened.page.evaluate("document.activeElement.dataset.id") == "dense/tensorflow/xla"
    assert opened.mark("dense/tensorflow/xla").get_attribute("aria-pressed") == "true"


def test_arrows_walk_along_the_plot(write):
    opened = write(make_frontier())
    first = "structured-75/tensorflow/litert-int8-static"
    opened.mark(first).focus()
    opened.page.keyboard.press("ArrowRight")
    second = opened.page.evaluate("document.activeElement.dataset.id")
    assert opened.place(second)[0] >= opened.place(first)[0]
    assert second != first
    opened.page.keyboard.press("ArrowLeft")
    assert opened.page.evaluate("document.activeElement.dataset.id") == first
    stops = opened.page.locator('#frontier .point[tabindex="0"]')
    assert stops.count() == 1


def test_filters_hold_for_plot_table_and_batches(write):
    opened = write(make_frontier())
    opened.switch("torch")
    assert opened.marks()
    assert all("/tensorflow/" in id for id in opened.marks() + opened.rows())
    lines = opened.page.locator(".over-batches .series:not(.hidden)")
    assert lines.count() == len(opened.rows())
    opened.switch("quantisation")
    opened.switch("dense")
    assert opened.marks() == []
    assert opened.page.inner_text("#shown") == "0 of 30 forms"
    for value in ("torch", "quantisation", "dense"):
        opened.switch(value)
    assert len(opened.marks()) == 30


def test_filters_are_switched_by_key(write):
    opened = write(make_frontier())
    opened.page.focus('.chip input[value="tensorflow"]')
    opened.page.keyboard.press("Space")
    assert all("/torch/" in id for id in opened.marks())


def test_axes_can_be_chosen(write):
    opened = write(make_frontier())
    opened.page.select_option("#across", "size")
    opened.page.select_option("#up", "throughput")
    assert "size to ship, logarithmic (← better)" in opened.page.inner_text(".stage")
    small, large = "dense/torch/onnx-int8-static", "dense/torch/aot-inductor"
    assert opened.place(small)[0] < opened.place(large)[0]
    assert opened.place(small)[1] < opened.place(large)[1]


def test_the_line_is_the_front_of_the_two_axes(write):
    """In steps from the quickest form to the most accurate one: none that is shown beats a form on
    it on both axes."""
    found = make_frontier()
    opened = write(found)
    ran = [point for point in found.points if point.status == "ok"]

    def beats(a, b):
        quicker = a.latency(1).p50_ms <= b.latency(1).p50_ms
        return a is not b and quicker and a.quality >= b.quality

    front = [opened.place(b.id) for b in ran if not any(beats(a, b) for a in ran)]
    (x, y), *rest = sorted(front)
    assert len(rest) == 4
    steps = "".join(f"H{right:g}V{up:g}" for right, up in rest)
    assert opened.page.get_attribute(".front-line", "d") == f"M{x:g} {y:g}{steps}"


def test_what_computes_something_else_is_on_no_front(write):
    found = make_frontier()
    quickest = found.point("structured-75/tensorflow/litert-int8-static")
    quickest.verdict = "different"
    opened = write(found)
    assert f"{opened.place(quickest.id)[0]}" not in opened.page.get_attribute(".front-line", "d")


def test_the_table_is_sorted_by_any_column_both_ways(write):
    found = make_frontier()
    opened = write(found)
    found.point("dense/torch/eager")
    by_size = opened.sort("size")
    sizes = [found.point(id).size for id in by_size]
    assert sizes == sorted(sizes)
    head = opened.page.locator('th:has(.sort[data-key="size"])')
    assert head.get_attribute("aria-sort") == "ascending"
    assert opened.sort("size")[0] == by_size[-1]
    assert head.get_attribute("aria-sort") == "descending"
    best = [found.point(id).quality for id in opened.sort("quality")]
    assert best == sorted(best, reverse=True)
    assert opened.page.locator('[aria-sort="descending"], [aria-sort="ascending"]').count() == 1


def test_what_has_no_figure_comes_last_both_ways(write):
    found = make_frontier()
    found.point("dense/torch/onnx").size = None
    opened = write(found)
    assert opened.sort("size")[-1] == "dense/torch/onnx"
    assert opened.sort("size")[-1] == "dense/torch/onnx"
    opened.page.select_option("#across", "size")
    assert "1 more without these figures" in opened.page.inner_text("#shown")


@pytest.mark.parametrize("permissions", [["clipboard-read", "clipboard-write"], []])
def test_a_command_is_copied(write, permissions):
    opened = write(make_frontier(), permissions=permissions)
    opened.choose("dense/torch/onnx")
    opened.page.click("#about .copy")
    opened.page.locator("#about .copy", has_text="Copied").wait_for()
    if permissions:
        copied = opened.page.evaluate("navigator.clipboard.readText()")
        assert copied == make_frontier().point("dense/torch/onnx").command


def test_names_that_are_markup_do_not_run(write):
    opened = write(make_hostile())
    opened.page.locator(".pick").first.click()
    opened.page.locator(".sort").first.click()
    opened.page.locator(".chip").last.click()
    assert "onerror=alert(2)" in opened.about()
    assert opened.page.locator("img").count() == 0


def test_nothing_measured_yet_is_a_page_too(write):
    found = make_frontier()
    found.points, found.variants, found.trainings, found.status = [], [], [], "partial"
    opened = write(found)
    assert "Nothing is measured yet." in opened.page.inner_text("main")


def test_a_narrow_window_shows_one_below_the_other(write):
    opened = write(make_frontier(), width=420)
    plot, about = (opened.page.locator(one).bounding_box() for one in (".stage", "#about"))
    assert about["y"] > plot["y"] + plot["height"] - 1
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 420


def test_the_plot_follows_the_window(write):
    opened = write(make_frontier())
    wide = opened.place(BASELINE)[0]
    opened.page.set_viewport_size({"width": 700, "height": 900})
    opened.settle()
    assert opened.place(BASELINE)[0] < wide
