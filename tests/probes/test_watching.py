"""A child that hangs is told from one that takes its time."""

from __future__ import annotations

import os
import time

import pytest

from isograd.probes import watching


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "QUIET_S", 1.0)


def sleeps(name: str) -> float:
    time.sleep(60)
    return 1.0


def works(name: str) -> float:
    while time.process_time() < 2.0:
        pass
    return 1.0


def dies(name: str) -> float:
    os._exit(3)


def ended(work) -> tuple[str, float | None]:
    found = watching.in_child("fork", work, "eager")
    return found["ended"], found["value"]


def test_what_does_nothing_hangs() -> None:
    assert ended(sleeps) == ("hung", None)


def test_what_works_is_waited_for() -> None:
    assert ended(works) == ("well", 1.0)


def test_what_works_for_ever_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "CHILD_S", 0.5)
    assert ended(works) == ("hung", None)


def test_what_dies_is_not_waited_for() -> None:
    assert ended(dies) == ("died", None)
