"""Why lower precision is no faster is told from measured facts, or not at all."""

from __future__ import annotations

import pytest

from isograd.deploy.slower import reason

VNNI = ("avx2", "avx512f", "avx512_vnni")


def test_a_call_that_is_little_arithmetic_says_how_little():
    text = reason("int8", 1, 0.1, 200_000, 100e9, VNNI)
    assert "2 us" in text
    assert "2% of the baseline's call" in text
    assert "100 GFLOP/s" in text


@pytest.mark.parametrize(("precision", "unit"), [("int8", "avx512_vnni"), ("bfloat16", "amx_bf16")])
def test_instructions_that_are_missing_are_named(precision, unit):
    assert unit in reason(precision, 64, 1.0, 1_000_000, 100e9, ["avx2", "fma"])


def test_nothing_is_said_where_nothing_explains_it():
    busy = (64, 1.0, 1_000_000, 100e9)
    assert reason("int8", *busy, VNNI) == ""
    assert reason("int8", *busy, ()) == ""
    assert reason("int8", 64, 1.0, None, 100e9, VNNI) == ""
    assert reason("float32", 1, 0.1, 10, 100e9, ()) == ""
