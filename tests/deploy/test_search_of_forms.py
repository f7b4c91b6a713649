"""What is measured, in which order, and the line that measures it again."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from pathlib import Path

import pytest
from points import point
from typer.testing import CliRunner

from isograd.deploy.candidates import CANDIDATES
from isograd.deploy.request import Request
from isograd.deploy.search import alone, check_patterns, named_variants, of_variant
from isograd.deploy.target import parse_target
from isograd.errors import UsageError
from isograd.training import Recipe
from isograd.training.optimizers import SGD


def test_every_form_of_the_network_is_measured_by_itself() -> None:
    found = [task.candidate.id for task in alone((), None, 0)]
    assert sorted(found) == sorted(candidate.id for candidate in CANDIDATES)


def test_the_frameworks_take_turns_so_that_a_budget_serves_both() -> None:
    found = [task.candidate for task in alone((), None, 0)]
    for first in range(2, len(found) + 1, 2):
        begun = Counter(candidate.framework for candidate in found[:first])
        if begun["tensorflow"] < sum(c.framework == "tensorflow" for c in CANDIDATES) - 1:
            assert abs(begun["torch"] - begun["tensorflow"]) <= 2, found[:first]
    assert found[-1].tuned


@pytest.mark.parametrize(
    ("pattern", "ids"),
    [
        ("torch/eager", ["dense/torch/eager"]),
        ("dense/torch/eager", ["dense/torch/eager"]),
        ("*/litert", ["dense/tensorflow/litert"]),
        ("torch/int8-[sq]*", ["dense/torch/int8-static", "dense/torch/int8-qat"]),
        ("structured-50/*", []),
    ],
)
def test_patterns_choose(pattern: str, ids: list[str]) -> None:
    assert [task.id for task in alone((pattern,), None, 0)] == ids


def test_a_pattern_of_no_point_is_refused_with_the_nearest_one() -> None:
    check_patterns(("torch/*", "dense/tensorflow/xla"), ("dense",))
    with pytest.raises(UsageError, match="torch/eagr") as caught:
        check_patterns(("torch/eagr",), ("dense",))
    assert "Did you mean 'torch/eager'" in str(caught.value)


def test_patterns_name_variants() -> None:
    only = ("structured-30/torch/*", "*/torch/eager", "torch/eager")
    assert named_variants(only) == ("structured-30",)


def test_a_variant_is_measured_alone_and_with_what_helped() -> None:
    helped = point("dense/torch/onnx", pareto=True)
    not_helped = point("dense/torch/compile")
    tasks = of_variant("folded", [point(), helped, not_helped], (), None, 0)
    assert [task.id for task in tasks] == [
        "folded/torch/onnx",
        "folded/torch/eager",
        "folded/tensorflow/eager",
    ]


def test_with_a_target_what_cannot_reach_it_goes_last() -> None:
    target = parse_target("size<200kB", (1,))
    order = [task.candidate for task in alone((), target, weights=100_000)]
    precisions = [candidate.precision for candidate in order]
    assert precisions.index("float32") > max(
        place for place, precision in enumerate(precisions) if precision == "int8"
    )
    assert order[0].id == "torch/onnx-int8-dynamic"


REQUEST = Request(
    Recipe("cross_entropy", SGD(learning_rate=0.1, momentum=0.9), 32),
    "mnist",
    data_dir=Path("/data/with a blank"),
    epochs=3,
    batches=(1, 4),
    variants=("dense",),
    only=("torch/*",),
)


def test_a_request_survives_being_stored() -> None:
    assert Request.from_dict(json.loads(json.dumps(REQUEST.to_dict()))) == REQUEST


def test_the_line_of_a_point_asks_for_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("isograd.run.optimize.optimize", lambda *a, **k: asked.append((a, k)))
    line = REQUEST.line("lenet", ("x=float32[N,1,28,28]",), "dense/torch/eager")
    from isograd.cli import app

    CliRunner().invoke(app, shlex.split(line)[1:])
    ((_, request), options) = asked[0]
    assert options["inputs"] == ["x=float32[N,1,28,28]"]
    assert request.only == ("dense/torch/eager",)
    for name in ("recipe", "data", "data_dir", "epochs", "seed", "batches", "threads"):
        assert getattr(request, name) == getattr(REQUEST, name)
