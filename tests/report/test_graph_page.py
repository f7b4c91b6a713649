"""The page about the graphs of a network, as it is written."""

import json

import pytest
from graphs import HOSTILE, make_graphs, make_hostile
from pages import Page

from isograd.errors import UsageError
from isograd.report import html
from isograd.report.graph import PICTURES, amount, figure, render, sides, write_graphs
from isograd.views import Graphs, View


def scripts(source: str) -> list[str]:
    return [text.strip() for text in Page(source).scripts if text.strip()]


@pytest.mark.parametrize("make", [make_graphs, make_hostile])
def test_what_is_written_can_be_read_back(make, tmp_path):
    found = make()
    page = write_graphs(found, tmp_path)
    assert Graphs.read(tmp_path / "graph.json") == found
    drawing, raw, _ = scripts(page.read_text())
    assert Graphs.from_json(raw) == found
    assert set(json.loads(drawing)["views"]) == {view.id for view in found.views}


def test_each_view_that_has_operations_has_a_picture_and_its_source(tmp_path):
    write_graphs(make_graphs(), tmp_path)
    names = {path.name for path in (tmp_path / PICTURES).iterdir()}
    stems = ("torch-dynamic", "torch-export", "tensorflow-dynamic")
    assert names == {f"{stem}.{kind}" for stem in stems for kind in ("svg", "dot")}


def test_the_name_of_a_view_cannot_leave_the_folder(tmp_path):
    found = make_graphs(1)
    found.views[0].stage = "../../elsewhere"
    found.overlays = found.changes = []
    write_graphs(found, tmp_path / "a")
    assert {path.name for path in tmp_path.iterdir()} == {"a"}


def test_a_page_is_not_overwritten_by_accident(tmp_path):
    write_graphs(make_graphs(), tmp_path)
    with pytest.raises(UsageError, match="report already"):
        write_graphs(make_graphs(), tmp_path)
    write_graphs(make_graphs(1), tmp_path, replace=True)
    assert Graphs.read(tmp_path / "graph.json") == make_graphs(1)


def test_no_name_becomes_markup():
    parsed = Page(render(make_hostile()))
    assert parsed.all("img") == []
    assert len(parsed.all("script")) == 3
    assert not any(name.startswith("on") for _, a in parsed.elements for name in a)
    assert HOSTILE in parsed.text


def test_the_page_asks_nothing_of_the_network():
    source = render(make_graphs())
    assert "default-src 'none'" in source
    assert [a for _, a in Page(source).elements if a.get("src")] == []


def test_every_view_is_in_the_table_with_its_counts_or_its_reason():
    source = render(make_graphs())
    text = " ".join(Page(source).text.split())
    counts = (31, 6, 12, 1, 8, 4, "–")
    assert "".join(f"<td>{count}</td>" for count in counts) in source.replace("\n", "")
    assert "Ends early. torch.export stopped at net.py:10." in text
    assert "Not available. XLA's compiler is not in this build." in text
    assert "Four additions went into two kernels." in text
    assert "A graph break." in text


def test_each_framework_has_a_side_and_one_framework_has_both():
    found = make_graphs()
    assert [view.id for view in sides(found)] == ["torch/dynamic", "tensorflow/dynamic"]
    found.views = [view for view in found.views if view.framework == "torch"]
    assert [view.id for view in sides(found)] == ["torch/dynamic", "torch/export"]


def test_a_page_without_any_operation_shows_the_reasons():
    found = make_graphs()
    found.views = [View("torch", "jit", "jit", "", status="skipped", reason="Not installed.")]
    found.overlays = found.changes = []
    assert "Not installed." in Page(render(found)).text


@pytest.mark.parametrize(
    ("value", "text"), [(29572.0, "saved bytes 29,572"), (0.25, "saved bytes 0.25")]
)
def test_what_a_framework_counts_has_its_name_in_words(value, text):
    assert figure("saved_bytes", value) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (412.0, "us", "412 µs"),
        (3584.0, "bytes", "3.50 KiB"),
        (12.0, "bytes", "12 B"),
        (1.24, "envelopes", "1.2×"),
        (None, "us", "–"),
    ],
)
def test_measured_numbers_have_their_units(value, unit, text):
    assert amount(value, unit) == text


def test_the_page_of_a_comparison_has_the_same_view_inside(result):
    parsed = Page(html.render(result, make_graphs()))
    drawing, raw = parsed.scripts[-3], parsed.scripts[-2]
    assert Graphs.from_json(parsed.scripts[0]) == make_graphs()
    assert set(json.loads(drawing)["views"]) == {view.id for view in make_graphs().views}
    assert json.loads(raw)["schema"] == result.schema
    ids = [attributes["id"] for _, attributes in parsed.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert 'id="stage"' not in html.render(result)
