"""What is asked of `isograd scale`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from isograd.errors import UsageError
from isograd.training import Recipe


@dataclass(frozen=True)
class Link:
    """A network between hosts: seconds that a message takes one way, and bytes a second."""

    latency_s: float = 0.0
    bandwidth: float = float("inf")

    @property
    def second_per_byte(self) -> float:
        """What a byte takes."""
        return 1.0 / self.bandwidth


@dataclass(frozen=True)
class Request:
    """``batch_size`` of the recipe is that of all workers together; with ``weak``, timings give
    each worker that much. ``steps`` are those of a trajectory. ``link`` is a network that the user
    thinks of, ``predict`` the numbers of workers that are asked about."""

    recipe: Recipe = field(default_factory=Recipe)
    data: str = "digits"
    data_dir: Path | None = None
    workers: tuple[int, ...] = (1, 2)
    engines: tuple[str, ...] = ()
    steps: int = 20
    seed: int = 0
    weak: bool = False
    sync_batchnorm: bool = False
    checkpoint_every: int = 0
    restarts: int = 0
    rounds: int = 8
    round_s: float = 0.1
    link: Link | None = None
    predict: tuple[int, ...] = (4, 8, 16)
    device: str = "cpu"
    timeout_s: float = 600.0

    def to_dict(self) -> dict[str, Any]:
        """For a record."""
        found = asdict(self)
        for name in ("recipe", "data_dir", "link"):
            found.pop(name)
        lists = {name: list(v) if isinstance(v, tuple) else v for name, v in found.items()}
        return {**lists, "link": asdict(self.link) if self.link else None}

    def check(self) -> None:
        """Raises `UsageError` for what makes no sense."""
        if min(self.workers) < 1 or max(self.workers) > self.recipe.batch_size:
            raise UsageError(
                f"{max(self.workers)} workers cannot share a batch of {self.recipe.batch_size}.",
                hint="Choose fewer --workers, or a larger --batch-size.",
            )
        if self.steps < 1 or self.rounds < 1:
            raise UsageError("At least one step is needed.", hint="Choose larger --steps.")
