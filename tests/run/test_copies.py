"""An A/A pair that cannot be made is left out; the measuring goes on without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from isograd.bench.workbench import Bench
from isograd.errors import WorkerError
from isograd.run import compare as module
from isograd.run.compare import Comparison, Request, compare
from isograd.training import Recipe


def test_a_failing_copy_costs_the_noise_floor_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []

    class Watched(Bench):
        def close(self) -> None:
            closed.append(self.worker.log.name)
            super().close()

    def warm(self: Comparison, copy: Bench) -> None:
        raise WorkerError("The worker died of SIGSEGV.", status="crashed")

    monkeypatch.setattr(module, "Bench", Watched)
    monkeypatch.setattr(Comparison, "_warm", warm)
    recipe = Recipe("binary_cross_entropy", batch_size=32)
    request = Request(
        recipe, "breast-cancer", modes=("torch/eager",), epochs=1, seeds=1, measure_s=0.0
    )
    result, _ = compare("bce-mlp", request, out=tmp_path / "run")
    assert result.status == "complete"
    assert result.exit_code == 0
    assert result.noise_floor is None
    assert result.mode("torch/eager").samples
    assert closed == ["torch-eager-again.log"]
