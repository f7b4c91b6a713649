"""Random changes of images: both frameworks make what the definition says, and a change that is
another one is found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sources import DELIVERING, make, opened

from isograd.errors import UsageError
from isograd.frameworks import part
from isograd.ir.mapping import Array
from isograd.pipelines.augmentation import Augmented, apply, draw, parse
from isograd.pipelines.equality import Stage, judge, stages
from isograd.pipelines.source import open_items
from isograd.pipelines.traps import KNOWN, as_bytes, compare

TEXT = "flip,crop=12+2,rotate,brightness=0.2,resize=20,normalise=0.5/0.25"
GENERATOR = np.random.default_rng(0)
COLOURED = [GENERATOR.integers(0, 256, (13, 13, 3)).astype(np.uint8) for _ in range(12)]
GREY = [GENERATOR.random((13, 13)).astype(np.float32) for _ in range(12)]


def changed(framework: str) -> Callable[[Augmented, Sequence[Array]], list[Array]]:
    def make(augmented: Augmented, images: Sequence[Array]) -> list[Array]:
        change = part(framework, "pipelines.augmenting").transform(augmented)
        return [np.asarray(change(image, i)) for i, image in enumerate(images)]

    return make


def all_stages(images: list[Array], text: str = TEXT) -> list[Stage]:
    return stages(draw(parse(text), len(images), images[0].shape), images)


@pytest.mark.parametrize("framework", ["torch", "tensorflow"])
@pytest.mark.parametrize("images", [COLOURED, GREY], ids=["coloured", "grey"])
def test_every_operation_is_what_the_definition_says(framework: str, images: list[Array]) -> None:
    for stage in all_stages(images):
        found = judge(stage, [changed(framework)])
        assert found.verdict == "equivalent", found
        assert found.deviation == 0 or not found.exact


@pytest.mark.parametrize("framework", ["torch", "tensorflow"])
def test_all_of_them_in_a_row_are_what_the_definition_says(framework: str) -> None:
    augmented = draw(parse(TEXT), len(COLOURED), COLOURED[0].shape)
    for i, made in enumerate(changed(framework)(augmented, COLOURED)):
        np.testing.assert_allclose(made, apply(augmented, COLOURED[i], i), rtol=1e-5, atol=1e-2)


def one_of(text: str) -> Stage:
    (stage,) = all_stages(COLOURED, text)
    return stage


WRONG: dict[str, Callable[[Array], Array]] = {
    "flip": lambda image: image[::-1],
    "rotate": lambda image: np.rot90(image, 2),
    "brightness=0.2": lambda image: image * np.float32(1.0001),
    "normalise=0.5/0.25": lambda image: image / np.float32(0.25) - np.float32(0.5),
    "resize=9": lambda image: np.roll(image, 1, axis=0),
}


@pytest.mark.parametrize("text", WRONG)
def test_another_change_is_found(text: str) -> None:
    stage = one_of(text)
    right = changed("torch")

    def wrong(augmented: Augmented, images: Sequence[Array]) -> list[Array]:
        return [WRONG[text](image) for image in right(augmented, images)]

    assert judge(stage, [right]).verdict == "equivalent"
    assert judge(stage, [right, wrong]).verdict == "different"


def test_moved_pixels_of_another_type_are_others() -> None:
    def wider(augmented: Augmented, images: Sequence[Array]) -> list[Array]:
        return [made.astype(np.float32) for made in changed("torch")(augmented, images)]

    assert judge(one_of("flip"), [wider]).verdict == "different"


def test_known_traps_show_on_pixels() -> None:
    shown = {
        framework: {
            name: [made(image, 8) for image in COLOURED]
            for name, made in part(framework, "pipelines.augmenting").TRAPS.items()
        }
        for framework in ("torch", "tensorflow")
    }
    found = compare(shown["torch"], shown["tensorflow"])
    assert [trap.name for trap in found] == [known.name for known in KNOWN]
    assert all(trap.share > 0.1 for trap in found)
    assert found[2].largest == 1  # rounded against cut off
    assert not any(trap.largest for trap in compare(shown["torch"], shown["torch"]))


def test_grey_levels_are_those_of_bytes() -> None:
    assert as_bytes(np.array([0, 0.5, 1], np.float32)).tolist() == [0, 128, 255]
    assert as_bytes(COLOURED[0]) is COLOURED[0]


@pytest.mark.parametrize("id", ["torch/loader", "tensorflow/map", "tensorflow/cache"])
def test_a_pipeline_augments_each_item_with_its_own_draws(id: str, tmp_path: Path) -> None:
    source = make(".png", tmp_path)
    items = open_items(source)
    augmented = draw(parse("flip,crop=10+1,rotate"), items.count, (12, 12, 3))
    expected = {apply(augmented, items.item(i)[0], i).tobytes() for i in range(items.count)}
    pipeline = opened(source, id, DELIVERING, augmented)
    for _ in range(2):
        batches = [pipeline.arrays(batch)[0] for batch in pipeline.epoch()]
        assert {image.tobytes() for batch in batches for image in batch} == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("flop", "Unknown augmentation"),
        ("crop", "not understood"),
        ("resize=0", "not understood"),
        ("normalise=0.5/0", "not understood"),
        ("flip=2", "not understood"),
    ],
)
def test_what_is_no_augmentation_is_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse(text)


def test_what_does_not_fit_the_images_is_refused() -> None:
    drawn = partial(draw, count=2)
    with pytest.raises(UsageError, match="larger than the padded"):
        drawn(parse("crop=40"), shape=(28, 28))
    with pytest.raises(UsageError, match="no images"):
        drawn(parse("flip"), shape=(30,))
    with pytest.raises(UsageError, match="square"):
        drawn(parse("rotate"), shape=(4, 5))
