"""Ports that are right are equivalent; ports of stock layers differ in what those layers do."""

from __future__ import annotations

import torch
from ports import Decoder, Restless, RestlessPort, Transformer, resnet, stock_resnet

from isograd.report.explained import evidence
from isograd.run.explain import explain
from isograd.training import SGD, Recipe

IMAGES = ["x=float32[N,3,8,8]"]
SOME, FEW = (1, 10), (1, 2)
"""Training steps after which two networks are compared, where that is not the point."""


def test_a_transformer_written_by_hand_is_the_same_network():
    tokens = ["tokens=int64[N,7]<20"]
    found = explain(Transformer(), Decoder(), tokens, recorded=SOME)
    assert found.verdict == "equivalent", (found.causes, found.rest, found.stages)
    assert not found.causes
    assert not found.rest


def test_a_resnet_of_stock_layers_differs_in_the_running_variance_alone():
    found = explain(resnet(), stock_resnet(), IMAGES, recorded=FEW)
    assert found.verdict == "different"
    assert [cause.id for cause in found.causes] == ["bn-running-variance"]
    assert len(found.causes[0].places) == 6


def test_a_resnet_of_stock_layers_is_the_same_where_that_is_accepted():
    accepted = explain(
        resnet(), stock_resnet(), IMAGES, accept=["bn-running-variance"], recorded=FEW
    )
    assert accepted.verdict == "equivalent"
    assert accepted.accepted == ["bn-running-variance"]


def test_accepting_one_cause_accepts_no_other():
    found = explain(
        resnet(), stock_resnet(1e-3), IMAGES, accept=["bn-running-variance"], recorded=FEW
    )
    assert found.verdict == "different"
    assert {cause.id: cause.accepted for cause in found.causes} == {
        "bn-eps": False,
        "bn-running-variance": True,
    }
    assert found.location is not None
    first = found.location.divergences[0]
    errors = {row.reference.node: row.ratio for row in found.rows if row.reference}
    assert errors[first.node] == first.ratio


def test_a_chaotic_training_is_inconclusive():
    """Deep, without normalization, at a large learning rate: rounding grows until it is all."""
    torch.manual_seed(0)
    recipe = Recipe("mean_squared_error", SGD(1.0), batch_size=4)
    found = explain(Restless(), RestlessPort(), ["x=float32[N,16]"], recipe=recipe)
    assert found.verdict == "inconclusive"
    assert not found.causes


def test_twelve_factors_are_one_cause_at_twelve_places():
    found = explain(Restless(), RestlessPort(factor=3.0), ["x=float32[N,16]"], recorded=FEW)
    assert found.verdict == "different"
    assert [(cause.id, len(cause.places)) for cause in found.causes] == [("factor", 12)]
    assert found.location is not None
    assert "ports.py" in (found.location.divergences[0].reference.source or "")


def test_layers_of_another_width_are_told_and_stop_nothing():
    def port(width: int) -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Linear(6, width), torch.nn.Linear(width, 3))

    found = explain(port(5), port(4), ["x=float32[N,6]"], recorded=FEW)
    assert found.verdict == "different"
    assert [cause.id for cause in found.causes] == ["layer-width", "layer-replaced"]
    assert evidence(found) == "With the same weights in both, they cannot be computed side by side."
    assert "takes a weight of shape [3, 4], and that of the reference has [3, 5]" in (
        found.causes[0].before.reason
    )
