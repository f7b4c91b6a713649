"""The record of what was found about two implementations."""

import json
import math
from pathlib import Path

import pytest

from isograd.errors import UsageError
from isograd.explanation import SCHEMA, AlignedRow, Explanation, Training
from isograd.result import Cause, Curve, Effect, FirstDivergence, Location, Place, Spot, Stage

SPOT = Spot("ReLU", "relu", "body", "net.py:3")


@pytest.fixture
def found() -> Explanation:
    place = Place("net.py:3", "relu", [0, 1], [0.5])
    effect = Effect("different", "forward", 1e9, 0.1)
    along = [(0, "relu", 1e9)]
    first = FirstDivergence("forward", "relu", "relu", place, place, 1e9, 1.0, 1e-16, along)
    return Explanation(
        reference="net.py:Net",
        twin="port.py:build",
        verdict="different",
        parameters=100,
        stages=[Stage("forward", "different", 1.0, 1.0, 1e-16, 1e9, "outputs")],
        frameworks=("torch", "tensorflow"),
        location=Location("different", "forward", [first]),
        causes=[Cause("unknown", "It is.", "body", [(SPOT, None)], "a", "b", effect, effect, {})],
        harmless=["harmless"],
        unclear=["unclear"],
        ambiguous=[(["a"], ["b", "c"])],
        rest="rest",
        rows=[AlignedRow("differs", SPOT, SPOT, attributes=[("eps", "1", "2")], ratio=0.5)],
        training=[Training("twin", "torch", [Curve(0, [1.0], [0.5], [2.0])])],
    )


def test_it_comes_back_as_it_was(found):
    assert Explanation.from_json(found.to_json()) == found


def test_accepted_causes_are_named(found):
    assert found.accepted == []
    found.causes[0].accepted = True
    assert found.accepted == ["unknown"]


def test_what_is_not_finite_is_null_in_the_file_and_no_number_afterwards(found):
    found.stages[0].ratio = math.inf
    assert json.loads(found.to_json())["stages"][0]["ratio"] is None
    assert math.isnan(Explanation.from_json(found.to_json()).stages[0].ratio)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "not an isograd result"),
        ("[]", "not an isograd result"),
        ('{"schema": "isograd/result/1"}', f"this version reads '{SCHEMA}'"),
        ('{"schema": "isograd/explanation/99"}', f"this version reads '{SCHEMA}'"),
        (f'{{"schema": "{SCHEMA}"}}', "damaged"),
    ],
)
def test_what_is_none_is_refused_with_the_file(text, message, tmp_path: Path):
    (tmp_path / "explanation.json").write_text(text)
    with pytest.raises(UsageError, match=message) as refused:
        Explanation.read(tmp_path / "explanation.json")
    assert "explanation.json" in str(refused.value)


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path):
    with pytest.raises(UsageError, match="Cannot read"):
        Explanation.read(tmp_path / "explanation.json")
