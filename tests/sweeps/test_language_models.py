"""A small language model is pretrained in both frameworks, and what it wrote is fine-tuned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from isograd.run.finetune import Request as FineTuning
from isograd.run.finetune import finetune
from isograd.run.pretrain import Request, pretrain
from isograd.text.folder import read
from isograd.text.presets import Sizes
from isograd.tuning import Tuning

SIZES = Sizes(width=32, depth=1, heads=2, context=32)


@pytest.fixture(scope="module", params=["gpt", "bert"])
def pretrained(request, tmp_path_factory) -> tuple[Tuning, Path]:
    small = Request(kind=request.param, sizes=SIZES, steps=60, measure_s=0.0)
    return pretrain(small, out=tmp_path_factory.mktemp(request.param) / "out")


def test_every_step_of_a_pretraining_is_the_same_in_both_frameworks(pretrained):
    found, folder = pretrained
    assert (found.status, found.verdict, found.exit_code) == ("complete", "equivalent", 0)
    (method,) = found.methods
    assert [mode.verdict for mode in method.modes] == ["equivalent", "equivalent"]
    assert len(method.courses[0].deviation) == 60
    assert len({sample.text for sample in found.samples}) == 1
    losses = method.of("torch/eager")[0].loss
    assert losses[-1] < losses[0] - 1
    assert (folder / "tuning.html").exists()


def test_a_checkpoint_that_was_pretrained_is_read_again(pretrained):
    found, folder = pretrained
    model = read(folder / found.written["checkpoint"])
    assert model.graph.count_parameters() == found.model["parameters"]
    assert model.tokenizer is not None


def test_a_checkpoint_is_fine_tuned_as_a_whole_and_with_adapters(pretrained, tmp_path):
    _, folder = pretrained
    request = FineTuning(rank=4, epochs=1, seeds=2, measure_s=0.0)
    found, out = finetune(folder / "checkpoint", request, out=tmp_path / "out")
    assert found.status == "complete"
    full, lora = found.methods
    assert [mode.verdict for m in found.methods for mode in m.modes] == ["equivalent"] * 4
    assert [course.verdict for m in found.methods for course in m.courses] == ["equivalent"] * 2
    assert lora.trained < full.trained / 5
    assert lora.state == 2 * lora.trained
    assert max(lora.merged.values()) < 1e-12
    for name in ("full/checkpoint", "lora-4/merged"):
        assert read(out / name).architecture.task == "classification"
    names = load_file(out / "lora-4/adapter/adapter_model.safetensors")
    assert sum("lora_A" in name for name in names) == sum("lora_B" in name for name in names)
    config = json.loads((out / "lora-4/adapter/adapter_config.json").read_text())
    assert config["r"] == 4
