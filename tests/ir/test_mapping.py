"""The laws of transforms and maps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isograd.ir.mapping import (
    Blocks,
    Link,
    Permute,
    Reorder,
    Split,
    TensorMap,
    Transform,
    identity_map,
)

SHAPE = (6, 4, 3)
SPLITS = {6: ((6,), (2, 3), (3, 2), (1, 6)), 4: ((4,), (2, 2), (1, 2, 2)), 3: ((3,), (1, 3))}


@st.composite
def transforms(draw: st.DrawFn) -> Transform:
    """Chains of steps that fit an array of `SHAPE`."""
    shape, steps = SHAPE, []
    for _ in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from((Permute, Reorder, Blocks)))
        if kind is Permute:
            axes = tuple(draw(st.permutations(range(3))))
            steps.append(Permute(axes))
            shape = tuple(shape[axis] for axis in axes)
        elif kind is Blocks:
            axis = draw(st.integers(0, 2))
            count = draw(st.sampled_from([n for n in (1, 2, 3, 4, 6) if shape[axis] % n == 0]))
            steps.append(Blocks(axis, tuple(draw(st.permutations(range(count))))))
        else:
            axis = draw(st.integers(0, 2))
            sizes = draw(st.sampled_from(SPLITS[shape[axis]]))
            order = tuple(draw(st.permutations(range(len(sizes)))))
            steps.append(Reorder(axis, sizes, order))
    return Transform(tuple(steps))


def array(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=SHAPE)


@given(transforms())
def test_the_inverse_undoes_a_transform(transform):
    np.testing.assert_array_equal(transform.inverse(transform(array())), array())


@given(transforms())
def test_the_inverse_of_the_inverse_does_the_same(transform):
    np.testing.assert_array_equal(transform.inverse.inverse(array()), transform(array()))


@given(transforms())
def test_a_transform_loses_no_element(transform):
    np.testing.assert_array_equal(np.sort(transform(array()).ravel()), np.sort(array().ravel()))


@given(transforms())
def test_the_result_lies_contiguous_in_memory(transform):
    assert transform(array()).flags.c_contiguous


def test_blocks_are_moved_as_they_are():
    moved = Blocks(1, (2, 0, 1))(np.arange(12).reshape(2, 6))
    np.testing.assert_array_equal(moved, [[4, 5, 0, 1, 2, 3], [10, 11, 6, 7, 8, 9]])


def test_transforms_compose_from_left_to_right():
    first, second = Transform((Permute((1, 2, 0)),)), Transform((Permute((0, 2, 1)),))
    np.testing.assert_array_equal((first >> second)(array()), second(first(array())))
    assert (first >> second)(array()).shape == (4, 6, 3)


def test_a_permutation_names_the_source_of_each_axis():
    assert Permute((2, 0, 1))(array()).shape == (3, 6, 4)


def test_reorder_turns_channels_first_features_into_channels_last_ones():
    image = np.arange(24).reshape(2, 3, 4)
    step = Reorder(0, (2, 3, 4), (1, 2, 0))
    np.testing.assert_array_equal(step(image.ravel()), np.moveaxis(image, 0, -1).ravel())


@given(st.dictionaries(st.text("abc", min_size=1), transforms(), max_size=4))
def test_a_map_takes_tensors_there_and_back(chosen):
    tensors = TensorMap(tuple(Link(name, name + "'", step) for name, step in chosen.items()))
    arrays = {name: array(seed) for seed, name in enumerate(chosen)}
    there = tensors.forward(arrays)
    assert set(there) == {name + "'" for name in chosen}
    back = tensors.backward(there)
    assert list(back) == list(arrays)
    for name, value in arrays.items():
        np.testing.assert_array_equal(back[name], value)
        np.testing.assert_array_equal(tensors.inverse.forward(there)[name], value)


@given(transforms())
def test_a_map_and_its_inverse_compose_to_the_identity(step):
    tensors = TensorMap((Link("a", "b", step),))
    round_trip = tensors.compose(tensors.inverse)
    assert round_trip.names == identity_map(["a"]).names
    np.testing.assert_array_equal(round_trip.forward({"a": array()})["a"], array())


@pytest.mark.parametrize(
    ("links", "twice"), [((("a", "x"), ("a", "y")), "'a'"), ((("a", "x"), ("b", "x")), "'x'")]
)
def test_a_map_that_is_no_bijection_is_refused(links, twice):
    with pytest.raises(ValueError, match=f"{twice} is mapped twice"):
        TensorMap(tuple(Link(reference, twin) for reference, twin in links))


def test_a_tensor_that_is_not_mapped_is_refused():
    with pytest.raises(KeyError):
        identity_map(["a"]).forward({"b": array()})


def cut(count: int) -> Split:
    """A matrix [2, 3 count], transposed, in pieces [3, 2] that are laid out as [2, 3]."""
    pieces = (Transform((Permute((1, 0)),)),) * count
    return Split(
        "whole", tuple(f"piece{i}" for i in range(count)), Transform((Permute((1, 0)),)), pieces
    )


@given(st.integers(2, 4))
def test_pieces_are_cut_and_joined(count):
    map = TensorMap((Link("other", "another"),), (cut(count),))
    whole = {"whole": np.arange(6 * count).reshape(2, -1), "other": np.ones(2)}
    pieces = map.forward(whole)
    np.testing.assert_array_equal(pieces["piece1"], whole["whole"][:, 3:6])
    assert set(pieces) == {"another", *cut(count).twins}
    for back in (map.backward(pieces), map.inverse.forward(pieces)):
        np.testing.assert_array_equal(back["whole"], whole["whole"])
    assert map.inverse.inverse == map


def test_maps_with_pieces_compose_with_maps_of_whole_tensors():
    turn = Transform((Permute((1, 0)),))
    before = TensorMap((Link("first", "whole", turn),))
    after = TensorMap(tuple(Link(name, f"last {name}", turn) for name in cut(3).twins))
    map = before.compose(TensorMap((), (cut(3),))).compose(after)
    whole = {"first": np.arange(18).reshape(9, 2)}
    pieces = map.forward(whole)
    np.testing.assert_array_equal(pieces["last piece2"], whole["first"][6:])
    np.testing.assert_array_equal(map.backward(pieces)["first"], whole["first"])
    inverse = after.inverse.compose(TensorMap((), (cut(3).inverse,))).compose(before.inverse)
    np.testing.assert_array_equal(inverse.forward(pieces)["first"], whole["first"])
    assert map.twins_of(["first"]) == tuple(pieces)


def test_a_tensor_is_not_cut_twice():
    again = Split("piece0", ("a", "b"), Transform(), (Transform(), Transform()))
    rest = tuple(Link(name, name) for name in cut(3).twins[1:])
    with pytest.raises(ValueError, match="'whole' is cut, or joined, more than once"):
        TensorMap((), (cut(3),)).compose(TensorMap(rest, (again,)))


def test_pieces_are_wanted_together():
    with pytest.raises(KeyError):
        TensorMap((), (cut(3),)).backward({"piece0": np.ones((2, 3))})
    with pytest.raises(ValueError, match="'piece0' is mapped twice"):
        TensorMap((Link("other", "piece0"),), (cut(3),))
