"""The page about the forms of a network, and the sentences that it opens with."""

from __future__ import annotations

import json
import math

import pytest
from frontiers import BASELINE, FAILED, compare, make_frontier, make_hostile
from pages import POISON, Page

from isograd.errors import UsageError
from isograd.frontier import Frontier
from isograd.report import frontier as page
from isograd.report import frontier_answer as say
from isograd.report.frontier_plot import drawing
from isograd.report.page import digest


@pytest.fixture
def found() -> Frontier:
    return make_frontier()


def test_no_string_of_a_frontier_becomes_markup():
    parsed = Page(page.render(make_hostile()))
    assert len(parsed.all("script")) == 3
    assert parsed.all("img") == []
    assert not any(name.startswith("on") for _, a in parsed.elements for name in a)
    assert not any("style" in a for _, a in parsed.elements)
    assert "alert(1)" in parsed.text


def test_what_is_embedded_can_be_read_back_whatever_is_in_it():
    poison = make_hostile()
    plan, raw, _ = Page(page.render(poison)).scripts
    assert POISON not in plan + raw
    assert Frontier.from_json(raw) == poison
    assert json.loads(plan)["points"][0]["id"] == poison.points[0].id


def test_the_page_asks_nothing_of_the_network(found):
    source = page.render(found)
    addresses = [
        value
        for _, attributes in Page(source).elements
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "action", "xlink:href")
    ]
    assert all(address.startswith(("#", "data:,")) for address in addresses)
    assert "url(" not in source
    assert "@import" not in source


def test_the_security_policy_admits_the_pages_own_style_and_script_alone(found):
    source = page.render(found)
    parsed = Page(source)
    policy = next(m["content"] for m in parsed.all("meta") if m.get("http-equiv"))
    assert "unsafe" not in policy
    assert f"script-src 'sha256-{digest(parsed.scripts[-1])}'" in policy


def test_tables_and_charts_speak_to_those_who_do_not_see_them(found):
    parsed = Page(page.render(found))
    assert len(parsed.all("caption")) == len(parsed.all("table"))
    for attributes in parsed.all("svg"):
        assert attributes.get("aria-hidden") == "true" or attributes.get("aria-label")


def test_both_files_are_written_and_never_over_others(found, tmp_path):
    path = page.write_frontier(found, tmp_path / "out")
    assert path == tmp_path / "out" / "frontier.html"
    assert Frontier.read(tmp_path / "out" / "frontier.json") == found
    with pytest.raises(UsageError, match="nothing was overwritten"):
        page.write_frontier(found, tmp_path / "out")
    page.write_frontier(found, tmp_path / "out", replace=True)


def test_what_did_not_run_is_listed_with_its_reason(found):
    text = Page(page.render(found)).text
    for status, reason in FAILED.values():
        assert status in text
        assert reason in text


def test_what_is_slower_is_called_slower_and_says_why(found):
    source = page.render(found)
    row = source[source.index('data-id="dense/torch/int8-dynamic"') :]
    row = row[: row.index("</tr>")]
    assert "slower, 5.2×" in row
    assert "[5.1–5.3]" in row
    assert "Activations are quantised in each call" in row


def test_variants_and_trainings_are_shown_with_their_verdicts(found):
    text = Page(page.render(found)).text
    assert "half of the hidden channels removed" in text
    assert "? inconclusive" in text
    assert "PyTorch: loss by epoch" in text
    assert "float16 training needs a CUDA device." in text


@pytest.mark.parametrize(
    "empty", ["points", "variants", "trainings", "batches", "findings", "noise"]
)
def test_whatever_is_missing_the_page_stands(found, empty):
    getattr(found, empty).clear()
    Page(page.render(found))


def test_a_form_without_any_figure_is_a_row_of_dashes(found):
    point = found.point("dense/torch/onnx")
    point.size = point.quality = point.lost = point.cold_start_s = point.agreement = None
    point.peak_memory_mb, point.latencies = math.nan, []
    Page(page.render(found))


def test_a_partial_run_says_so_above_everything(found):
    found.status, found.reason = "partial", "The budget of 600 s was spent."
    source = page.render(found)
    assert source.index("The budget of 600 s was spent.") < source.index("<h1>")


# The answer


def test_the_headline_says_how_much_smaller_and_faster_at_what_cost(found):
    assert say.headline(found) == (
        "Up to 15× smaller and 14× as fast, for at most 0.5 points of accuracy."
    )


def test_what_lost_too_much_is_not_named(found):
    """structured-75 is smaller and faster than all others, and has lost 6.8 points."""
    assert found.point("structured-75/tensorflow/litert-int8-static").lost > say.ALLOWED
    assert {f.point.variant for f in say.facts(found) if f.point} == {"structured-50", "dense"}


def test_what_computes_something_else_is_never_named(found):
    smallest = say.facts(found)[0].point
    for verdict in ("different", "inconclusive"):
        smallest.verdict = verdict
        assert smallest not in say.affordable(found)
        assert smallest not in [fact.point for fact in say.facts(found)]


def test_without_accuracy_only_proven_forms_of_the_same_network_are_named(found):
    for point in found.points:
        point.quality = point.lost = None
    named = say.affordable(found)
    assert {point.variant for point in named} == {"dense"}
    assert {point.precision for point in named} == {"float32"}


def test_nothing_is_called_faster_that_was_not_measured_to_be(found):
    for point in found.points:
        for latency in point.latencies:
            if latency.ratio:
                latency.ratio = compare(0.99, point.id)
    assert say.headline(found) == "Up to 15× smaller, for at most 0.5 points of accuracy."
    assert say.facts(found)[1].point is None


def test_no_gain_at_all_is_said(found):
    found.points = [found.point(BASELINE), found.point("dense/tensorflow/eager")]
    assert say.headline(found).startswith("Nothing was found that is smaller or faster")


def test_frameworks_are_held_against_each_other_by_their_best(found):
    assert say.verdict(found) == (
        "TensorFlow's best forms ship less and are faster with a batch of 1 and 8; "
        "PyTorch's best forms are faster with a batch of 64."
    )


def test_frameworks_within_the_noise_are_even(found):
    """Intervals that overlap, or are apart by less than the noise floor."""
    duel = next(duel for duel in say.duels(found) if duel.batch == 64)
    assert duel.winner == "torch"
    found.noise[64].fraction = 0.25
    duel = next(duel for duel in say.duels(found) if duel.batch == 64)
    assert duel.winner is None
    assert "they do not differ by more than noise with a batch of 64" in say.verdict(found)


def test_a_single_framework_has_no_rival(found):
    for point in found.points:
        if point.candidate.startswith("tensorflow/"):
            point.status, point.reason = "not installed", "tensorflow is not installed."
    assert say.duels(found) == []
    assert say.verdict(found) == "No form of TensorFlow ran and costs so little."
    found.points = [point for point in found.points if point.candidate.startswith("torch/")]
    assert say.verdict(found) == ""


def test_a_target_is_answered_first(found):
    found.target = "accuracy>=0.97, latency<1ms"
    assert say.headline(found) == f"Not reached: {found.target}."
    found.answer = "dense/torch/onnx"
    assert say.headline(found) == f"Reached: {found.target}."
    assert say.reached(found) == (
        "By PyTorch onnx: 97.86% accurate, 399 KiB to ship and 8.67 µs with a batch of 1."
    )
    assert drawing(found)["first"] == found.answer
    found.answer, found.status = None, "partial"
    assert say.headline(found) == f"Not reached so far: {found.target}."


# The plot


def test_an_outlier_stands_on_the_edge_and_says_so(found):
    fallen = next(p for p in drawing(found)["points"] if p["id"].startswith("structured-75"))
    assert "quality" in fallen["off"]
    assert fallen["at"]["quality"] == 0


def test_an_axis_that_nothing_has_a_figure_for_is_left_out(found):
    for point in found.points:
        point.cold_start_s = None
    assert "cold" not in [axis["key"] for axis in drawing(found)["axes"]]


def test_an_axis_of_close_figures_has_ticks_all_the_same(found):
    found.points = [p for p in found.points if p.id.startswith("dense/torch/torchscript")]
    axis = next(axis for axis in drawing(found)["axes"] if axis["key"] == "latency-1")
    assert len(axis["ticks"]) >= 3


def test_larger_files_have_larger_marks(found):
    radii = {p["id"]: p["radius"] for p in drawing(found)["points"]}
    assert radii["dense/torch/aot-inductor"] == max(radii.values())
    assert radii["structured-75/tensorflow/litert-int8-static"] == min(radii.values())


def test_a_time_says_what_the_slowest_calls_take(found):
    slowest = found.points[0].latencies[0]
    slowest.p99_ms = 0.777
    assert "p99 777" in Page(page.render(found)).text
