"""The pages of the documentation whose commands take long."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))

from pages_of_docs import pages, play


@pytest.mark.parametrize("page", [p for p in pages() if p.slow], ids=lambda page: page.name)
def test_what_a_page_says_can_be_done(page, tmp_path) -> None:
    play(page, tmp_path)
