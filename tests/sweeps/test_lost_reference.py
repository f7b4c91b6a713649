"""The worker that all others are held against may die, too."""

from __future__ import annotations

import signal
from pathlib import Path

from test_lost_workers import RECIPE, WORKER_FAILED, sends  # noqa: F401

from isograd.run.compare import Request, compare


def test_a_lost_reference_is_replaced_by_the_next_mode(sends, tmp_path: Path) -> None:  # noqa: F811
    request = Request(
        RECIPE,
        "breast-cancer",
        modes=("torch/eager", "torch/jit"),
        epochs=1,
        seeds=1,
        measure_s=0.0,
    )
    result, _ = compare(
        "bce-mlp", request, out=tmp_path / "run", progress=sends(0, "proving", signal.SIGSEGV)
    )
    assert result.exit_code == WORKER_FAILED
    assert result.status == "complete"
    assert result.mode("torch/eager").status == "crashed"
    assert result.reference == "torch/jit"
    assert result.mode("torch/jit").verdict == "equivalent"
    assert result.mode("torch/jit").curves
