"""`prove REFERENCE TWIN`: are two implementations the same network, and if not, why?"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from isograd.causes.catalogue import known_ids
from isograd.errors import UsageError, WorkerError, unknown
from isograd.explanation import Explanation
from isograd.ir.graph import Graph
from isograd.ir.inputs import InputSpec
from isograd.ir.ops import TensorType
from isograd.measure.process import WorkerProcess
from isograd.models import QUIET
from isograd.proof.trial import RECORDED_STEPS
from isograd.run.courses import Plan, courses
from isograd.run.pair import load_like, pair_up
from isograd.run.reasons import explain_pair
from isograd.scripts import Script, load_script
from isograd.training import Recipe

BATCH_SIZE = 8

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
"""Small networks are quickest in one thread."""


@dataclass(frozen=True)
class Question:
    """What `explain` is asked; see there."""

    reference: object
    twin: object
    inputs: Sequence[str | InputSpec]
    twin_inputs: Sequence[str | InputSpec] | None
    recipe: Recipe | None
    accept: tuple[str, ...]
    trust: bool
    seed: int
    recorded: tuple[int, ...]
    plan: Plan | None


def explain(
    reference: object,
    twin: object,
    inputs: Sequence[str | InputSpec] = (),
    *,
    twin_inputs: Sequence[str | InputSpec] | None = None,
    recipe: Recipe | None = None,
    accept: Sequence[str] = (),
    trust: bool = False,
    seed: int = 0,
    recorded: tuple[int, ...] = RECORDED_STEPS,
    plan: Plan | None = None,
    timeout_s: float = 600.0,
) -> Explanation:
    """Proves two implementations against each other, and says why they differ.

    Both run as their owners wrote them, with the reference's weights in both. Where they are named
    by text, that happens in a process of its own.

    Args:
        reference: whatever `isograd.load` takes, a `TrainSpec`, or text that names one. A training
            of the user's own runs as it is, with its own loss and optimizer.
        twin: the same.
        inputs: what the reference is called with; and the twin, if it does not know that itself.
        twin_inputs: what the twin is called with, where that is laid out otherwise.
        recipe: the training of networks that have none of their own; by default Adam on the mean
            squared error to random targets.
        accept: ids of causes that are no difference to the user.
        trust: let a model file bring code of its own.
        seed: of the points at which the two are held against each other.
        recorded: training steps after which they are compared, in order.
        plan: whole trainings that show what each cause does to loss and accuracy; by default none.
        timeout_s: seconds that all of it may take, in a process of its own.

    Raises `UsageError` for what cannot be read and for a cause that is not known, `WorkerError`
    when the process dies.

    """
    for name in accept:
        if name not in known_ids():
            raise unknown("cause", name, known_ids())
    question = Question(
        reference, twin, inputs, twin_inputs, recipe, tuple(accept), trust, seed, recorded, plan
    )
    if not (isinstance(reference, str) and isinstance(twin, str)):
        return explain_here(question)
    with tempfile.TemporaryDirectory(prefix="isograd-") as folder:
        log = Path(folder) / "explain.log"
        environment = {**QUIET, **dict.fromkeys(THREADS, "1"), "TMPDIR": folder}
        worker = WorkerProcess(log, environment, timeout_s=timeout_s)
        try:
            found: Explanation = worker.call("run", explain_here, question)
        except WorkerError as error:
            error.where = _kept(log)
            raise
        finally:
            worker.close()
    return found


def _kept(log: Path) -> str:
    """Where a log lies that outlives the process whose it is."""
    handle, name = tempfile.mkstemp(prefix="isograd-explain-", suffix=".log")
    os.close(handle)
    shutil.copyfile(log, name)
    return name


def explain_here(question: Question) -> Explanation:
    """`explain`, in this process."""
    ours = load_script(question.reference, question.inputs, trust=question.trust)
    load = partial(load_script, question.twin, trust=question.trust)
    theirs = load_like(load, question.twin_inputs, question.inputs)
    pair = pair_up(ours.model, theirs.model)
    _check_inputs(ours.model.graph, theirs.model.graph)
    back = {q: p for p, q in pair.alignment.parameters.items()}
    first, second = _recipes(question.recipe, ours, theirs)
    train = partial(courses, (ours, theirs), question.plan) if question.plan else None
    return explain_pair(
        pair,
        (first, second.renamed(back)),
        question.accept,
        question.seed,
        question.recorded,
        train,
    )


def _check_inputs(reference: Graph, twin: Graph) -> None:
    """Raises `UsageError` for two networks that cannot be called with the same."""
    sides = [[*graph.inputs.values()] for graph in (reference, twin)]
    alike = len(sides[0]) == len(sides[1]) and all(
        a.dtype == b.dtype and _sizes(a) == _sizes(b) for a, b in zip(*sides, strict=True)
    )
    if not alike:
        texts = (", ".join(f"{one.dtype}{list(one.shape)}" for one in side) for side in sides)
        raise UsageError(
            f"The two networks take different inputs: {' against '.join(texts)}.",
            hint="Say with --input and --twin-input what each is called with.",
        )


def _sizes(kind: TensorType) -> list[int]:
    """In no order: images may be channels-first on one side."""
    return sorted(size for size in kind.shape if isinstance(size, int))


def _recipes(given: Recipe | None, ours: Script, theirs: Script) -> tuple[Recipe, Recipe]:
    """Each side's own; a network alone is trained like the other one."""
    if ours.training and theirs.training:
        return ours.recipe, theirs.recipe
    if ours.training or theirs.training:
        known = ours.recipe if ours.training else theirs.recipe
        return known, known
    recipe = given or Recipe("mean_squared_error", batch_size=BATCH_SIZE)
    return recipe, recipe
