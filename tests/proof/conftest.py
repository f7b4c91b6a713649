"""What proofs in this process share."""

from __future__ import annotations

import pytest

from isograd.frameworks.torch.modes import CompiledExecutor


@pytest.fixture
def no_generated_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mode `compile` takes and decomposes the same graphs, but runs them op by op: a C++
    compiler takes a second for each of many kernels. `make sweep` has them compiled."""
    monkeypatch.setattr(CompiledExecutor, "backend", "aot_eager_decomp_partition")
