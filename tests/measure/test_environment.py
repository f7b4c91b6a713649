"""What a measurement was made on: complete, publishable, and found without a framework."""

import getpass
import json
import subprocess
import sys
from pathlib import Path

import pytest

from isograd.measure.environment import environment, sgemm_rate

KEYS = {
    "python",
    "packages",
    "system",
    "processor",
    "instructions",
    "cores",
    "memory_gb",
    "governor",
    "load",
    "blas",
    "variables",
}


def test_the_environment_says_what_a_reader_needs() -> None:
    found = environment()
    assert set(found) == KEYS
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"isograd", "numpy"} <= set(found["packages"])
    assert found["processor"]
    assert found["cores"]["logical"] >= 1
    assert found["memory_gb"] > 0.1


def test_the_environment_can_be_written_as_json() -> None:
    found = environment()
    assert json.loads(json.dumps(found)) == found


def test_finding_the_environment_imports_no_framework() -> None:
    program = (
        "import sys; from isograd.measure.environment import environment; environment();"
        "print([name for name in ('torch', 'tensorflow', 'keras') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


def test_settings_are_part_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    variables = environment()["variables"]
    assert variables["OMP_NUM_THREADS"] == "3"
    assert "XLA_FLAGS" not in variables


def test_a_home_directory_in_a_setting_is_not_given_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("USERPROFILE", "/home/somebody")
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=/home/somebody/dump")
    assert environment()["variables"]["XLA_FLAGS"] == "--xla_dump_to=~/dump"


def test_neither_home_directory_nor_user_nor_host_is_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOGNAME", "a-user-of-this-test")
    monkeypatch.setattr("platform.node", lambda: "a-host-of-this-test")
    text = json.dumps(environment())
    assert getpass.getuser() == "a-user-of-this-test"
    assert "of-this-test" not in text
    assert f"{Path.home()}/" not in text


def test_the_rate_of_a_matrix_product_is_of_a_plausible_order() -> None:
    assert 1e8 < sgemm_rate(1, seconds=0.1) < 1e14
