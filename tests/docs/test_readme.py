"""The README in Chinese has the sections and the code of the README."""

from __future__ import annotations

import re

from pages_of_docs import ROOT

BLOCK = re.compile(r"^```\w+\n.*?^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) ", re.MULTILINE)
LINK = re.compile(r"\]\(([^)]+)\)")

NAMES = ("README.md", "README.zh.md")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def outline(text: str) -> list[object]:
    """Depths of headings, code blocks, and what is linked to other than the other README."""
    prose = BLOCK.sub("", text)
    links = [link for link in LINK.findall(prose) if link not in NAMES]
    return [HEADING.findall(prose), BLOCK.findall(text), links]


def test_both_have_the_same_sections_code_and_links() -> None:
    assert outline(read("README.md")) == outline(read("README.zh.md"))


def test_each_leads_to_the_other_before_anything_else() -> None:
    for name, other in (NAMES, NAMES[::-1]):
        assert f"]({other})" in read(name).splitlines()[2]


def test_a_missing_section_a_changed_command_and_a_lost_link_are_noticed() -> None:
    text = read("README.zh.md")
    for damaged in (
        text.replace("## ", "", 1),
        text.replace("$ isograd claims\n", "$ isograd claim\n"),
        text.replace("](CHANGELOG.md)", "]"),
    ):
        assert outline(damaged) != outline(text)
