"""Every pipeline delivers each item exactly once an epoch, as the bytes that are in the source."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sources import DELIVERING, make, opened, specifications

from isograd.ir.mapping import Array
from isograd.pipelines.delivery import FOREIGN, Catalogue, judge
from isograd.pipelines.items import ArrayItems
from isograd.pipelines.source import find_source, open_items


@pytest.mark.parametrize("kind", [".png", ".jpg", "parquet", "csv", "lines", "windows"])
def test_each_item_comes_once_whatever_is_read(kind: str, tmp_path: Path) -> None:
    source = make(kind, tmp_path)
    items = open_items(source)
    catalogue = Catalogue(items)
    for specification in specifications(source):
        pipeline = opened(source, specification.id)
        for _ in range(2):
            numbers = catalogue.identify(map(pipeline.arrays, pipeline.epoch()))
            delivery = judge(numbers, items.count)
            assert delivery.verdict == "exact", (specification.id, delivery)


def test_each_item_comes_once_from_arrays() -> None:
    source = find_source("breast-cancer")
    items = open_items(source)
    for specification in specifications(source):
        pipeline = opened(source, specification.id)
        numbers = Catalogue(items).identify(map(pipeline.arrays, pipeline.epoch()))
        assert judge(numbers, items.count).verdict == "exact", specification.id


ITEMS = ArrayItems(np.arange(40, dtype=np.float32).reshape(20, 2), np.arange(20) % 3)


def told(inputs: Array, labels: Array) -> tuple[str, int, int, int]:
    numbers = Catalogue(ITEMS).identify([(inputs, labels)])
    found = judge(numbers, ITEMS.count)
    return found.verdict, found.missing, found.repeated, found.foreign


def test_what_is_wrong_is_counted() -> None:
    rows = np.arange(20)
    assert told(ITEMS.inputs[rows], ITEMS.labels[rows]) == ("exact", 0, 0, 0)
    assert told(ITEMS.inputs[rows[:-1]], ITEMS.labels[rows[:-1]]) == ("wrong", 1, 0, 0)
    twice = np.append(rows[:-1], 3)
    assert told(ITEMS.inputs[twice], ITEMS.labels[twice]) == ("wrong", 1, 1, 0)


def test_one_bit_or_another_type_makes_another_item() -> None:
    moved = ITEMS.inputs.copy()
    moved[7, 1] = np.nextafter(moved[7, 1], np.float32(99))
    assert told(moved, ITEMS.labels) == ("wrong", 1, 0, 1)
    assert told(ITEMS.inputs, ITEMS.labels.astype(np.int32)) == ("inconclusive", 20, 0, 20)


def test_a_target_that_belongs_to_another_item_is_found() -> None:
    swapped = ITEMS.labels.copy()
    swapped[[0, 1]] = swapped[[1, 0]]
    assert told(ITEMS.inputs, swapped) == ("wrong", 2, 0, 2)


def test_items_that_are_alike_are_dealt_out_one_by_one() -> None:
    alike = ArrayItems(np.zeros((3, 1), np.float32), np.zeros(3, np.int64))
    numbers = Catalogue(alike).identify([(alike.inputs, alike.labels)])
    assert sorted(numbers) == [0, 1, 2]
    assert judge(numbers, 3).verdict == "exact"
    again = Catalogue(alike).identify([(np.zeros((4, 1), np.float32), np.zeros(4, np.int64))])
    assert judge(again, 3).repeated == 1


def test_epochs_have_orders_of_their_own() -> None:
    source = find_source("breast-cancer")
    catalogue = Catalogue(open_items(source))
    for id in ("memory", "torch/loader", "torch/batched", "tensorflow/map", "tensorflow/indices"):
        pipeline = opened(source, id, DELIVERING)
        first, second = (
            catalogue.identify(map(pipeline.arrays, pipeline.epoch())) for _ in range(2)
        )
        assert FOREIGN not in first
        assert not np.array_equal(first, second), id
