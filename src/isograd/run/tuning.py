"""One method of training in all modes: proven at its points, trained, and its courses compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from isograd.bench.training import DISTURBED_STARTS, disturb
from isograd.bench.workbench import Bench, Workbench
from isograd.errors import WorkerError
from isograd.ir.graph import Graph, Weights
from isograd.ir.ops import Dropout
from isograd.progress import Progress
from isograd.proof import make_trial
from isograd.proof.judge import worst
from isograd.proof.trial import Trial
from isograd.result import Verdict
from isograd.run.prove import prove_at
from isograd.run.stepwise import CHUNK, Material, held_against, train
from isograd.training import Recipe
from isograd.tuning import Method, Training

RECORDED = (1, 10)
"""Training steps after which the proof looks at parameters and optimizer state; the steps after
that are in the courses."""


@dataclass(frozen=True)
class Start:
    """Where the trainings of one seed start, and the batches they take: [epochs, steps, batch]."""

    seed: int
    weights: Weights
    order: NDArray[np.int64]


def describe(name: str, about: str, graph: Graph, recipe: Recipe) -> Method:
    """An empty record of a method. The optimizer keeps its numbers for what is trained only."""
    every = sum(int(np.prod(spec.shape)) for spec in graph.parameters.values())
    trained = graph.count_parameters()
    return Method(name, about, every, trained, trained * len(recipe.optimizer.slots))


@dataclass
class Attempt:
    """A method on its way: ``ends`` are each mode's weights after the training of the first seed,
    ``latest`` the reference's, as far as it came. ``save`` is called whenever there is something
    new."""

    method: Method
    material: Material
    starts: Sequence[Start]
    bench: Workbench
    progress: Progress
    save: Callable[[], None]
    ends: dict[str, Weights] = field(default_factory=dict)
    latest: Weights = field(default_factory=dict)

    def open(self) -> None:
        """Starts the workers."""
        self.method.modes = self.bench.modes
        self.bench.start_all(self.progress, f"starting {self.method.name}")
        self.save()

    def prove(self) -> None:
        """Holds every mode against the reference in float64, on real examples."""
        prove_at(self.bench, self._trial(), self.progress)
        self.save()

    def train(self) -> None:
        """The reference from all seeds, its disturbed trainings, then every other mode.

        Raises `WorkerError` when the reference fails.
        """
        first = self.bench.reference
        others = [one for one in self.bench.alive if one is not first]
        disturbed = len(self.starts) * self._disturbances
        trainings = len(self.starts) * (1 + len(others)) + disturbed
        chunks = sum(-(-len(epoch) // CHUNK) for epoch in self.starts[0].order)
        self.progress.phase(f"training {self.method.name}", trainings * chunks)
        self.bench.guard(first, self._train_reference)
        if first not in self.bench.alive:
            raise WorkerError(first.mode.reason, status=first.mode.status)
        for one in others:
            self.bench.guard(one, self._train_all)
        self.save()

    def conclude(self) -> None:
        """Compares the courses of all modes that were trained to the end."""
        reference = self.bench.reference.mode.label
        ours = self.method.of(reference)
        self.method.courses = [
            held_against(
                one.mode.label,
                self.method.of(one.mode.label),
                ours,
                self.method.disturbed,
                random_masks=self._draws_masks,
            )
            for one in self.bench.alive
            if one.mode.label != reference
        ]

    @property
    def verdict(self) -> Verdict:
        """The worst of all proofs and courses."""
        proofs = [mode.verdict for mode in self.method.modes if mode.verdict]
        courses = [v for c in self.method.courses for v in (c.verdict, c.quality_verdict)]
        return worst([*proofs, *courses]) if proofs else "inconclusive"

    @property
    def _draws_masks(self) -> bool:
        return any(isinstance(node.op, Dropout) for node in self.material.graph.nodes)

    @property
    def _disturbances(self) -> int:
        """Trainings from a disturbed start, of each seed."""
        return DISTURBED_STARTS if len(self.starts) == 1 else 2

    def _trial(self) -> Trial:
        material, start = self.material, self.starts[0]
        drawn = make_trial(
            material.graph, material.recipe, None, start.seed, start.weights, recorded=RECORDED
        )
        batches = start.order.reshape(-1, material.recipe.batch_size)
        rows = np.resize(batches, (RECORDED[-1], batches.shape[1])).reshape(-1)
        return replace(
            drawn,
            data=tuple(array[rows] for array in material.inputs),
            labels=material.targets[rows],
        )

    def _train_reference(self, bench: Bench) -> None:
        self._train_all(bench)
        for start in self.starts:
            for number in range(1, self._disturbances + 1):
                moved = replace(start, weights=disturb(start.weights, number))
                self._train(bench, moved, Training(bench.mode.label, start.seed, number))

    def _train_all(self, bench: Bench) -> None:
        bench.side().load_data(self.material.inputs, self.material.targets)
        for start in self.starts:
            self._train(bench, start, Training(bench.mode.label, start.seed))
            if start is self.starts[0]:
                self.ends[bench.mode.label] = bench.side().get_state()

    def _train(self, bench: Bench, start: Start, training: Training) -> None:
        self.method.trainings.append(training)
        side = bench.side()
        leads = bench is self.bench.reference and training is self.method.trainings[0]

        def told() -> None:
            self.progress.advance(bench.mode.label)
            if leads:
                self.latest = side.get_state()
            self.save()

        train(side, self.material, start.weights, start.order, training, told)
