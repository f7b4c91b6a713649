"""What a form is found to be, and what its point says where it could not be had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from points import BASELINE, frontier, point

from isograd.bench.training import Course
from isograd.data import load as load_data
from isograd.deploy.artefact import Artefact
from isograd.deploy.build import Built
from isograd.deploy.candidates import CANDIDATES
from isograd.deploy.request import Request
from isograd.deploy.server import ColdStart
from isograd.errors import IsogradError, MissingDependency, UsageError, WorkerError
from isograd.frameworks.protocol import Emitted
from isograd.ir.mapping import Array, TensorMap
from isograd.run.forms import Network
from isograd.run.points import measure_point
from isograd.run.referee import Expectation
from isograd.training import Recipe
from isograd.zoo import get

GRAPH = get("bce-mlp").build()
WEIGHTS = GRAPH.initialize(0)
COURSE = Course.of(GRAPH, load_data("breast-cancer"), Recipe("binary_cross_entropy"))


def exact(inputs: Array) -> Array:
    """The network in NumPy."""
    names = list(GRAPH.parameters)
    w1, b1, w2, b2 = (WEIGHTS[name].astype(np.float64) for name in names)
    return np.maximum(inputs @ w1.T + b1, 0) @ w2.T + b2


OUTPUTS = exact(COURSE.test_inputs.astype(np.float64))
SINGLE = OUTPUTS.astype(np.float32).astype(np.float64)
DENSE = Network(
    "dense",
    GRAPH,
    WEIGHTS,
    Expectation(
        COURSE.recipe.loss.quality(OUTPUTS, COURSE.test_targets), SINGLE, OUTPUTS, (SINGLE,)
    ),
)


@dataclass
class FakeServer:
    """Gives these outputs; a call takes ``microseconds``."""

    result: Array
    microseconds: float = 10.0
    seconds: Sequence[float] = (1.0,)
    starts: list[float] = field(default_factory=list)
    closed: int = 0

    def first_output(self, inputs: tuple[Array, ...]) -> ColdStart:
        self.starts.append(self.seconds[len(self.starts) % len(self.seconds)])
        return ColdStart(self.starts[-1], 0.5, 0.2, 0.1, 120.0)

    def outputs(self, inputs: tuple[Array, ...], batch: int) -> Array:
        return self.result

    def take(self, inputs: tuple[Array, ...], batches: Sequence[int]) -> None:
        pass

    def time(self, batch: int, calls: int) -> list[float]:
        return [self.microseconds * 1e3 * batch] * calls

    def close(self) -> None:
        self.closed += 1


class FakeForms:
    def __init__(self, folder: Path, server: FakeServer, error: IsogradError | None = None) -> None:
        self.request = Request(COURSE.recipe, "breast-cancer", batches=(1, 8), measure_s=0.0)
        self.course, self.dense, self.directory = COURSE, DENSE, folder
        self.server, self.baseline, self.error = server, FakeServer(SINGLE), error
        (folder / "model.bin").write_bytes(b"12345")
        artefact = Artefact(("model.bin",), "x", Emitted("", "", TensorMap({}), (), {}))
        self.built_baseline = Built(folder, replace(artefact, notes=("A note.",)), 2.0)

    def build(self, network: Network, candidate: Any) -> Built:
        if self.error:
            raise self.error
        return self.built_baseline

    def start(self, built: Built, graph: Any) -> FakeServer:
        return self.server

    def forget_baseline(self) -> None:
        self.baseline = FakeServer(SINGLE)


def candidate(id: str) -> Any:
    return next(one for one in CANDIDATES if one.id == id)


@pytest.fixture
def measured(tmp_path: Path):
    def measure(server: FakeServer, id: str = "torch/grad", error: IsogradError | None = None):
        forms = FakeForms(tmp_path, server, error)
        return measure_point(forms, DENSE, candidate(id), frontier(point(), noise=0.05))

    return measure


def test_a_form_has_quality_size_time_and_start(measured, tmp_path: Path) -> None:
    found = measured(FakeServer(SINGLE, microseconds=5.0, seconds=(3.0, 1.0, 2.0)))
    assert (found.status, found.verdict, found.agreement) == ("ok", "equivalent", 1.0)
    assert found.quality == DENSE.expectation.quality
    assert (found.size, found.build_s, found.notes) == (5, 2.0, ["A note."])
    assert found.cold_start_s == 2.0  # the one in the middle
    assert found.peak_memory_mb == 120.0
    one, eight = found.latencies
    assert (one.p50_ms, eight.p50_ms) == (0.005, 0.04)
    assert (one.throughput, eight.throughput) == (pytest.approx(2e5), pytest.approx(2e5))
    assert one.ratio.ratio == pytest.approx(0.5)
    assert one.ratio.verdict == "faster"
    samples = np.load(tmp_path / "samples" / "dense" / "torch" / "grad.npz")
    assert samples["form-1"].shape == samples["baseline-1"].shape
    assert np.all(samples["form-8"] == 40.0)


def test_what_is_slower_is_shown_as_slower(measured) -> None:
    assert measured(FakeServer(SINGLE, microseconds=20.0)).latency(1).ratio.verdict == "slower"


def test_two_processes_of_the_baseline_are_the_noise_floor(tmp_path: Path) -> None:
    forms, found = FakeForms(tmp_path, FakeServer(SINGLE, microseconds=11.0)), frontier(noise=0.0)
    own = measure_point(forms, DENSE, candidate("torch/eager"), found)
    assert own.id == BASELINE
    assert own.latency(1).ratio is None
    assert found.noise_of(1) == pytest.approx(0.1)


def test_a_slow_start_is_not_repeated(measured) -> None:
    server = FakeServer(SINGLE, seconds=(30.0,))
    assert measured(server).cold_start_s == 30.0
    assert len(server.starts) == 1


def test_a_float32_form_that_computes_something_else_is_different(measured) -> None:
    found = measured(FakeServer(SINGLE + 1e-3))
    assert (found.status, found.verdict) == ("ok", "different")
    assert found.max_abs == pytest.approx(1e-3, rel=0.01)


def test_a_quantised_form_is_judged_by_its_answers(measured) -> None:
    found = measured(FakeServer(-SINGLE), id="torch/int8-dynamic")
    assert found.verdict is None
    assert found.agreement == 0.0
    assert found.quality == pytest.approx(1 - DENSE.expectation.quality)


def test_outputs_of_another_shape_are_no_outputs(measured) -> None:
    found = measured(FakeServer(SINGLE[:-1]))
    assert found.status == "unsupported"
    assert "shape" in found.reason


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (MissingDependency("No torchao.", hint="pip install 'isograd[quantize]'"), "not installed"),
        (UsageError("It holds no LSTM.", hint="Choose another."), "unsupported"),
        (WorkerError("It died of SIGSEGV.", status="crashed"), "crashed"),
        (WorkerError("No answer.", status="timed out"), "timed out"),
    ],
)
def test_what_cannot_be_had_is_one_point_with_the_reason(
    measured, error: IsogradError, status: str
) -> None:
    found = measured(FakeServer(SINGLE), error=error)
    assert found.status == status
    assert error.what in found.reason
    assert (error.hint or "") in found.reason


def test_a_package_that_is_missing_is_told_with_the_line_that_helps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from isograd.deploy.build import check_installed

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "torchao" else 1)
    check_installed(candidate("torch/eager"))
    with pytest.raises(MissingDependency) as caught:
        check_installed(candidate("torch/int8-dynamic"))
    assert caught.value.hint == "pip install 'isograd[quantize]'"
