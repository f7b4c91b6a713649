"""What a measurement was made on: complete, publishable, and found without a framework."""

import getpass
import json
import subprocess
import sys
from pathlib import Path

import pytest

from isograd.measure import environment as module
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


@pytest.mark.parametrize(
    ("groups", "files", "cores"),
    [
        ("0::/", {"cpu.max": "150000 100000"}, 1.5),
        ("0::/", {"cpu.max": "max 100000"}, None),
        ("0::/", {}, None),
        ("0::/a/b", {"a/b/cpu.max": "200000 100000", "cpu.max": "max 100000"}, 2.0),
        ("0::/a/b", {"a/b/cpu.max": "max 100000", "a/cpu.max": "50000 100000"}, 0.5),
        ("0::/a/b", {"a/b/cpu.max": "300000 100000", "a/cpu.max": "100000 100000"}, 1.0),
        ("0::/a", {"other/cpu.max": "50000 100000"}, None),
        ("4:cpu,cpuacct:/a", {"cpu/a/cpu.cfs_quota_us": "250000"}, 2.5),
        ("4:cpu,cpuacct:/host/name", {"cpu/cpu.cfs_quota_us": "50000"}, 0.5),
        ("4:cpu:/", {"cpu/cpu.cfs_quota_us": "-1"}, None),
        ("5:cpuset:/a", {"cpu/a/cpu.cfs_quota_us": "50000"}, None),
        ("", {}, None),
    ],
)
def test_the_quota_is_the_smallest_of_all_groups_that_hold_this_process(
    monkeypatch: pytest.MonkeyPatch, groups: str, files: dict[str, str], cores: float | None
) -> None:
    there = {f"/sys/fs/cgroup/{name}": text for name, text in files.items()}
    there |= {name.replace("quota", "period"): "100000" for name in list(there) if "quota" in name}
    there["/proc/self/cgroup"] = groups
    monkeypatch.setattr(module, "_read", lambda path: there.get(path.as_posix()))
    assert module._quota() == cores


def test_a_processor_that_the_system_does_not_describe_is_asked_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_read", lambda path: "processor : 0\nCPU part : 0xd0c")
    found = {"brand_raw": "a processor of this test", "flags": ["avx2"]}
    monkeypatch.setattr("cpuinfo.get_cpu_info", lambda: found)
    assert module._processor() == ("a processor of this test", {"avx2"})


def test_other_thread_pools_are_no_blas(monkeypatch: pytest.MonkeyPatch) -> None:
    pools = [
        {"user_api": "blas", "internal_api": "openblas"},
        {"user_api": "openmp", "internal_api": "openmp"},
    ]
    monkeypatch.setattr(module, "threadpool_info", lambda: pools)
    assert environment()["blas"] == ["openblas"]


def test_the_rate_of_a_matrix_product_is_of_a_plausible_order() -> None:
    assert 1e8 < sgemm_rate(1, seconds=0.1) < 1e14
