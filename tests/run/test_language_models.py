"""Pretraining in both frameworks at the smallest size; the sweep fine-tunes, and has encoders."""

import numpy as np
import pytest
from test_use import model

from folders import BERT
from isograd.errors import UsageError
from isograd.run import finetune as tuning
from isograd.run import pretrain as training
from isograd.run.pretrain import Request, pretrain
from isograd.run.tuning import Attempt
from isograd.text.folder import read
from isograd.text.presets import Sizes
from isograd.tuning import Course, Method, Training, Tuning

SMALL = Request(
    sizes=Sizes(width=8, depth=1, heads=2, context=8),
    vocabulary=300,
    steps=12,
    batch_size=4,
    measure_s=0.0,
)


def test_a_small_model_is_trained_step_by_step_the_same(tmp_path):
    found, folder = pretrain(SMALL, out=tmp_path / "out")
    assert (found.status, found.verdict) == ("complete", "equivalent")
    (method,) = found.methods
    assert [mode.verdict for mode in method.modes] == ["equivalent", "equivalent"]
    assert len(method.courses[0].deviation) == 12
    assert len(method.disturbed) == 3
    model = read(folder / "checkpoint")
    assert model.graph.count_parameters() == found.model["parameters"]
    assert Tuning.read(folder / "tuning.json") == found


def test_an_interrupted_run_keeps_its_losses_and_its_model(tmp_path, monkeypatch):
    def interrupted(self: Attempt) -> None:
        self.latest = self.starts[0].weights
        self.method.trainings.append(Training("torch/eager", 0, loss=[2.0, 1.9]))
        raise KeyboardInterrupt

    monkeypatch.setattr(Attempt, "open", lambda self: None)
    monkeypatch.setattr(Attempt, "prove", lambda self: None)
    monkeypatch.setattr(Attempt, "train", interrupted)
    monkeypatch.setattr(training, "Workbench", _NoBench)
    found, folder = pretrain(SMALL, out=tmp_path / "out")
    assert (found.status, found.reason, found.exit_code) == ("partial", "interrupted", 4)
    assert Tuning.read(folder / "tuning.json").methods[0].trainings[0].loss == [2.0, 1.9]
    assert read(folder / "checkpoint").tokenizer is not None


class _NoBench:
    def __init__(self, *_) -> None:
        mode = type("Mode", (), {"label": "torch/eager"})
        self.modes = []
        self.reference = type("Bench", (), {"mode": mode})

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"targets": ("qeury",)}, "no linear layer named qeury"),
        ({"rank": 64}, "no smaller than"),
        ({"modes": ("torch/egaer",)}, "Did you mean 'torch/eager'"),
    ],
)
def test_what_no_adapter_can_stand_beside_is_refused_before_anything_is_trained(
    tmp_path, monkeypatch, changes, words
):
    monkeypatch.setattr(tuning, "read", lambda _: model(BERT))
    with pytest.raises(UsageError, match=words):
        tuning.finetune(tmp_path, tuning.Request(**changes), out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_equal_accuracy_of_networks_that_learned_nothing_is_no_verdict():
    found = _finished(quality=0.52)
    tuning._check_learned(found, tuning.embedded().test)
    assert found.methods[0].courses[0].quality_verdict == "inconclusive"
    assert "did not learn the task" in found.findings[0]


def test_what_was_learned_keeps_its_verdict():
    found = _finished(quality=0.9)
    tuning._check_learned(found, tuning.embedded().test)
    assert found.methods[0].courses[0].quality_verdict == "equivalent"
    assert (found.findings, found.chance) == ([], 0.5)


def _finished(quality: float) -> Tuning:
    course = Course("b/c", [0.0], [1.0], 0.0, 1, "equivalent", 0.0, 0.1, "equivalent")
    trainings = [Training("torch/eager", 0, loss=[1.0], quality=[quality])]
    method = Method("full", "", 1, 1, 2, trainings=trainings, courses=[course])
    about: dict[str, object] = {}
    return Tuning(
        "fine-tuning", "", "", about, about, about, about, reference="torch/eager", methods=[method]
    )


def test_a_kind_that_is_not_known_is_refused_with_those_that_are():
    with pytest.raises(UsageError, match="'gtp'") as refused:
        pretrain(Request(kind="gtp"))
    assert "bert, gpt" in refused.value.hint


def test_heads_must_divide_the_width():
    with pytest.raises(UsageError, match="does not divide into 3 heads"):
        Sizes(width=8, heads=3)


def test_the_batches_end_after_the_steps_that_were_asked_for():
    start = training._start(SMALL, {}, examples=9)
    assert start.order.shape == (1, 12, 4)
    assert np.unique(start.order[0, :2]).size == 8
