"""The data sets that come along: digits and breast-cancer."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from isograd.data import HOMES, LOCAL, load
from isograd.data.dataset import Dataset
from isograd.errors import UsageError

EMBEDDED = [name for name in HOMES if name not in LOCAL]
every = pytest.mark.parametrize("name", EMBEDDED)


@every
def test_two_loads_are_the_same_to_the_bit(name: str) -> None:
    assert load(name).sha256 == load(name).sha256


def digest(arrays: Sequence[NDArray[np.float32]]) -> str:
    train_x, train_y, test_x, test_y = arrays
    return Dataset("d", "s", train_x, train_y, test_x, test_y, classes=None).sha256


def test_the_digest_sees_every_array() -> None:
    arrays = [np.full((2, 1), value, np.float32) for value in range(4)]
    digests = {digest(arrays)}
    for index in range(4):
        changed = [array.copy() for array in arrays]
        changed[index][1, 0] += 1.0
        digests.add(digest(changed))
    assert len(digests) == 5


def test_the_digest_sees_a_shape() -> None:
    flat, square = np.zeros(4, np.float32), np.zeros((2, 2), np.float32)
    assert digest([flat, flat, flat, flat]) != digest([square, flat, flat, flat])


def test_digits_are_images_of_28_by_28_between_0_and_1() -> None:
    data = load("digits")
    assert len(data.train_inputs) + len(data.test_inputs) == 1797
    assert data.train_inputs.shape[1:] == data.test_inputs.shape[1:] == (28, 28)
    assert data.train_inputs.dtype == np.float32
    assert (data.train_inputs.min(), data.train_inputs.max()) == (0.0, 1.0)


def test_digits_have_ten_classes() -> None:
    data = load("digits")
    assert data.classes == 10
    assert data.train_targets.dtype == np.int64
    assert set(data.train_targets) == set(data.test_targets) == set(range(10))


def test_resizing_keeps_the_corner_pixels_in_place() -> None:
    from sklearn.datasets import load_digits

    small = np.sort(load_digits().images[:, [0, 0, -1, -1], [0, -1, 0, -1]].sum(axis=1)) / 16
    data = load("digits")
    images = np.concatenate([data.train_inputs, data.test_inputs])
    large = np.sort(images[:, [0, 0, -1, -1], [0, -1, 0, -1]].sum(axis=1, dtype=np.float64))
    np.testing.assert_allclose(large, small, atol=1e-6)


def test_breast_cancer_has_30_measurements_and_one_target_of_0_or_1() -> None:
    data = load("breast-cancer")
    assert len(data.train_inputs) + len(data.test_inputs) == 569
    assert data.train_inputs.shape[1:] == (30,)
    assert data.train_targets.shape == (len(data.train_inputs), 1)
    assert data.train_inputs.dtype == data.train_targets.dtype == np.float32
    assert set(data.train_targets.ravel()) == {0.0, 1.0}


def test_breast_cancer_is_standardised_by_its_training_split_alone() -> None:
    data = load("breast-cancer")
    np.testing.assert_allclose(data.train_inputs.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(data.train_inputs.std(axis=0), 1.0, atol=1e-5)
    assert np.abs(data.test_inputs.mean(axis=0)).max() > 0.01
    everything = np.concatenate([data.train_inputs, data.test_inputs])
    assert np.abs(everything.std(axis=0) - 1.0).max() > 0.001


@every
def test_a_fifth_is_held_out_and_both_splits_have_the_same_shares_of_classes(name: str) -> None:
    data = load(name)
    count = len(data.train_targets) + len(data.test_targets)
    assert len(data.test_targets) == -(-count // 5)
    for label in np.unique(data.train_targets):
        train, test = (np.mean(y == label) for y in (data.train_targets, data.test_targets))
        assert abs(train - test) <= 1.0 / len(data.test_targets)


@every
def test_no_example_of_the_training_split_is_in_the_test_split(name: str) -> None:
    data = load(name)
    train = {row.tobytes() for row in data.train_inputs}
    assert not train & {row.tobytes() for row in data.test_inputs}


@every
def test_an_embedded_data_set_takes_no_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"{name!r} .*takes no --data-dir") as caught:
        load(name, tmp_path)
    assert "mnist" in (caught.value.hint or "")


def test_the_nearest_data_set_is_suggested_for_an_unknown_name() -> None:
    with pytest.raises(UsageError, match="Unknown data set 'minst'") as caught:
        load("minst")
    assert "'mnist'" in (caught.value.hint or "")
