"""Which results advice goes by: the network's own, and none of its namesakes'."""

from __future__ import annotations

from dataclasses import replace

import pytest

from isograd import zoo
from isograd.advise.profile import Profile
from isograd.measure.environment import environment
from isograd.models import Model
from isograd.result import Interval, Mode, Result
from isograd.run.advise import advise_on


def compared(name: str, reference: str) -> Result:
    modes = [
        Mode(f, "eager", "ok", verdict="equivalent", step_us=Interval(us, us, us), first_call_s=0.1)
        for f, us in (("torch", 100.0), ("tensorflow", 900.0))
    ]
    model = {"name": name, "reference": reference}
    policy = {"device": "cpu"}
    around = environment()
    return Result(
        "", "2026-01-01T00:00:00+00:00", model, {}, {}, policy, around, "torch/eager",
        status="complete", modes=modes,
    )  # fmt: skip


@pytest.fixture
def model() -> Model:
    """A user's network, for which no data set is known."""
    graph = replace(zoo.get("mnist-mlp").build(), name="Net")
    return Model(graph, "mine.py:Net", data=None, loss="mean_squared_error")


@pytest.mark.parametrize(
    ("name", "reference", "counts"),
    [("Net", "mine.py:Net", True), ("Net", "other.py:Net", False), ("Web", "mine.py:Net", False)],
)
def test_only_results_of_the_same_network_count(tmp_path, model, name, reference, counts) -> None:
    folder = tmp_path / "earlier"
    folder.mkdir()
    (folder / "result.json").write_text(compared(name, reference).to_json())
    advice, _ = advise_on(
        model, Profile(target="research"), results=[folder], budget_s=0.0, out=tmp_path / "out"
    )
    assert bool(advice.ranked) is counts
    if counts:
        assert advice.ranked[0].framework == "torch"
        assert advice.evidence == [str(folder / "result.json")]
