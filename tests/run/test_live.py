"""`graph` of a network that depends on data, from its reference to the record of its views."""

from __future__ import annotations

from pathlib import Path

import pytest

from isograd.errors import DataDependent, UsageError
from isograd.models import load
from isograd.run.graph import graph
from isograd.run.live import live_graph
from isograd.views import Graphs

EXAMPLES = Path(__file__).parents[2] / "examples/control_flow"
INPUTS = ["x=float32[N,8]"]


@pytest.mark.parametrize("name", ["torch", "keras"])
def test_such_a_network_is_refused_as_what_it_is(name: str) -> None:
    with pytest.raises(DataDependent) as refused:
        load(f"{EXAMPLES}/{name}_halving.py:Halving", INPUTS, here=True)
    assert refused.value.framework == {"torch": "torch", "keras": "tensorflow"}[name]
    assert f"{name}_halving.py:" in str(refused.value.where)
    assert "isograd graph" in str(refused.value.hint)


def test_a_named_network_is_shown_instead() -> None:
    found = graph(f"{EXAMPLES}/torch_halving.py:Halving", inputs=INPUTS, views=["export"])
    assert [(view.id, view.status) for view in found.views] == [("torch/export", "partial")]
    assert (found.parameters, found.layers) == (756, [])
    assert Graphs.from_json(found.to_json()) == found


def test_views_that_it_cannot_have_are_refused() -> None:
    with pytest.raises(UsageError, match="none of these views in torch"):
        live_graph("net.py:Net", "torch", INPUTS, batch_size=4, views=["inductor"])
