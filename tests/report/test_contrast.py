"""Colours against their background, by the formula of WCAG 2.2 (relative luminance)."""

import re

import pytest

from isograd.report.page import TEMPLATES

STYLES = "".join((TEMPLATES / name).read_text() for name in ("style.css", "explanation.css"))
PAIRS = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", STYLES)
PAGE = next(pair[1:] for pair in PAIRS if pair[0] == "page")
MARKS = [pair[1:] for pair in PAIRS if pair[0] == "c"]
TEXT = [pair[1:] for pair in PAIRS if pair[0] in ("ink", "soft", "good", "bad", "doubt")]


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_reaches_level_aa(theme):
    assert len(TEXT) == 5
    assert min(contrast(colour[theme], PAGE[theme]) for colour in TEXT) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_on_what_differs_reaches_level_aa(theme):
    (page,) = (pair[1:] for pair in PAIRS if pair[0] == "bad-page")
    named = [pair[1:] for pair in PAIRS if pair[0] in ("ink", "soft", "bad")]
    assert min(contrast(colour[theme], page[theme]) for colour in named) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_names_of_sides_reach_level_aa(theme):
    """The two that a pair of frameworks can have: the first shade of a hue, and the second where
    both are of one."""
    marks = re.findall(r"\.shade-[01] { --c: light-dark\((#\w{6}), (#\w{6})\)", STYLES)
    assert len(marks) == 8
    assert min(contrast(colour[theme], PAGE[theme]) for colour in marks) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_lines_of_charts_reach_level_aa(theme):
    assert len(MARKS) == 16
    assert min(contrast(colour[theme], PAGE[theme]) for colour in MARKS) >= 3.0


GRAPH = {
    name: colours
    for name, *colours in re.findall(
        r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", (TEMPLATES / "graph.css").read_text()
    )
}
PHASES = [name.removesuffix("-fill") for name in GRAPH if name.endswith("-fill")]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_names_of_operations_reach_level_aa_on_every_phase_and_every_heat(theme):
    (ink,) = (pair[1:] for pair in PAIRS if pair[0] == "ink")
    (soft,) = (pair[1:] for pair in PAIRS if pair[0] == "soft")
    heats = [GRAPH[f"heat-{step}"] for step in range(9)]
    fills = [GRAPH[f"{phase}-fill"] for phase in PHASES]
    assert len(fills) == 6
    assert min(contrast(ink[theme], fill[theme]) for fill in heats + fills) >= 4.5
    assert min(contrast(soft[theme], fill[theme]) for fill in fills) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_borders_and_marks_of_operations_can_be_told_from_the_page(theme):
    (card,) = (pair[1:] for pair in PAIRS if pair[0] == "card")
    lines = [GRAPH[name] for name in (*PHASES, "chosen", "kin")]
    assert min(contrast(colour[theme], card[theme]) for colour in lines) >= 4.5


def test_the_formula_is_the_standards_own():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
