"""Profiles in TOML: what is wrong is named with its line."""

from __future__ import annotations

import pytest

from isograd.advise.facts import facts
from isograd.advise.profile import BY_TARGET, Profile, read_profile
from isograd.errors import UsageError


def read(tmp_path, text: str) -> Profile:
    path = tmp_path / "profile.toml"
    path.write_text(text)
    return read_profile(path)


def test_a_profile_is_read(tmp_path) -> None:
    found = read(
        tmp_path, 'target = "phone"\nlimits = "size<1MB"\nsteps = 500\n[weights]\nsize = 2.0\n'
    )
    assert found == Profile("phone", limits="size<1MB", steps=500, weights={"size": 2.0})
    assert found.weighing.size == 2.0
    assert found.weighing.latency == BY_TARGET["phone"].latency


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('\ntarget = "fone"', 2, "phone"),
        ('target = "phone"\nbudget = 3', 2, "key of a profile"),
        ("steps = 0", 1, "steps"),
        ('batch = "many"', 1, "a number"),
        ("batch = true", 1, "a number"),
        ("[weights]\nlatencies = 1", 2, "latency"),
        ("[weights]\nrun = -1", 2, "0 to 100"),
        ('target = "microcontroller"\nhardware = "gpu"', 2, "Say cpu"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path, text, line, words) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, text)
    assert str(caught.value.where).endswith(f"profile.toml:{line}")
    assert words in str(caught.value)


def test_no_toml_and_no_file_are_told_apart(tmp_path) -> None:
    with pytest.raises(UsageError, match="no TOML"):
        read(tmp_path, "target =")
    with pytest.raises(UsageError, match="Cannot read"):
        read_profile(tmp_path / "none.toml")


def test_every_fact_has_a_date_and_a_source() -> None:
    for fact in facts():
        assert fact.source.startswith("https://")
        assert len(fact.date.split("-")) == 3
        assert bool(fact.target) != bool(fact.hardware)
    assert len({fact.id for fact in facts()}) == len(facts())
