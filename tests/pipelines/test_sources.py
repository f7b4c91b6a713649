"""What a source is, and what is refused, with what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sources import make

from isograd.errors import UsageError
from isograd.pipelines.items import in_memory
from isograd.pipelines.source import find_source, open_items


@pytest.mark.parametrize("kind", [".png", "parquet", "csv", "lines", "windows"])
def test_items_one_by_one_are_those_of_the_whole(kind: str, tmp_path: Path) -> None:
    items = open_items(make(kind, tmp_path))
    whole = in_memory(items)
    assert whole.count == items.count
    if hasattr(items, "item"):
        for index in (0, items.count // 2, items.count - 1):
            inputs, target = items.item(index)
            assert np.array_equal(inputs, whole.inputs[index])
            assert np.array_equal(target, whole.labels[index])


def test_blocks_can_be_read_alone(tmp_path: Path) -> None:
    for kind in ("parquet", "csv"):
        items = open_items(make(kind, tmp_path))
        last = len(items.sizes) - 1  # type: ignore[attr-defined]
        ((inputs, _),) = items.read([last])  # type: ignore[attr-defined]
        assert np.array_equal(inputs, in_memory(items).inputs[-len(inputs) :])


def test_a_table_predicts_the_column_that_is_named(tmp_path: Path) -> None:
    source = make("parquet", tmp_path)
    assert open_items(source).targets is not None
    other = open_items(find_source(source.name, target="x0"))
    assert other.targets is None
    with pytest.raises(UsageError, match="Unknown column"):
        open_items(find_source(source.name, target="y0"))


@pytest.mark.parametrize(
    ("name", "words"),
    [("digitz", "Unknown source"), ("none.csv", "no such file"), ("net.bin", "no such file")],
)
def test_what_is_not_there_is_refused(name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        find_source(name)


def test_damaged_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "table.parquet").write_bytes(b"no table")
    with pytest.raises(UsageError, match="cannot be read"):
        open_items(find_source(str(tmp_path / "table.parquet")))
    (tmp_path / "words.csv").write_text("a,b\nx,1\n")
    items = open_items(find_source(str(tmp_path / "words.csv")))
    with pytest.raises(UsageError, match="'a' holds no numbers"):
        in_memory(items)
    (tmp_path / "gaps.csv").write_text("a,b\n1,1\n,0\n")
    with pytest.raises(UsageError, match="'a' lacks 1 values"):
        in_memory(open_items(find_source(str(tmp_path / "gaps.csv"))))
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(UsageError, match="empty"):
        open_items(find_source(str(tmp_path / "empty.txt")))


def test_images_of_another_size_and_folders_without_any_are_refused(tmp_path: Path) -> None:
    source = make(".png", tmp_path)
    assert source.path is not None
    Image.fromarray(np.zeros((4, 9, 3), np.uint8)).save(source.path / "a" / "99.png")
    items = open_items(source)
    with pytest.raises(UsageError, match="9x4, the first one 12x12"):
        in_memory(items)
    (tmp_path / "nothing").mkdir()
    with pytest.raises(UsageError, match="neither an idx file nor"):
        find_source(str(tmp_path / "nothing"))
