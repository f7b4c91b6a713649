"""Claims, probes, the doctor, several workers, sweeps and language models in Chinese: nothing stays
in English but names, and what programs printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from chinese import left, left_on_screen, screen
from judgements import make_judged
from scalings import make_run, make_scaling
from sweep_records import make_sweep
from test_questions import CASES
from tunings import make_finetuning, make_pretraining

from isograd.doctor import Check, Doctor
from isograd.frameworks import ENGINES, part
from isograd.probes.question import Observed
from isograd.probes.questions import questions
from isograd.probes.result import Answer, Asked, Probes
from isograd.report import claims, language, probes, probes_answer, scaling, sweep, tuning
from isograd.report.terminal_claims import render_claims
from isograd.report.terminal_doctor import render_doctor
from isograd.report.terminal_probes import list_questions, render_probes, show_question
from isograd.report.terminal_scaling import render_hosts, render_scaling
from isograd.report.terminal_sweep import render_sweep
from isograd.report.terminal_tuning import render_tuning
from isograd.report.terminal_usage import render_usage
from isograd.scaling.engine import Command, Plan
from isograd.scaling.forecasting import trust, why_none
from isograd.scaling.record import Scaling
from isograd.scaling.request import Link, Request
from isograd.sweeping.race import Crossing, Duel, Point
from isograd.sweeping.record import Sweep
from isograd.training import Recipe
from isograd.tuning import Tuning
from test_usage import LOGITS, answer, usage


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    language.speak("zh")
    yield
    language.speak("en")


# Claims ----------------------------------------------------------------------------------------


def test_all_that_is_found_about_statements() -> None:
    found = make_judged()
    assert left(claims.render(found)) == []
    assert left_on_screen(screen(render_claims, found)) == []


@pytest.mark.parametrize("verdict", ["holds", "does not hold", "depends", "not testable"])
def test_a_few_statements_with_their_figures(verdict) -> None:
    found = make_judged()
    found.status, found.reason = "partial", f"Interrupted while {found.runs[0].about}."
    found.findings = [one for one in found.findings if one.verdict == verdict and one.figures][:3]
    assert left(claims.render(replace(found, findings=found.findings[:1]))) == []
    assert left_on_screen(screen(render_claims, found)) == []


# Probes ----------------------------------------------------------------------------------------


SAID = {
    "hooks": "a hook of the layer",
    "before": "value, attached first",
    "after": "gradient, attached while it runs",
    "the trace": "the operations of the tf.Graph",
    "one": "of the function",
    "two": "inside the step",
}
"""What the cases have made up, to what snippets say in its place."""


def make_probes() -> Probes:
    """Each question answered in every way that a snippet may make it be answered."""
    asked = [Asked(q.name, q.title, q.about, {"torch": "print(x)"}) for q in questions()]
    answers = [_answered(*case, number) for number, case in enumerate(CASES)]
    for status in ("not reached", "not installed", "unsupported"):
        answers.append(Answer(asked[0].name, "tensorflow", "xla", status))
    died = Answer(asked[0].name, "torch", "jit", "crashed", output="Illegal_instruction")
    died.reason = "Illegal_instruction"
    answers += [died, replace(died, reason="No end after 180 s; it was stopped.", output="")]
    return Probes("isograd probe", "2026-01-02", {"python": "3.11"}, asked, answers)


def _answered(name: str, expected: str, observed: Observed, number: int) -> Answer:
    (question,) = questions([name])
    text = json.dumps(observed)
    for made_up, said in SAID.items():
        text = text.replace(f'"{made_up}"', f'"{said}"')
    answer, evidence = question.judge(json.loads(text))
    mode = ("eager", "jit", "compile")[number % 3]
    return Answer(name, "torch", mode, "ok", answer, observed, evidence)


def test_every_question_with_every_answer() -> None:
    found = make_probes()
    assert left(probes.render(found)) == []
    assert left_on_screen(screen(render_probes, found, width=1000)) == []
    assert left_on_screen(screen(list_questions, questions(), width=1000)) == []


def test_what_a_program_printed_stays_and_is_marked() -> None:
    found = make_probes()
    source = probes.render(found)
    assert '<span translate="no">RuntimeError: no such thing. </span>' in source
    assert '<span translate="no">Illegal_instruction</span>' in source


def test_questions_on_the_screen() -> None:
    found = make_probes()
    found.answers = [one for one in found.answers if not _prints(one)]
    for one in found.answers:
        one.observed = {}
    for asked in found.questions:
        assert left_on_screen(screen(show_question, found, asked.name, width=1000)) == []


def _prints(answer: Answer) -> bool:
    return any(printed for _, printed in probes_answer.because(answer))


# The doctor ------------------------------------------------------------------------------------


def test_the_doctors_screen() -> None:
    around = {
        "processor": "EPYC-9",
        "cores": {"physical": 1, "logical": 2, "usable": 2},
        "instructions": [],
        "memory_gb": 8,
        "blas": [],
        "system": "Linux-6.1",
    }
    install = "Install Python 3.11 or later."
    checks = [
        Check("isograd", "Python", "broken", "3.9.1", install),
        Check("PyTorch", "installed", "ok", "torch 2.13.0"),
        Check("PyTorch", "eager", "ok", "runs"),
        Check("PyTorch", "C++ compiler", "ok", "g++, for compile", needed=False),
        Check("PyTorch", "C++ compiler", "missing", "compile needs it on a CPU", "apt-get", False),
        Check("TensorFlow", "installed", "missing", "", "pip install 'isograd[tensorflow]'"),
        Check("optional", "ray", "missing", "for isograd sweep", "pip install", False),
        Check("optional", "torchao", "ok", "0.9, for int8 forms of PyTorch in isograd optimize"),
    ]
    assert left_on_screen(screen(render_doctor, Doctor(around, checks))) == []
    assert left_on_screen(screen(render_doctor, Doctor(around, checks[1:3]))) == []


# Several workers -------------------------------------------------------------------------------


def scaled(*, link: bool = False) -> Scaling:
    """With the words of real engines and forecasts."""
    found = make_scaling()
    request = Request(Recipe("cross_entropy"), "digits", link=Link(0.001) if link else None)
    for engine in found.engines:
        own = part(engine.framework, "scale").ENGINES
        engine.recovery = next(one.recovery for one in own if one.name == engine.name)
        assert engine.forecast
        engine.forecast.trust = trust(2, request)
    return found


def scalings() -> Iterator[Scaling]:
    yield scaled()
    for verdict in ("different", "inconclusive"):
        found = scaled(link=True)
        found.engines[0].runs[1] = make_run(2, verdict)
        yield found
    held = found.engines[1].runs[1].trajectory
    assert held
    held.mended, held.resumed_at = "equivalent", [3]
    found.engines[0].runs[1].crowded = True
    broken = found.engines[0].runs[0]
    broken.status, broken.reason, broken.step_us = "crashed", "Worker 1 was killed (SIGKILL).", None
    found.engines[1].status, found.engines[1].reason = "not installed", "pip install isograd"
    found.status, found.reason = "partial", "interrupted"
    yield found
    for framework in ENGINES:
        for engine in part(framework, "scale").ENGINES:
            found.engines[0].forecast, found.engines[0].unpredicted = None, why_none(engine)
            yield found


def test_a_training_on_several_workers() -> None:
    for found in scalings():
        assert left(scaling.render(found)) == []
        assert left_on_screen(screen(render_scaling, found)) == []


def test_how_each_engine_mends_and_normalises() -> None:
    for framework in ENGINES:
        for engine in part(framework, "scale").ENGINES:
            reason = f"Batch normalisation: {engine.statistics}."
            assert left(language.said(engine.recovery)) == []
            assert left(language.said(reason)) == []


def test_commands_for_hosts_stay_as_they_are() -> None:
    plans = {"ddp": Plan([Command(("torchrun", "train.py"), {}, "node-1")], "#!/bin/bash\nsrun")}
    text = screen(lambda console: render_hosts(plans, Path("run"), console))
    assert "torchrun train.py" in text
    assert "# on node-1" in text


# Sweeps ----------------------------------------------------------------------------------------

A, B = "torch/eager", "tensorflow/function"


def sweeps() -> Iterator[Sweep]:
    found = make_sweep()
    yield found
    yield make_sweep(models=("mnist-mlp",), seeds=(0, 1), parallel=4)
    cut = replace(found, outcomes=found.outcomes[:5], races=[], status="partial")
    yield replace(cut, reason="interrupted")
    yield replace(cut, outcomes=[])
    doubtful = make_sweep(models=("mnist-mlp",))
    doubtful.outcomes[1].agreement, doubtful.outcomes[2].agreement = "different", "inconclusive"
    doubtful.outcomes[3].processor = "Xeon"
    yield doubtful


def test_a_sweep() -> None:
    for found in sweeps():
        assert left(sweep.render(found)) == []
        assert left_on_screen(screen(render_sweep, found)) == []


def point(batch: int, winner: str = "") -> Point:
    return Point(batch, 1.0, 0.9, 1.1, winner)


@pytest.mark.parametrize(
    "duel",
    [
        Duel(A, B, []),
        Duel(A, B, [point(8)]),
        Duel(A, B, [point(1), point(8)]),
        Duel(A, B, [point(8, A)]),
        Duel(A, B, [point(1, A), point(8, A)]),
        Duel(A, B, [point(1, A), point(8)]),
        Duel(A, B, [point(1, A), point(8), point(64)]),
        Duel(A, B, [point(1, A), point(8, A), point(64)]),
        Duel(A, B, [point(1, A), point(8, B)], [Crossing(3.4, 2.9, 4.2, (1, 8), A, B)]),
    ],
)
def test_every_verdict_about_two(duel) -> None:
    assert left(language.said(sweep.sweep_answer.duel_verdict(duel))) == []


# Language models -------------------------------------------------------------------------------


def tunings() -> Iterator[Tuning]:
    yield make_finetuning()
    found = make_pretraining()
    found.samples = [replace(one, prompt="isograd ", text="PyTorch") for one in found.samples]
    yield found
    found = make_finetuning()
    course = found.methods[0].courses[0]
    course.verdict = course.quality_verdict = found.verdict = "different"
    mode = found.methods[1].modes[1]
    mode.status, mode.verdict, mode.proof = "crashed", None, None
    mode.reason = "The worker died of SIGSEGV."
    learned = (
        "full did not learn the task: its accuracy is not measurably above that of the most "
        "frequent class, 50.0%. More --epochs, another --learning-rate or more pretraining may "
        "help."
    )
    found.findings = [learned]
    yield found
    cut = make_pretraining()
    cut.status, cut.verdict, cut.reason = "partial", None, "interrupted"
    cut.methods[0].courses, cut.samples = [], []
    yield cut


def test_a_language_model() -> None:
    for found in tunings():
        assert left(tuning.render(found)) == []
        assert left_on_screen(screen(render_tuning, found)) == []


OTHERS = [
    answer("tensorflow"),
    answer("tensorflow", [row * (1 + 1e-6) for row in LOGITS]),
    answer("tensorflow", [row * 1.1 for row in LOGITS]),
    answer("tensorflow", LOGITS, (1, 2, 0)),
]


@pytest.mark.parametrize("task", ["generation", "masked", "classification"])
def test_what_a_language_model_says(task) -> None:
    for other in OTHERS:
        assert left_on_screen(screen(render_usage, usage(answer("torch"), other, task=task))) == []
    assert left_on_screen(screen(render_usage, usage(answer("torch"), task=task))) == []


# All of them -----------------------------------------------------------------------------------


def test_a_planted_english_sentence_is_found() -> None:
    planted = "Nobody has translated this."
    found = make_judged()
    found.findings[0].result = planted
    assert planted in left(claims.render(found))
    asked = make_probes()
    asked.questions[0].about = planted
    assert planted in left(probes.render(asked))
    trained = make_finetuning()
    trained.findings = [planted]
    assert planted in left(tuning.render(trained))
    assert any(planted in one for one in left_on_screen(screen(render_tuning, trained)))
