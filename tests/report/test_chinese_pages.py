"""Explanations, graphs, frontiers and pipelines in Chinese: nothing stays in English."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import chinese_records as records
import pytest
from chinese import NAMES, left, left_on_screen, screen

import isograd
from isograd.causes.catalogue import catalogue
from isograd.report import data, explanation, frontier, graph, html, language
from isograd.report.dot import view_dot
from isograd.report.page import TEMPLATES
from isograd.report.svg import view_svg
from isograd.report.terminal_data import render_feeding
from isograd.report.terminal_explanation import render_explanation
from isograd.report.terminal_frontier import render_frontier
from isograd.report.terminal_graph import render_graphs

pytestmark = pytest.mark.usefixtures("chinese")

CALLED = {
    "explanation": "batchnorm conv relu softmax logsoftmax epsilon head unknown bn",
    "graphs": """dynamic export autograd aot inductor tape grappler hlo adam residual enter esc ir
        python kb torchdispatchmode torchscript aotautograd autograph concretefunction while if call
        explain stage""",
    "frontier": "grad torchscript folded dropout sigsegv cuda gflop",
    "pipelines": """sigsegv map batched indices slow digits lenet spearman numpy dataloader
        batchsampler gather antialias image size python""",
}
OPS, STAGES, FORMS, PIPELINES = (NAMES | frozenset(words.split()) for words in CALLED.values())
"""Ops, views, forms and pipelines are called the same in every language."""

NAMED = ("TITLE", "ABOUT")
"""What modules of views call what they say."""

EXPLANATIONS = ("different", "rest", "accepted", "course", "equivalent", "inconclusive")
FRONTIERS = ("complete", "partial", "reached", "missed", "empty")
FEEDINGS = ("complete", "partial", "wrong", "unfed")


@pytest.mark.parametrize("kind", EXPLANATIONS)
def test_an_explanation(kind: str) -> None:
    found = records.explanation(kind)
    assert left(explanation.render(found), OPS) == []
    assert left_on_screen(screen(render_explanation, found), OPS) == []


def test_graphs(result) -> None:
    found = records.views()
    assert left(graph.render(found), STAGES) == []
    assert left(html.render(result, found), STAGES) == []
    assert left_on_screen(screen(render_graphs, found), STAGES) == []


@pytest.mark.parametrize("kind", FRONTIERS)
def test_a_frontier(kind: str) -> None:
    found = records.frontier(kind)
    assert left(frontier.render(found), FORMS) == []
    assert left_on_screen(screen(render_frontier, found), FORMS) == []


def test_a_gain_is_told_figure_by_figure() -> None:
    text = language.said(
        "0.34 points lost, 2.0× smaller, 0.82× [0.81–0.83] the time with a batch of 1"
    )
    assert text == "损失 0.34 个百分点，小 2.0×，批大小 1 时用时为 0.82× [0.81–0.83]"


@pytest.mark.parametrize("kind", FEEDINGS)
def test_pipelines(kind: str) -> None:
    found = records.feeding(kind)
    assert left(data.render(found), PIPELINES) == []
    assert left_on_screen(screen(render_feeding, found), PIPELINES) == []


def test_a_planted_english_sentence_is_found() -> None:
    found = records.explanation("different")
    found.harmless.append("Nobody has translated this.")
    assert "Nobody has translated this." in left(explanation.render(found))
    assert any("Nobody" in text for text in left_on_screen(screen(render_explanation, found)))


@pytest.mark.parametrize("script", sorted(path.name for path in TEMPLATES.glob("*.js")))
def test_what_scripts_say(script: str) -> None:
    source = (TEMPLATES / script).read_text(encoding="utf-8")
    assert set(language.sayings(source)) == set(language.texts(source))


def test_what_scripts_show_out_of_a_record() -> None:
    assert _untold(graph.texts(records.views()), STAGES) == []
    plan = frontier.frontier_plot.drawing(records.frontier("complete"))
    assert _untold(frontier.frontier_plot.texts(plan), FORMS) == []


def test_pictures() -> None:
    view = records.views().views[0]
    for picture in (view_svg(view), view_dot(view)):
        assert "前向" in picture
        assert "Forward" not in picture


def test_every_known_cause_and_why_it_may_be_harmless() -> None:
    for entry in catalogue():
        for text in filter(None, (entry.summary, entry.harmless)):
            said = text.format(reference="inside", twin="outside")
            assert language.said(said) != said, entry.id


def test_what_views_say_of_themselves() -> None:
    texts = [text for path in _modules("views") for text in _views(ast.parse(path.read_text()))]
    assert len(texts) > 30
    assert _untold(texts, STAGES) == []


def _untold(texts, names: frozenset[str]) -> list[str]:
    return [text for text in texts if left(language.said(text), names)]


def _modules(folder: str) -> Iterator[Path]:
    return (Path(isograd.__file__).parent / "frameworks").glob(f"*/{folder}/*.py")


def _views(tree: ast.Module) -> Iterator[str]:
    """The titles and sentences that a view is made with."""
    for node in ast.walk(tree):
        texts: list[ast.expr] = []
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "View":
            texts = node.args[2:4]
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in NAMED:
            texts = [node.value]
        yield from (one.value for one in texts if isinstance(one, ast.Constant))
