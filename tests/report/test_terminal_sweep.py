"""A sweep on terminals of several widths and encodings."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from sweep_records import make_sweep

from isograd.report.terminal_sweep import render_sweep


def shown(found, width=100, encoding="utf-8") -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    render_sweep(found, Console(file=file, width=width), report="sweep.html")
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("width", [50, 80, 100, 140])
def test_it_fits_and_keeps_the_smallest_and_the_largest_batch(width):
    text = shown(make_sweep(), width)
    assert max(map(len, text.splitlines())) <= width
    assert "2,048" in text
    assert "PyTorch compile" in text


def test_the_fastest_is_marked_and_what_failed_has_its_reason_once():
    text = shown(make_sweep())
    assert text.count("for want of memory") == 1
    assert " *" in text
    assert "(3 attempts)" in " ".join(text.split())


def test_a_terminal_without_utf_8_gets_what_it_can_show():
    assert "us" in shown(make_sweep(), encoding="ascii")
