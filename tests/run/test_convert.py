"""`convert`: the folder that a user gets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest
import torch
from keras import layers
from torch import nn

from isograd.errors import UsageError
from isograd.ir.mapping_document import from_json
from isograd.run.convert import convert


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc = nn.Linear(width, width)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.drop(torch.relu(self.fc(x)))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(Block(4), Block(4))
        self.head = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.blocks(x))


def test_a_module_becomes_a_folder_that_trains_by_itself(tmp_path: Path) -> None:
    made = convert(
        Net(),
        "tensorflow",
        tmp_path / "twin",
        inputs=["x=float32[N,4]"],
        modes=["tensorflow/eager"],
    )
    assert made.proof is not None
    assert made.proof.verdict == "equivalent"
    files = {path.name for path in (tmp_path / "twin").iterdir()}
    assert files == {
        "model.py",
        "weights.safetensors",
        "train.py",
        "mapping.json",
        "proof.json",
        "README.md",
    }
    source = (tmp_path / "twin" / "model.py").read_text()
    assert source.count("class Block(") == 1
    mapping = from_json((tmp_path / "twin" / "mapping.json").read_text())
    assert mapping.map.names["blocks.0.fc.weight"] == "blocks_0.fc.kernel"
    proof = json.loads((tmp_path / "twin" / "proof.json").read_text())
    assert proof["reference"] == "torch/original"
    trained = run_script(tmp_path / "twin")
    assert "Epoch 3/3" in trained


def test_a_keras_model_becomes_a_module_that_trains_by_itself(tmp_path: Path) -> None:
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    model = keras.Sequential([keras.Input((6, 6, 2)), layers.Conv2D(3, 3), layers.Flatten()])
    made = convert(model, "torch", tmp_path / "twin", proven=False)
    assert made.proof is None
    assert "epoch 3: loss" in run_script(tmp_path / "twin")


def run_script(folder: Path) -> str:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    command = [sys.executable, f"{folder.name}/train.py"]  # it finds its weights from elsewhere
    done = subprocess.run(
        command, cwd=folder.parent, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        convert("bce-mlp", "torch", tmp_path, proven=False)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_nothing_is_left_when_a_network_cannot_be_converted(tmp_path: Path) -> None:
    class Sorted(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.sort(x).values

    with pytest.raises(UsageError, match="sort"):
        convert(Sorted(), "tensorflow", tmp_path / "twin", inputs=["x=float32[N,4]"])
    assert list(tmp_path.iterdir()) == []
