"""Cells are kept as they come: whole lines, once each, by one process at a time."""

from __future__ import annotations

import pytest

from isograd.errors import UsageError
from isograd.sweeping.cell import Cell
from isograd.sweeping.journal import JOURNAL, Journal, read_outcomes
from isograd.sweeping.record import Outcome

CELL = Cell("lenet", "torch", "eager", 8)


def outcome(key: str = "a", status: str = "ok") -> Outcome:
    return Outcome(key, CELL, status, baseline=CELL, losses=[1.0, float("nan")])


def test_what_was_written_is_there_again(tmp_path):
    with Journal(tmp_path) as journal:
        journal.append(outcome("a"))
        journal.append(outcome("b", "crashed"))
    with Journal(tmp_path) as journal:
        assert list(journal.outcomes) == ["a", "b"]
        assert journal.outcomes["a"].cell == CELL
        assert journal.outcomes["b"].status == "crashed"


def test_a_line_that_a_killed_process_left_half_written_is_cut_off(tmp_path):
    with Journal(tmp_path) as journal:
        journal.append(outcome("a"))
    path = tmp_path / JOURNAL
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    assert list(read_outcomes(path)) == ["a"]
    with Journal(tmp_path) as journal:
        journal.append(outcome("b"))
    assert list(read_outcomes(path)) == ["a", "b"]


def test_a_cell_that_was_measured_is_not_written_twice_and_one_that_failed_may_be(tmp_path):
    with Journal(tmp_path) as journal:
        journal.append(outcome("a", "crashed"))
        journal.append(outcome("a", "ok"))
        with pytest.raises(ValueError, match="measured already"):
            journal.append(outcome("a"))
    assert read_outcomes(tmp_path / JOURNAL)["a"].ok


def test_a_file_in_which_a_cell_stands_twice_is_refused(tmp_path):
    with Journal(tmp_path) as journal:
        journal.append(outcome("a"))
    path = tmp_path / JOURNAL
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(UsageError) as found:
        Journal(tmp_path)
    assert found.value.where == f"{path}:2"


def test_a_damaged_line_is_named(tmp_path):
    (tmp_path / JOURNAL).write_text("{}\n")
    with pytest.raises(UsageError) as found:
        Journal(tmp_path)
    assert found.value.where.endswith(":1")


def test_two_sweeps_do_not_share_a_folder(tmp_path):
    with Journal(tmp_path), pytest.raises(UsageError, match="at work"):
        Journal(tmp_path)
    Journal(tmp_path).close()
