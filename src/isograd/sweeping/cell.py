"""A cell of a grid: one network in one framework, mode, batch size and precision, from one seed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

PLAIN = "float32"
"""The precision that needs no mention."""


@dataclass(frozen=True)
class Cell:
    """``model`` is the network's name in the grid."""

    model: str
    framework: str
    mode: str
    batch_size: int
    precision: str = PLAIN
    seed: int = 0

    @property
    def contender(self) -> str:
        """What competes with others at each batch size: ``torch/compile`` or
        ``torch/compile/bfloat16``."""
        name = f"{self.framework}/{self.mode}"
        return name if self.precision == PLAIN else f"{name}/{self.precision}"

    @property
    def group(self) -> tuple[str, int, int]:
        """Cells that are compared with one another: model, batch size and seed."""
        return self.model, self.batch_size, self.seed

    @property
    def label(self) -> str:
        """``mnist-mlp torch/compile, batch of 64``; the seed where it is not 0."""
        seed = f", seed {self.seed}" if self.seed else ""
        return f"{self.model} {self.contender}, batch of {self.batch_size}{seed}"


@dataclass(frozen=True)
class Network:
    """How a network is named: whatever `isograd.load` takes as text, and what it is called with.
    ``digest`` is that of the file that is named, so that another network is another cell."""

    reference: str
    inputs: tuple[str, ...] = ()
    loss: str | None = None
    trust: bool = False
    digest: str = ""


@dataclass(frozen=True)
class Conditions:
    """What all cells of a grid have in common: ``steps`` of training whose losses are compared,
    ``measure_s`` seconds in which training is timed, and as many for inference."""

    steps: int = 20
    measure_s: float = 2.0
    threads: int = 1
    device: str = "cpu"
    optimizer: str = "adam"
    hyper: dict[str, Any] = field(default_factory=dict)


def key_of(cell: Cell, network: Network, conditions: Conditions) -> str:
    """Sixteen hexadecimal digits of all that a cell's result depends on."""
    spec = {"cell": asdict(cell), "network": asdict(network), "conditions": asdict(conditions)}
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Task:
    """A cell with all that it needs to be measured, as plain data. ``baseline`` is the cell that it
    is measured in turns with; where that is the cell itself, two processes of one program are held
    against each other. ``path`` is the reference as the measuring process finds it."""

    key: str
    cell: Cell
    baseline: Cell
    network: Network
    conditions: Conditions
    path: str = ""
    timeout_s: float = 600.0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON: what goes to another machine."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Task:
        """The inverse of `to_dict`."""
        network = {**plain["network"], "inputs": tuple(plain["network"]["inputs"])}
        return cls(
            **{
                **plain,
                "cell": Cell(**plain["cell"]),
                "baseline": Cell(**plain["baseline"]),
                "network": Network(**network),
                "conditions": Conditions(**plain["conditions"]),
            }
        )
