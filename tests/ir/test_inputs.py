"""Inputs as users write them."""

from __future__ import annotations

import pytest

from isograd.errors import UsageError
from isograd.ir.inputs import InputSpec, parse_input


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("x=float32[N,3,224,224]", InputSpec("x", ("N", 3, 224, 224))),
        ("tokens=int64[N,T]<1000", InputSpec("tokens", ("N", "T"), "int", 1000)),
        (" mask = bool[ N , T ] ", InputSpec("mask", ("N", "T"), "bool")),
        ("float16[4]", InputSpec("unnamed", (4,))),
        ("scale=float64[]", InputSpec("scale", ())),
    ],
)
def test_a_text_becomes_an_input(text, spec):
    assert parse_input(text, "unnamed") == spec
    assert parse_input(str(spec)) == spec


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no input"),
        ("x=float32", "is no input"),
        ("x=float32[N", "is no input"),
        ("x=float32[N]]", "is no input"),
        ("x=flaot32[N]", "Did you mean 'float32'"),
        ("2x=float32[N]", "'2x' cannot be an input's name"),
        ("=float32[N]", "'' cannot be an input's name"),
        ("x=float32[N,0]", "'0' is no size"),
        ("x=float32[N,-1]", "'-1' is no size"),
        ("x=float32[N,,3]", "'' is no size"),
        ("x=float32[1 2]", "'1 2' is no size"),
        ("x=float32[N,2*T]", r"'2\*T' is no size"),
        ("x=float32[N]<5", "Only whole numbers have a bound"),
        ("x=int64[N]<0", "'0' is no bound"),
        ("x=int64[N]<many", "'many' is no bound"),
    ],
)
def test_another_text_is_refused_with_what_is_wrong(text, words):
    with pytest.raises(UsageError, match=words):
        parse_input(text)
