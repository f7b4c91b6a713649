"""What `isograd data` found: one typed record, written as versioned JSON.

Times are microseconds (``_us``) or seconds (``_s``), memory is MiB (``_mb``). What could not be
measured is None, and ``reason`` says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from isograd.result import Comparison, Interval, NoiseFloor, Saved, absent
from isograd.waiting import Fed, Spot

SCHEMA = "isograd/feeding/1"


@dataclass
class Delivery:
    """One epoch against the arrays in memory, item by item, as bytes. ``missing`` counts items that
    never came, ``repeated`` those that came more than once, ``foreign`` those whose bytes are not
    in the source. ``inconclusive``: nearly all are foreign, so that the pipeline changes what
    it reads and its order cannot be told."""

    verdict: Literal["exact", "wrong", "inconclusive"]
    items: int
    missing: int = 0
    repeated: int = 0
    foreign: int = 0


@dataclass
class Shuffle:
    """How well an epoch is shuffled; `isograd.pipelines.shuffling` defines the measures. ``chance``
    is what ``neighbours`` is for a permutation; ``worse`` names the measures in which the order is
    worse than every permutation that was drawn. ``places`` are some items, spread evenly over the
    epoch: the place of delivery, and the one in the file."""

    rank_correlation: float
    reach: float
    neighbours: float
    label_mix: float | None
    chance: float
    worse: list[str] = field(default_factory=list)
    places: list[list[int]] = field(default_factory=list)


@dataclass
class Measured:
    """One pipeline. ``batch_us`` is the time of a full batch with its interval, ``ratio`` that over
    the arrays' in memory, measured in turns. ``first_batch_s`` is from opening the source in a
    fresh process to the first batch, with the framework imported already. ``peak_memory_mb`` is
    after an epoch, workers included."""

    id: str
    about: str
    workers: int = 0
    prefetch: int = 0
    status: str = "not reached"
    reason: str = ""
    import_s: float | None = None
    first_batch_s: float | None = None
    peak_memory_mb: float | None = None
    batch_us: Interval | None = None
    items_per_s: float | None = None
    ratio: Comparison | None = None
    delivery: Delivery | None = None
    shuffle: Shuffle | None = None
    spots: list[Spot] = field(default_factory=list)

    @property
    def framework(self) -> str:
        """Empty for the arrays in memory."""
        framework, slash, _ = self.id.partition("/")
        return framework if slash else ""


@dataclass
class Equal:
    """One operation of an augmentation in both frameworks, against its definition. ``deviation`` is
    the largest in either, ``envelope`` how far the definition itself moves with its input by one
    unit in the last place; ``exact`` operations must give the same bytes."""

    operation: str
    exact: bool
    deviation: float
    envelope: float
    verdict: Literal["equivalent", "different"]


@dataclass
class Trap:
    """A known difference between what one writes in either framework, measured on the source's own
    pixels: the largest difference, in grey levels of 255, and the share of pixels that differ."""

    name: str
    torch: str
    tensorflow: str
    largest: float
    share: float
    instead: str


@dataclass
class Feeding(Saved):
    """Everything, in the order in which it is found. ``source`` says what was read, ``settings``
    how; ``noise`` is what two processes with arrays in memory differ by; ``fed`` holds the modes of
    a network in loops that pipelines feed."""

    command: str
    created: str
    source: dict[str, Any]
    settings: dict[str, Any]
    environment: dict[str, Any]
    schema: str = SCHEMA
    status: Literal["complete", "partial"] = "partial"
    reason: str = ""
    model: dict[str, Any] = field(default_factory=dict)
    pipelines: list[Measured] = field(default_factory=list)
    noise: NoiseFloor | None = None
    fed: list[Fed] = field(default_factory=list)
    augmentation: list[Equal] = field(default_factory=list)
    traps: list[Trap] = field(default_factory=list)
    duration_s: float = 0.0

    def pipeline(self, id: str) -> Measured:
        """The pipeline of this id. Raises `KeyError` if there is none."""
        for one in self.pipelines:
            if one.id == id:
                return one
        raise KeyError(id)

    @property
    def exit_code(self) -> int:
        """What the process ends with: 0; 1 where a pipeline delivers something else than the source
        or an augmentation differs; 3 if nothing needed is installed; 4 where a worker failed."""
        states = {one.status for one in self.pipelines if one.framework}
        if absent(states):
            return 3
        if states - {"ok", "not installed", "not reached"} or self.status == "partial":
            return 4
        wrong = any(p.delivery and p.delivery.verdict == "wrong" for p in self.pipelines)
        return int(wrong or any(one.verdict == "different" for one in self.augmentation))
