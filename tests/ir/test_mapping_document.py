"""A mapping as JSON: the same mapping back, and nothing believed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isograd.errors import UsageError
from isograd.ir.mapping import Blocks, Link, Permute, Reorder, Split, TensorMap, Transform
from isograd.ir.mapping_document import from_json, to_json

STEPS = st.one_of(
    st.integers(1, 4).flatmap(lambda n: st.permutations(range(n))).map(tuple).map(Permute),
    st.builds(Blocks, st.integers(0, 3), st.permutations(range(3)).map(tuple)),
    st.builds(
        Reorder,
        st.integers(0, 3),
        st.tuples(st.integers(1, 9), st.integers(1, 9)),
        st.permutations(range(2)).map(tuple),
    ),
)
TRANSFORMS = st.lists(STEPS, max_size=3).map(tuple).map(Transform)
NAMES = st.text("abc.09_", min_size=1, max_size=6)
MAPS = st.lists(
    st.builds(Link, NAMES, NAMES, TRANSFORMS),
    max_size=5,
    unique_by=(lambda link: link.reference, lambda link: link.twin),
).map(lambda links: TensorMap(tuple(links)))

GOOD = {
    "schema": "isograd/mapping/1",
    "reference": {"framework": "torch"},
    "twin": {"framework": "tensorflow"},
    "trainable": ["fc.weight"],
    "links": [{"reference": "fc.weight", "twin": "fc.kernel", "transform": [{"permute": [1, 0]}]}],
}


@given(MAPS, st.data())
def test_a_mapping_survives_its_document(map, data):
    names = sorted(map.names)
    trainable = data.draw(st.lists(st.sampled_from(names), unique=True)) if names else []
    found = from_json(to_json(map, "torch", "tensorflow", trainable))
    assert found.map == map
    assert (found.reference, found.twin, found.trainable) == (
        "torch",
        "tensorflow",
        tuple(trainable),
    )


def test_the_document_reads_as_described():
    link = Link("fc.weight", "fc.kernel", Transform((Permute((1, 0)),)))
    assert json.loads(to_json(TensorMap((link,)), "torch", "tensorflow", ["fc.weight"])) == GOOD


def test_pieces_of_a_tensor_are_a_list_on_their_side():
    pieces = (Transform((Permute((1, 0)),)), Transform())
    cut = Split("qkv", ("q", "k"), Transform(), pieces)
    for cuts, whole, several in (
        ((cut,), "reference", "twin"),
        ((cut.inverse,), "twin", "reference"),
    ):
        map = TensorMap((), cuts)
        text = to_json(map, "torch", "tensorflow", map.references)
        assert json.loads(text)["links"] == [
            {
                whole: "qkv",
                several: ["q", "k"],
                "transform": [],
                "pieces": [[{"permute": [1, 0]}], []],
            }
        ]
        assert from_json(text).map == map


@pytest.mark.parametrize(
    "link",
    [
        {"reference": "a", "twin": ["b", "c"], "transform": []},
        {"reference": "a", "twin": ["b", "c"], "transform": [], "pieces": [[]]},
        {"reference": "a", "twin": ["b"], "transform": [], "pieces": [[]]},
        {"reference": "a", "twin": ["b", "b"], "transform": [], "pieces": [[], []]},
        {"reference": "a", "twin": ["b", 3], "transform": [], "pieces": [[], []]},
        {"reference": "a", "twin": ["b", "c"], "transform": [], "pieces": [[], 3]},
        {"reference": "a", "twin": ["b", "c"], "transform": [], "pieces": [[], [{"permute": [1]}]]},
        {"reference": ["a", "d"], "twin": ["b", "c"], "transform": [], "pieces": [[], []]},
    ],
)
def test_pieces_that_are_none_are_refused(link):
    with pytest.raises(UsageError, match="damaged"):
        from_json(json.dumps({**GOOD, "trainable": [], "links": [link]}))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"schema": 1, "schema": 1}'])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(UsageError, match="no valid JSON"):
        from_json(text)


@pytest.mark.parametrize("text", ["[]", "{}", "3", '{"links": []}'])
def test_what_is_no_mapping_is_refused(text):
    with pytest.raises(UsageError, match="not an isograd mapping"):
        from_json(text)


def test_another_schema_is_refused_with_the_known_one():
    with pytest.raises(UsageError, match="isograd/mapping/1"):
        from_json(json.dumps({**GOOD, "schema": "isograd/mapping/2"}))


@pytest.mark.parametrize(
    "step",
    [
        {"permute": [1, 1]},
        {"permute": [1]},
        {"permute": [True, 0]},
        {"permute": []},
        {"permute": "10"},
        {"permute": [1, 0], "blocks": {"axis": 0, "order": [0]}},
        {"exec": [1]},
        {"reorder": {"axis": -1, "sizes": [2, 3], "order": [1, 0]}},
        {"reorder": {"axis": 0, "sizes": [2, 0], "order": [1, 0]}},
        {"reorder": {"axis": 0, "sizes": [2], "order": [1, 0]}},
        {"reorder": {"axis": 0, "sizes": [2, 3]}},
        {"blocks": {"axis": 0, "order": [0, 2]}},
        {"blocks": {"order": [0]}},
        {"blocks": 3},
        "permute",
        [],
    ],
)
def test_a_transform_that_is_none_is_refused_with_its_tensor(step):
    links = [{**GOOD["links"][0], "transform": [step]}]
    with pytest.raises(UsageError, match="damaged"):
        from_json(json.dumps({**GOOD, "links": links}))


@pytest.mark.parametrize(
    "change",
    [
        {"trainable": ["other"]},
        {"trainable": ["fc.weight", "fc.weight"]},
        {"trainable": "fc.weight"},
        {"reference": "torch"},
        {"twin": {"framework": "a/../b"}},
        {"links": {}},
        {"links": [3]},
        {"links": [{"reference": "a", "twin": "b"}]},
        {"links": GOOD["links"] * 2},
        {"links": [{"reference": "__metadata__", "twin": "b", "transform": []}]},
        {"links": [{"reference": "a", "twin": "optimizer/step", "transform": []}]},
        {"links": [{"reference": "a\nb", "twin": "b", "transform": []}]},
        {"links": [{"reference": "", "twin": "b", "transform": []}]},
        {"links": [{"reference": 3, "twin": "b", "transform": []}]},
    ],
)
def test_a_document_that_contradicts_itself_is_refused_with_its_path(change):
    with pytest.raises(UsageError, match="damaged") as caught:
        from_json(json.dumps({**GOOD, "trainable": [], **change}), "mapping.json")
    assert caught.value.where == "mapping.json"
