"""Which results count: those of the installed versions, on this processor, newest first."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from isograd.errors import UsageError
from isograd.evidence import Here, gather
from isograd.frontier import Frontier
from isograd.result import Result
from isograd.views.document import Graphs

VERSIONS = {"torch": "2.13.0+cpu", "tensorflow-cpu": "2.21.0", "keras": "3.15.1", "numpy": "2.4"}
HERE = Here(VERSIONS, "Xeon")


def comparison(created: str = "2026-11-25T10:00:00+00:00", processor: str = "Xeon") -> Result:
    around = {"packages": VERSIONS, "processor": processor}
    return Result("isograd compare", created, {}, {}, {}, {}, around, "torch/eager")


def frontier() -> Frontier:
    around = {"packages": VERSIONS, "processor": "Xeon"}
    when = "2026-11-25T10:00:00+00:00"
    return Frontier("isograd optimize", when, {}, {}, {}, around, "dense/torch/eager", [1])


def graphs() -> Graphs:
    return Graphs("mnist-mlp", "cross_entropy, adam", 32, 0, VERSIONS, [])


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


def test_results_of_all_kinds_are_found_below_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "a", "result.json", comparison().to_json())
    write(tmp_path / "a", "graph.json", graphs().to_json())
    write(tmp_path / "runs" / "b", "frontier.json", frontier().to_json())
    found = gather([tmp_path], HERE)
    assert [one.record for one in found.compares] == [comparison()]
    assert [one.record for one in found.graphs] == [graphs()]
    assert [one.record for one in found.frontiers] == [frontier()]
    assert found.refused == []


def test_the_newest_comes_first_with_its_age(tmp_path: Path) -> None:
    for day in ("03", "05", "04"):
        text = comparison(f"2026-11-{day}T10:00:00+00:00").to_json()
        write(tmp_path / day, "result.json", text)
    found = gather([tmp_path], HERE)
    assert [one.path.parent.name for one in found.compares] == ["05", "04", "03"]
    now = datetime(2026, 11, 5, 12, tzinfo=UTC)
    assert found.compares[0].age(now) == timedelta(hours=2)
    assert found.compares[0].age(now - timedelta(days=1)) == timedelta(0)


def test_what_does_not_say_its_age_is_as_old_as_its_file(tmp_path: Path) -> None:
    path = write(tmp_path, "graph.json", graphs().to_json())
    os.utime(path, (0, 1_700_000_000))
    assert gather([tmp_path], HERE).graphs[0].created.timestamp() == 1_700_000_000


@pytest.mark.parametrize(
    ("here", "reason"),
    [
        (
            replace(HERE, versions={**VERSIONS, "torch": "2.14.0"}),
            "made with torch 2.13.0+cpu; 2.14.0 is installed",
        ),
        (
            replace(HERE, versions={"torch": "2.13.0+cpu"}),
            "made with tensorflow-cpu 2.21.0; none is installed",
        ),
        (replace(HERE, processor="EPYC"), "measured on another processor: Xeon"),
    ],
)
def test_other_versions_and_machines_are_refused(tmp_path: Path, here: Here, reason: str) -> None:
    path = write(tmp_path, "result.json", comparison().to_json())
    found = gather([tmp_path], here)
    assert found.compares == []
    assert [(one.path, one.reason) for one in found.refused] == [(path, reason)]


def test_other_packages_do_not_matter(tmp_path: Path) -> None:
    write(tmp_path, "result.json", comparison().to_json())
    here = replace(HERE, versions={**VERSIONS, "numpy": "3.0"})
    assert len(gather([tmp_path], here).compares) == 1


def test_a_result_without_versions_is_refused(tmp_path: Path) -> None:
    nameless = replace(graphs(), versions={})
    write(tmp_path, "graph.json", nameless.to_json())
    assert "does not say which versions" in gather([tmp_path], HERE).refused[0].reason


def test_a_damaged_file_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    write(
        tmp_path / "a", "result.json", comparison().to_json().replace('"modes": []', '"modes": 3')
    )
    write(tmp_path / "b", "result.json", "{")
    write(tmp_path / "c", "result.json", comparison().to_json())
    found = gather([tmp_path], HERE)
    assert [one.path.parent.name for one in found.compares] == ["c"]
    assert sorted(one.path.parent.name for one in found.refused) == ["a", "b"]


def test_what_is_no_result_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "graph.json", '{"schema": "isograd/graph/1"}')
    write(tmp_path, "other.json", "{")
    found = gather([tmp_path], HERE)
    assert (found.graphs, found.refused) == ([], [])


def test_a_file_that_is_named_twice_counts_once(tmp_path: Path) -> None:
    path = write(tmp_path, "result.json", comparison().to_json())
    assert len(gather([tmp_path, path], HERE).compares) == 1


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        gather([tmp_path / "nowhere"], HERE)


def test_what_is_installed_here_is_known() -> None:
    here = Here.now()
    assert here.versions["isograd"]
    assert here.processor
