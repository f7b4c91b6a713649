"""Training steps that several tests look at: made once, and each view of them once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from subjects import NETWORKS, Looked, look


@pytest.fixture(scope="session")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Looked]:
    """The step of one of `NETWORKS` in a framework."""

    @cache
    def known(framework: str, name: str) -> Looked:
        return look(framework, *NETWORKS[name], tmp_path_factory.mktemp(f"{framework}-{name}"))

    return known
