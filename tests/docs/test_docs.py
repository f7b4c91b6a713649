"""What the documentation says is what happens."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from pages_of_docs import DOCS, ROOT, DocPage, pages, play, steps

from isograd.cli import app

PAGES = pages()
QUICK = [page for page in PAGES if not page.slow and page.steps]


@pytest.mark.parametrize("page", QUICK, ids=lambda page: page.name)
def test_what_a_page_says_can_be_done(page, tmp_path) -> None:
    play(page, tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_is_written_or_run(page) -> None:
    assert page.source.count("```") == 2 * len(re.findall(r"```\w+", page.source))
    list(steps(page.source))


def test_a_command_that_fails_is_noticed(tmp_path) -> None:
    page = DocPage("wrong.md", "```console\n$ isograd emit no-such-network --to torch\n```\n")
    with pytest.raises(AssertionError, match="no-such-network"):
        play(page, tmp_path)


def test_a_snippet_that_fails_is_noticed(tmp_path) -> None:
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        play(DocPage("wrong.md", "```python\n1 / 0\n```\n"), tmp_path)


@pytest.mark.parametrize("source", ["```yaml\na: 1\n```\n", "```console\nno command\n```\n"])
def test_a_block_that_nobody_runs_is_refused(source) -> None:
    with pytest.raises(ValueError, match=r"neither|no command"):
        list(steps(source))


def test_every_command_has_its_place() -> None:
    said = "\n".join(step.text for page in PAGES for step in page.steps if step.kind == "command")
    for command in app.registered_commands:
        if command.name != "report":
            assert f"isograd {command.name}" in said, command.name


def test_the_site_is_built_without_a_warning(tmp_path) -> None:
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    for page in PAGES:
        assert "<!-- generated" not in (
            tmp_path / re.sub(r"(index)?\.md$", "", page.name) / "index.html"
        ).read_text(encoding="utf-8")
    line = (tmp_path / "reference/command-line/index.html").read_text(encoding="utf-8")
    for command in app.registered_commands:
        assert f"isograd {command.name}" in line
    assert "bn-running-variance" in (tmp_path / "reference/causes/index.html").read_text()


def test_nothing_is_loaded_from_elsewhere() -> None:
    """The site works without a network, but for what its theme offers."""
    for page in PAGES:
        assert "<script" not in page.source
    assert "http" not in (DOCS / "style.css").read_text()
