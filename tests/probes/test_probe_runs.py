"""Snippets in real processes, where they are quick and modes differ: both answers are seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from isograd.cli import app
from isograd.errors import UsageError
from isograd.probes.result import Probes, load
from isograd.report.probes import write_page
from isograd.run.probe import probe


@pytest.fixture(scope="module")
def asked(tmp_path_factory) -> tuple[Probes, Path]:
    """Three questions in two modes of PyTorch that answer them otherwise."""
    return probe(
        ["python-at-each-step", "branches-on-data", "graph-before-run"],
        modes=["torch/eager", "torch/jit"],
        out=tmp_path_factory.mktemp("probes") / "run",
    )


def answers(found: Probes, question: str) -> dict[str, str | None]:
    return {answer.mode: answer.answer for answer in found.of(question)}


def test_print_runs_at_each_step_eagerly_and_not_in_a_trace(asked) -> None:
    assert answers(asked[0], "python-at-each-step") == {"eager": "yes", "jit": "no"}


def test_a_trace_keeps_one_side_of_a_branch(asked) -> None:
    assert answers(asked[0], "branches-on-data") == {"eager": "yes", "jit": "no"}
    (traced,) = (a for a in asked[0].of("branches-on-data") if a.mode == "jit")
    assert "wrong" in traced.evidence


def test_only_a_trace_has_a_graph_before_the_run(asked) -> None:
    assert answers(asked[0], "graph-before-run") == {"eager": "no", "jit": "yes"}


def test_everything_is_kept(asked) -> None:
    found, folder = asked
    assert found.exit_code == 0
    assert load(folder) == found.answers
    assert all(answer.versions and answer.seconds > 0 for answer in found.answers)
    page = write_page(found, folder).read_text(encoding="utf-8")
    assert 'lang="en"' in page
    for question in found.questions:
        assert question.title in page


def test_an_unknown_question_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        probe(["branches-on-dat"])
    assert "branches-on-data" in str(caught.value)


def test_questions_are_listed_without_a_framework() -> None:
    done = CliRunner().invoke(app, ["probe", "--list"])
    assert done.exit_code == 0
    assert "nan-is-located" in done.output
