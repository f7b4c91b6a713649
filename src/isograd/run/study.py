"""`study`: everything about one network within a time budget, in one linked report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from isograd.bench.fit import usual_data
from isograd.data import load as load_data
from isograd.errors import IsogradError
from isograd.measure.environment import environment
from isograd.models import Model, load
from isograd.progress import Progress, Silent
from isograd.records import kind_of
from isograd.report.studied import write_study
from isograd.run.folders import new_directory
from isograd.started import command_line, now
from isograd.study import Part, Study
from isograd.training import Recipe


@dataclass(frozen=True)
class Task:
    """What a part works on: the network and what it is called with, where its result goes, the
    seconds that are left, and the study's own folder with what the parts before it found."""

    model: Model
    inputs: tuple[str, ...]
    recipe: Recipe
    data: str
    data_dir: Path | None
    folder: Path
    left_s: float
    results: Path
    progress: Progress


@dataclass(frozen=True)
class Work:
    """One command. It is not begun with less than ``least_s`` left; ``does`` gives what it found in
    sentences, and the page to open."""

    name: str
    question: str
    least_s: float
    does: Callable[[Task], tuple[list[str], str]]


def _compare(task: Task) -> tuple[list[str], str]:
    from isograd.report.answer import answer
    from isograd.run.compare import Request, compare

    request = Request(
        task.recipe,
        task.data,
        task.data_dir,
        epochs=3,
        seeds=2,
        measure_s=min(6.0, task.left_s / 20),
    )
    result, folder = compare(task.model, request, out=task.folder, progress=task.progress)
    found = answer(result)
    return [found.proof, found.overall, *found.frameworks], str(folder / "report.html")


def _graph(task: Task) -> tuple[list[str], str]:
    from isograd.notation.names import title
    from isograd.report.graph import write_graphs
    from isograd.run.graph import graph

    found = graph(task.model, task.recipe, with_overlays=True, progress=task.progress)
    page = write_graphs(found, task.folder)
    said = []
    for framework in dict.fromkeys(view.framework for view in found.views):
        counts = (
            f"{view.stage} {len(view.operations)}"
            for view in found.views
            if view.framework == framework and view.operations
        )
        said.append(f"{title(framework)}, operations of a step: {', '.join(counts)}.")
    return said, str(page)


def _probe(task: Task) -> tuple[list[str], str]:
    """What debugging is judged by, in the modes that start quickly."""
    from isograd.claims.rules.debugging import DEBUGGING, EARLY
    from isograd.report.probes import write_page
    from isograd.report.probes_answer import headline
    from isograd.run.probe import probe

    found, folder = probe((*DEBUGGING, *EARLY), out=task.folder, progress=task.progress)
    return [headline(found)], str(write_page(found, folder))


def _scale(task: Task) -> tuple[list[str], str]:
    from isograd.report.scaling import write_scaling
    from isograd.report.scaling_answer import headline, sentences
    from isograd.run.scale import scale
    from isograd.scaling.request import Request

    request = Request(task.recipe, task.data, task.data_dir, steps=10, rounds=4)
    found, folder = scale(task.model, request, out=task.folder, progress=task.progress)
    page = write_scaling(found, folder, replace=True)
    return [headline(found), *sentences(found)], str(page)


def _claims(task: Task) -> tuple[list[str], str]:
    from isograd.report.claims_words import headline
    from isograd.run.claims import claims

    found, folder = claims(
        results=[task.results], budget_s=0.0, out=task.folder, progress=task.progress
    )
    return [headline(found)], str(folder / "claims.html")


def _optimize(task: Task) -> tuple[list[str], str]:
    from isograd.deploy.request import Request
    from isograd.report.frontier_answer import headline, verdict
    from isograd.run.optimize import optimize

    request = Request(
        task.recipe,
        task.data,
        task.data_dir,
        epochs=3,
        variants=("dense", "structured-50"),
        measure_s=0.3,
        budget_s=task.left_s,
        trainings=False,
    )
    found, folder = optimize(
        task.model, request, inputs=task.inputs, out=task.folder, progress=task.progress
    )
    return [s for s in (headline(found), verdict(found)) if s], str(folder / "frontier.html")


def _advise(task: Task) -> tuple[list[str], str]:
    from isograd.advise.profile import Profile
    from isograd.report.advice_answer import certainty, headline
    from isograd.run.advise import advise_on

    found, folder = advise_on(
        task.model, Profile(), results=[task.results], budget_s=0.0, out=task.folder
    )
    return [headline(found), certainty(found)], str(folder / kind_of(type(found)).page)


WORKS = (
    Work("compare", "Is it the same network in both, and which mode is the fastest?", 30, _compare),
    Work("graph", "What do its graphs look like, and what is done to them?", 30, _graph),
    Work("scale", "What do two workers buy, and is it the same training?", 45, _scale),
    Work("probe", "What do the modes let one see while debugging?", 60, _probe),
    Work("optimize", "How small and how fast can it be shipped?", 45, _optimize),
    Work("claims", "What is usually said: does it hold here?", 0, _claims),
    Work("advise", "Which one, then?", 0, _advise),
)
"""In this order: what answers most comes first; then what can end early, which takes all the time
that is left; and last what goes by the others."""

LAST_S = 10.0
"""Seconds of the budget that are kept for what comes last."""


def study(
    model: object,
    budget_s: float,
    *,
    inputs: Sequence[str] = (),
    trust: bool = False,
    data: str | None = None,
    data_dir: Path | None = None,
    loss: str | None = None,
    only: Sequence[str] = (),
    out: Path | None = None,
    progress: Progress | None = None,
    command: str | None = None,
) -> tuple[Study, Path]:
    """Runs every command on one network, each in a folder of its own.

    Args:
        model: whatever `isograd.load` takes.
        budget_s: seconds for all of it. A part is not begun when too little is left; those that can
            end early do so in time, and one that is running is not cut off.
        inputs: what the network is called with.
        trust: let a model file bring code of its own.
        data: the data set to train on; by default the network's usual one.
        data_dir: folder with its files.
        loss: what it is trained with; by default the network's usual one.
        only: names of parts; by default all.
        out: a folder that holds no result yet; by default a new one under ``isograd-runs``.
        progress: who is told about it.
        command: the line that the report shows for doing it again.

    Returns the study and its folder; ``study.html`` links all pages, and is written after each
    part. A part that fails is named, and the others go on; Ctrl-C ends the study, what was found is
    kept. Raises `UsageError` for bad input.

    """
    found = load(model, inputs, trust=trust)
    recipe, data = Recipe(loss=loss or found.loss), data or usual_data(found)
    load_data(data, data_dir)  # a wrong name is no matter of one part
    directory = new_directory(out, f"{found.graph.name}-study", Study)
    works = [work for work in WORKS if not only or work.name in only]
    record = Study(
        command_line(command),
        now(),
        found.reference,
        budget_s,
        environment(),
        parts=[Part(work.name, work.question) for work in works],
    )
    task = Task(
        found,
        tuple(inputs),
        recipe,
        data,
        data_dir,
        directory,
        budget_s,
        directory,
        progress or Silent(),
    )
    _Run(record, directory).everything(works, task)
    return record, directory


class _Run:
    """One study; the record grows part by part and is written after each."""

    def __init__(self, record: Study, directory: Path) -> None:
        self.record, self.directory = record, directory
        self._begin = perf_counter()

    def everything(self, works: Sequence[Work], task: Task) -> None:
        """All parts of a ``task``, as far as the budget goes, each in a folder of its own."""
        self._write()
        part = None
        try:
            for part, work in zip(self.record.parts, works, strict=True):
                last = work.least_s == 0
                left = self.record.budget_s - self._spent() - (0.0 if last else LAST_S)
                if left < work.least_s:
                    part.reason = "The budget was spent."
                    continue
                folder = self.directory / work.name
                self._do(part, work, replace(task, folder=folder, left_s=left))
                self._write()
            self.record.status = "complete"
        except KeyboardInterrupt:
            self.record.reason = f"interrupted in {part.name if part else 'the beginning'}"
        finally:
            self._write()

    def _do(self, part: Part, work: Work, task: Task) -> None:
        begin = perf_counter()
        try:
            answer, page = work.does(task)
        except IsogradError as error:
            part.status = "failed"
            part.reason = error.sentence()
        else:
            part.status, part.answer = "ok", [sentence for sentence in answer if sentence]
            part.page = str(Path(page).relative_to(self.directory))
        part.folder = work.name
        part.seconds = perf_counter() - begin

    def _spent(self) -> float:
        return perf_counter() - self._begin

    def _write(self) -> None:
        self.record.duration_s = self._spent()
        write_study(self.record, self.directory, replace=True)
