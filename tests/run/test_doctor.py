"""The doctor tries things, and says how to mend what does not work."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from isograd.doctor import Check, Doctor
from isograd.frameworks import MODES
from isograd.report.terminal_doctor import render_doctor
from isograd.run import doctor as module
from isograd.run.doctor import doctor


@pytest.fixture(scope="module")
def found() -> Doctor:
    """With what compiles passed over, which takes seconds."""
    slow = {"torch/compile": "pass", "tensorflow/xla": "pass"}
    usual = dict(module.TRIALS)
    module.TRIALS.update(slow)
    try:
        return doctor()
    finally:
        module.TRIALS.update(usual)


def text(found: Doctor) -> str:
    file = io.StringIO()
    render_doctor(found, Console(file=file, width=100))
    return file.getvalue()


def test_every_mode_is_tried(found) -> None:
    tried = {check.name for check in found.checks if check.detail == "runs"}
    assert tried == {mode for modes in MODES.values() for mode in modes}
    assert found.exit_code == 0
    assert Doctor.from_json(found.to_json()) == found


def test_the_screen_says_that_all_works_in_ascii(found) -> None:
    shown = text(found)
    assert "All that is needed works here." in shown
    assert str(found.environment["processor"]) in shown


def test_a_mode_that_breaks_is_found(monkeypatch) -> None:
    monkeypatch.setitem(module.TRIALS, "torch/jit", "raise RuntimeError('out of order')")
    monkeypatch.setitem(module.TRIALS, "torch/compile", "pass")
    checks, _ = module._framework("torch")
    (broken,) = (check for check in checks if check.status == "broken")
    assert broken.name == "jit"
    assert "out of order" in broken.detail


def test_a_framework_that_cannot_be_imported_is_broken(monkeypatch) -> None:
    monkeypatch.setitem(module.IMPORTS, "torch", "import no_such_module")
    (check,) = module._framework("torch")[0]
    assert check.status == "broken"
    assert "no_such_module" in check.detail


def test_what_is_missing_is_named_with_the_command(monkeypatch) -> None:
    monkeypatch.setattr(module, "installed", lambda framework: False)
    (check,), _ = module._framework("tensorflow")
    assert check.status == "missing"
    found = Doctor(doctor_environment(), [check])
    assert found.exit_code == 3
    assert "pip install 'isograd[tensorflow]'" in text(found)


def test_what_is_optional_may_be_missing(monkeypatch) -> None:
    monkeypatch.setitem(module.OPTIONAL, "ray", (("no_ray", "no-ray"),))
    (check,) = module._extra("ray")
    assert check.status == "missing"
    found = Doctor(doctor_environment(), [Check("isograd", "Python", "ok"), check])
    assert found.exit_code == 0
    assert "pip install 'isograd[ray]'" in text(found)


def doctor_environment() -> dict[str, object]:
    return module.environment()
