import json
import math
import os
import subprocess
import sys

import pytest

from isograd import report
from isograd.errors import UsageError
from isograd.report.files import save_record
from isograd.result import Result


def test_a_report_is_three_files(result, tmp_path):
    paths = report.write(result, tmp_path / "runs" / "first")
    assert [path.name for path in paths] == ["result.json", "report.html", "report.md"]
    assert all(path.stat().st_size > 1000 for path in paths)


def test_the_record_survives_the_way_to_the_disk_and_back(result, tmp_path):
    path, *_ = report.write(result, tmp_path)
    assert Result.read(path) == result


def test_a_report_is_not_overwritten_unless_asked_for(result, tmp_path):
    report.write(result, tmp_path)
    before = (tmp_path / "result.json").read_text()
    result.command = "another"
    with pytest.raises(UsageError, match="nothing was overwritten"):
        report.write(result, tmp_path)
    assert (tmp_path / "result.json").read_text() == before
    report.write(result, tmp_path, replace=True)
    assert Result.read(tmp_path / "result.json").command == "another"


def test_one_file_of_a_report_is_enough_to_refuse(result, tmp_path):
    (tmp_path / "report.md").write_text("mine")
    with pytest.raises(UsageError, match=r"report\.md"):
        report.claim(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]


def test_a_file_where_the_directory_should_be_is_a_usage_error(result, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="Cannot write the report"):
        report.write(result, tmp_path / "file" / "runs")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_directory_without_permission_is_a_usage_error(result, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="Cannot write the report"):
        report.write(result, tmp_path)


def test_a_failed_write_leaves_the_old_record_and_no_rubbish(result, tmp_path, monkeypatch):
    save_record(result, tmp_path)
    before = (tmp_path / "result.json").read_text()

    def fail(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    result.command = "another"
    with pytest.raises(UsageError, match="No space left"):
        save_record(result, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]
    assert (tmp_path / "result.json").read_text() == before


def test_numbers_that_are_not_finite_come_back_as_not_a_number(result):
    mode = result.mode("torch/jit")
    mode.proof.stages[1].ratio = math.inf
    mode.curves[0].loss[3] = math.nan
    text = result.to_json()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    found = Result.from_json(text).mode("torch/jit")
    assert math.isnan(found.proof.stages[1].ratio)
    assert math.isnan(found.curves[0].loss[3])


def test_a_value_that_was_not_measured_stays_none(result):
    assert Result.from_json(result.to_json()).mode("tensorflow/xla").first_call_s is None


def test_text_where_a_number_belongs_is_damage(result):
    raw = json.loads(result.to_json())
    raw["modes"][0]["curves"][0]["loss"][0] = "much"
    with pytest.raises(UsageError, match="damaged"):
        Result.from_json(json.dumps(raw))


def test_reporting_imports_no_framework():
    code = (
        "import sys, isograd.report.html, isograd.report.terminal, isograd.report.markdown;"
        "import isograd.report.explanation, isograd.report.terminal_explanation;"
        "sys.exit(bool({'torch', 'tensorflow', 'keras', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
