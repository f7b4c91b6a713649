"""Labelled texts come from three kinds of tables, with a split that is fixed and fair."""

import csv
import json

import pytest

from isograd.errors import UsageError
from isograd.text.labelled import embedded, read_task

ROWS = [{"text": f"text {i}", "label": ("no", "yes")[i % 2]} for i in range(12)]


def as_csv(path):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["text", "label"])
        writer.writeheader()
        writer.writerows(ROWS)


def as_lines(path):
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))


def as_parquet(path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)


@pytest.mark.parametrize(
    ("name", "write"), [("a.csv", as_csv), ("a.jsonl", as_lines), ("a.parquet", as_parquet)]
)
def test_a_table_gives_the_same_task_in_every_form(tmp_path, name, write):
    write(tmp_path / name)
    task = read_task(tmp_path / name)
    assert task.train.classes == ("no", "yes")
    assert (len(task.train.texts), len(task.test.texts)) == (8, 4)
    assert sorted(task.test.labels) == [0, 0, 1, 1]
    assert {*task.train.texts, *task.test.texts} == {row["text"] for row in ROWS}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("text,label\nfine,\n", "Row 1 has no label"),
        ("text\nfine\n", "Row 1 has no label"),
        ("text,label\n" + "a,yes\n" * 9, "the same label"),
        ("text,label\n" + "a,yes\n" * 9 + "b,no\n", "'no' has 1 texts"),
    ],
)
def test_a_table_that_holds_no_task_is_refused(tmp_path, text, problem):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(UsageError, match=problem):
        read_task(path)


def test_other_files_are_refused_with_those_that_can_be_read(tmp_path):
    with pytest.raises(UsageError, match=r"\.xlsx") as refused:
        read_task(tmp_path / "a.xlsx")
    assert ".parquet" in refused.value.hint
    with pytest.raises(UsageError, match="Cannot read the table"):
        read_task(tmp_path / "missing.csv")


def test_the_embedded_task_is_balanced():
    task = embedded()
    assert sum(task.test.labels) * 2 == len(task.test.labels)
    assert not set(task.train.texts) & set(task.test.texts)
