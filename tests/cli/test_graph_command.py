"""`isograd graph`, as a user types it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from isograd.cli import app
from isograd.errors import MissingDependency, UsageError
from isograd.run import graph as run_graph
from isograd.views import Graphs

VIEWS = ("--view", "torch/jit", "--view", "function", "--no-overlays")


def run(*words: str):
    return CliRunner().invoke(app, ["graph", *words])


class Worker:
    """Makes views that hold nothing, without a process, and lacks an interface for one of them.
    It watches no tracing."""

    def __init__(self, lacking: str = "") -> None:
        self.lacking = lacking

    def call(self, method, function, framework, stage, subject):
        if stage == self.lacking:
            raise UsageError(f"PyTorch 9 has no interface for {stage}.")
        return run_graph.View(framework, stage, stage, "")

    def close(self) -> None:
        pass


@pytest.fixture
def without_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_graph, "worker_for", lambda *_: Worker())


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("graphs")
    log = ("--tensorboard", str(folder / "log"))
    return folder, run("mnist-mlp", *VIEWS, *log, "--out", str(folder / "page"))


def test_a_page_the_record_and_pictures_are_written(done):
    folder, result = done
    assert result.exit_code == 0, result.output
    found = Graphs.read(folder / "page" / "graph.json")
    assert [view.id for view in found.views] == ["torch/jit", "tensorflow/function"]
    assert "<svg" in (folder / "page" / "views" / "torch-jit.svg").read_text()
    assert (folder / "page" / "graph.html").exists()
    assert {path.name for path in (folder / "log").iterdir()} == {
        "torch-jit",
        "tensorflow-function",
    }


def test_every_operation_of_a_layer_knows_its_module(done):
    found = Graphs.read(done[0] / "page" / "graph.json")
    scopes = {layer.name: layer.scope for layer in found.layers}
    tied = [one for view in found.views for one in view.operations if one.node]
    assert tied
    assert all(one.scope == scopes[one.node] for one in tied)


def test_the_terminal_counts_operations_side_by_side(done):
    output = done[1].output
    assert "one training step of 32 examples" in output
    (row,) = [line for line in output.splitlines() if line.startswith("operations")][:1]
    found = Graphs.read(done[0] / "page" / "graph.json")
    counts = [sum(n for p, n in view.count().items() if p != "input") for view in found.views]
    assert row.split()[1:] == [str(counts[0])]


def test_nothing_is_overwritten(done):
    result = run("mnist-mlp", *VIEWS, "--out", str(done[0] / "page"))
    assert isinstance(result.exception, UsageError)
    assert "nothing was overwritten" in str(result.exception)


def test_json_is_the_whole_record_and_writes_no_page(tmp_path, monkeypatch, without_a_process):
    monkeypatch.chdir(tmp_path)
    result = run("mnist-mlp", "--view", "autograd", "--no-overlays", "--json", "--batch-size", "3")
    found = json.loads(result.stdout)
    assert found["batch_size"] == 3
    assert found["schema"] == "isograd/graphs/1"
    assert not list(tmp_path.iterdir())


def test_an_unknown_view_is_refused_with_the_nearest_one():
    result = run("mnist-mlp", "--view", "torch/autgrad")
    assert isinstance(result.exception, UsageError)
    assert "torch/autograd" in (result.exception.hint or "")


def test_an_interface_that_is_missing_costs_its_own_view_only(monkeypatch):
    """The worker says so for one view; the others are kept."""
    monkeypatch.setattr(run_graph, "worker_for", lambda *_: Worker(lacking="jit"))
    found = run_graph.graph("mnist-mlp", views=["jit", "torch/autograd"])
    skipped, kept = sorted(found.views, key=lambda view: view.status, reverse=True)
    assert (skipped.stage, skipped.reason) == ("jit", "PyTorch 9 has no interface for jit.")
    assert (kept.stage, kept.status) == ("autograd", "ok")


def test_without_a_framework_the_other_ones_views_are_shown(monkeypatch, without_a_process):
    monkeypatch.setattr(run_graph, "installed", lambda name: name == "torch")
    found = run_graph.graph("mnist-mlp", views=["autograd", "function"])
    assert [view.status for view in found.views] == ["ok", "skipped"]
    assert "pip install 'isograd[tensorflow]'" in found.views[1].reason
    with pytest.raises(MissingDependency, match="TensorBoard"):
        run_graph.graph("mnist-mlp", tensorboard=pytest)
