"""Sizes that are polynomials: one text for one size, and arithmetic that means what it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isograd.ir.sizes import (
    add,
    divide,
    evaluate,
    is_canonical,
    is_symbol,
    multiply,
    settled,
    subtract,
    symbols,
    written,
)

NAMES = ("N", "T", "S_2")

numbers = st.integers(-9, 9)
atoms = st.one_of(numbers, st.sampled_from(NAMES))
sizes = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds(add, inner, inner),
        st.builds(subtract, inner, inner),
        st.builds(multiply, inner, inner),
    ),
    max_leaves=6,
)
values = st.fixed_dictionaries({name: st.integers(1, 50) for name in NAMES})


@given(sizes, sizes, values)
def test_arithmetic_is_that_of_the_numbers(a, b, at):
    x, y = evaluate(a, at), evaluate(b, at)
    assert evaluate(add(a, b), at) == x + y
    assert evaluate(subtract(a, b), at) == x - y
    assert evaluate(multiply(a, b), at) == x * y


@given(sizes, sizes, sizes)
def test_equal_sizes_have_one_text(a, b, c):
    assert add(a, b) == add(b, a)
    assert multiply(a, b) == multiply(b, a)
    assert multiply(a, add(b, c)) == add(multiply(a, b), multiply(a, c))
    assert subtract(add(a, b), b) == a


@given(sizes)
def test_what_is_written_is_canonical(size):
    assert isinstance(size, int) or is_canonical(size)


@given(sizes, st.one_of(st.integers(1, 9), st.sampled_from(NAMES)))
def test_a_product_can_be_divided_again(size, factor):
    assert divide(multiply(size, factor), factor) == size


@given(sizes, sizes, values)
def test_a_quotient_is_exact_or_none(a, b, at):
    if b == 0:
        return
    quotient = divide(a, b)
    if quotient is not None:
        assert evaluate(quotient, at) * evaluate(b, at) == evaluate(a, at)


@pytest.mark.parametrize(
    ("a", "b"), [("N", 2), ("N+1", "N"), (5, 2), ("N*T+1", "T"), ("N", "N*T"), ("N", "N+T")]
)
def test_what_leaves_a_rest_is_not_divided(a, b):
    assert divide(a, b) is None


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (add("N", 1), "N+1"),
        (subtract("N", 1), "N-1"),
        (multiply(64, "N"), "64*N"),
        (multiply("T", "N"), "N*T"),
        (subtract(1, "N"), "-N+1"),
        (subtract("N", "N"), 0),
        (multiply(), 1),
        (add(), 0),
    ],
)
def test_the_text_is_short(size, text):
    assert size == text


@pytest.mark.parametrize("text", ["1+N", "T*N", "N*64", "2*3", "N+N", "N+", "", "N/2", "N N", "+N"])
def test_another_text_is_not_canonical(text):
    assert not is_canonical(text)


def test_symbols_come_in_the_order_of_their_appearance():
    assert symbols("T+1", 3, "N*T") == ("T", "N")
    assert is_symbol("N")
    assert not is_symbol("2*N")
    assert not is_symbol(3)


@given(sizes, values)
def test_a_size_is_written_as_python(size, at):
    source = written(size, {name: f"at_{name.lower()}" for name in NAMES})
    names = {f"at_{name.lower()}": number for name, number in at.items()}
    assert eval(source, {}, names) == evaluate(size, at)


@given(sizes, values)
def test_symbols_are_settled_one_by_one(size, at):
    first, *others = NAMES
    some = settled(size, {first: at[first]})
    assert first not in symbols(some)
    assert evaluate(some, at) == evaluate(size, at)
    assert settled(some, {name: at[name] for name in others}) == evaluate(size, at)
