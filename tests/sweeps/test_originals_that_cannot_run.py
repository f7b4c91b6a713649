"""Conversions whose original cannot be asked: their twins are held against each other."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from isograd.models import load
from isograd.run.convert import convert
from isograd.run.prove import prove


def test_a_stored_program_is_proven_between_its_twins(tmp_path: Path) -> None:
    """It has one mode, so that it cannot be trained and evaluated as it is."""
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).eval()
    batch = torch.export.Dim("batch")
    program = torch.export.export(module, (torch.randn(2, 3),), dynamic_shapes=({0: batch},))
    torch.export.save(program, str(tmp_path / "net.pt2"))
    made = convert(
        str(tmp_path / "net.pt2"), "tensorflow", tmp_path / "out", modes=["tensorflow/function"]
    )
    assert made.proof is not None
    assert made.proof.verdict == "equivalent"
    assert [mode.label for mode in made.proof.modes] == ["torch/eager", "tensorflow/function"]
    assert made.proof.reference == "torch/eager"


def test_twins_of_an_original_that_cannot_run_are_not_called_equivalent(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text("from torch import nn\n\n\ndef net():\n    return nn.Linear(3, 2)\n")
    model = load(f"{path}:net", ["x=float32[N,3]"])
    path.unlink()
    found = prove(model, modes=["torch/eager", "torch/jit"])
    assert found.verdict == "inconclusive"
    assert "held against each other only" in found.stages[0].detail
