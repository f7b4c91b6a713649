"""A view as SVG and as DOT."""

import re
from xml.etree import ElementTree

import pytest
from graphs import HOSTILE, make_graphs, make_hostile

from isograd.report.dot import quoted, view_dot
from isograd.report.svg import palette, view_svg
from isograd.views import Operation, View

SVG = "{http://www.w3.org/2000/svg}"


def texts(source: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(source).iter(f"{SVG}text")]


def test_all_operations_are_in_the_picture():
    view = make_graphs().views[0]
    written = texts(view_svg(view))
    for operation in view.operations:
        expected = operation.name if operation.phase == "input" else operation.kind
        assert any(expected in text for text in written)


def test_a_folded_picture_shows_modules_in_place_of_operations():
    view = make_graphs(40).views[0]
    written = texts(view_svg(view, folded=True))
    assert "160 ops" in written
    assert "aten.linear.default" not in written


def test_names_that_are_markup_stay_text_in_a_picture():
    tree = ElementTree.fromstring(view_svg(make_hostile().views[0]))
    assert {element.tag for element in tree.iter()} == {
        f"{SVG}{tag}" for tag in ("svg", "title", "rect", "g", "text", "path")
    }
    assert not any(name.startswith("on") for element in tree.iter() for name in element.attrib)


def test_characters_that_xml_cannot_hold_are_replaced():
    view = View("torch", "dynamic", "a\x00b", "", [Operation("n\x1b", "k\ud800")])
    ElementTree.fromstring(view_svg(view).encode())


def test_a_picture_says_why_there_is_nothing_or_less_in_it():
    partial, skipped = make_graphs().views[1], make_graphs().views[3]
    assert any("stopped at net.py:10" in text for text in texts(view_svg(partial)))
    assert any(text.startswith("⚠") for text in texts(view_svg(partial)))
    assert any("not in this build" in text for text in texts(view_svg(skipped)))


def test_every_phase_has_colours():
    assert set(palette()) == {"input", "forward", "loss", "backward", "update", "other"}


def test_dot_has_every_operation_every_value_and_a_cluster_for_each_module():
    view = make_graphs(2).views[0]
    source = view_dot(view)
    assert len(re.findall(r"^ +n\d+ \[label", source, re.MULTILINE)) == len(view.operations)
    assert source.count(" -> ") == sum(1 for _ in view.edges())
    assert source.count('label="blocks"') == 3
    assert source.count("{") == source.count("}")


def test_dot_shows_what_only_waits():
    view = View(
        "torch", "dynamic", "", "", [Operation("a", "op"), Operation("b", "op", after=("a",))]
    )
    assert "n0 -> n1 [style=dashed];" in view_dot(view)


@pytest.mark.parametrize("text", [HOSTILE, '"', "\\", '\\"', "a\nb", "\\N", "\x00"])
def test_a_string_of_dot_ends_where_it_should(text):
    inner = quoted(text)[1:-1]
    assert not re.search(r'(?<!\\)(\\\\)*"', inner)
    assert "\n" not in inner
