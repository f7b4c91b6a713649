"""One registry of what is saved: its kinds, their files and classes."""

from __future__ import annotations

import pytest

from isograd.evidence import LISTS, Evidence
from isograd.records import KINDS, kind_name, kind_of


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_is_found_by_its_class_and_by_its_schema(name: str) -> None:
    kind = KINDS[name]
    assert kind_name(kind.cls.schema) == name
    assert kind_of(kind.cls) is kind


def test_no_two_kinds_share_a_file() -> None:
    files = [file for kind in KINDS.values() for file in kind.files if file]
    assert len(set(files)) == len(files)


def test_all_evidence_is_of_a_kind_that_is_saved() -> None:
    assert set(LISTS) <= set(KINDS)
    assert set(LISTS.values()) == set(vars(Evidence())) - {"refused"}
