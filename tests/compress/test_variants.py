"""Names say what is done to a network."""

from __future__ import annotations

import pytest

from isograd.compress.variants import USUAL, treatment
from isograd.errors import UsageError


@pytest.mark.parametrize("name", USUAL)
def test_the_usual_ones_have_a_name_and_a_line(name):
    found = treatment(name)
    assert found.name == name
    assert found.tuned == name[-1].isdigit()
    assert "{" not in found.about


def test_the_number_is_a_percentage():
    assert treatment("structured-33").amount == 0.33
    assert "33%" in treatment("structured-33").about


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("structred-50", "structured-50"),
        ("structured", "percentage"),
        ("structured-0", "percentage"),
        ("gradual-100", "percentage"),
        ("folded-50", "no percentage"),
    ],
)
def test_what_is_no_name_is_refused(name, words):
    with pytest.raises(UsageError) as caught:
        treatment(name)
    assert words in str(caught.value)
