"""The graphs of a step stand in compare's report where they are asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from graphs import make_graphs
from typer.testing import CliRunner

from isograd.cli import app
from isograd.run import compare as run_compare
from isograd.run.compare import Request, compare
from isograd.training import Recipe

HEADLINE = "What runs in one training step"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A comparison whose graphs are made up."""
    made, asked = make_graphs(), []

    def graph(model, recipe, **options):
        asked.append((model.graph.name, recipe, options["with_overlays"]))
        return made

    recipe = Recipe("binary_cross_entropy", batch_size=32)
    request = Request(recipe, "breast-cancer", modes=("torch/eager",), epochs=1, seeds=1)
    patch = pytest.MonkeyPatch()
    patch.setattr(run_compare, "graph", graph)
    folder = tmp_path_factory.mktemp("runs") / "run"
    compare("bce-mlp", replace(request, measure_s=0.0, graphs=True), out=folder)
    patch.undo()
    assert asked == [("bce-mlp", recipe, True)]
    return folder


def test_the_report_shows_them_and_the_record_lies_beside_it(folder):
    assert HEADLINE in (folder / "report.html").read_text()
    assert (folder / "graph.json").read_text() == make_graphs().to_json()


def test_a_report_that_is_rendered_again_has_them_too(folder, tmp_path):
    done = CliRunner().invoke(app, ["report", str(folder), "--out", str(tmp_path / "again")])
    assert done.exit_code == 0, done.output
    assert HEADLINE in (tmp_path / "again" / "report.html").read_text()


def test_saved_graphs_are_shown_again_by_themselves(folder, tmp_path):
    saved = str(folder / "graph.json")
    done = CliRunner().invoke(app, ["report", saved, "--out", str(tmp_path / "page")])
    assert done.exit_code == 0, done.output
    assert "one training step" in done.output
    assert HEADLINE in (tmp_path / "page" / "graph.html").read_text()
