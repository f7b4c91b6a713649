"""`optimize`: every form in which a network can be shipped, what it costs and what it buys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from isograd.bench.fit import check_fit, usual_data
from isograd.compress.variants import USUAL
from isograd.data import load as load_data
from isograd.deploy.candidates import CANDIDATES
from isograd.deploy.request import Request
from isograd.deploy.search import DENSE, check_patterns, named_variants
from isograd.deploy.target import parse_target
from isograd.errors import MissingDependency, UsageError
from isograd.frameworks import MODES, installed
from isograd.frontier import Frontier
from isograd.ir.inputs import InputSpec
from isograd.measure.environment import environment
from isograd.models import Model, load
from isograd.progress import Progress, Silent
from isograd.records import kind_of
from isograd.run.folders import new_directory
from isograd.run.optimization import Optimization, Subject
from isograd.run.variants import check_variants, kept
from isograd.started import command_line, now
from isograd.training import Recipe


def optimize(
    model: object,
    request: Request | None = None,
    *,
    inputs: Sequence[str | InputSpec] = (),
    trust: bool = False,
    out: Path | None = None,
    progress: Progress | None = None,
    command: str | None = None,
) -> tuple[Frontier, Path]:
    """Ships a network in every form, measures each alone, and shows what it costs and buys.

    Args:
        model: whatever `isograd.load` takes.
        request: what to do; by default the model's usual data set and loss, with Adam.
        inputs: what the network is called with.
        trust: let a model file bring code of its own.
        out: a folder that holds no result yet; by default a new one under ``isograd-runs``.
        progress: who is told about it.
        command: the line that the report shows for doing it again.

    Returns the frontier and its folder, in which ``frontier.json``, the page, the forms themselves
    (``forms/``), the variants of the network (``networks/``), raw times (``samples/``) and logs
    lie. Points are written as they come; Ctrl-C ends it, and `resume` goes on.

    Raises `UsageError` for bad input, `MissingDependency` where no framework is installed.

    """
    found = load(model, inputs, trust=trust)
    request = request or Request(Recipe(loss=found.loss), usual_data(found))
    dataset = load_data(request.data, request.data_dir)
    check_fit(found.graph, dataset, request.recipe)
    _check(request)
    subject = Subject(found, tuple(map(str, inputs)), dataset)
    frontier = _new(subject, request, trust, command)
    directory = new_directory(out, found.graph.name, Frontier)
    run = Optimization(subject, request, frontier, directory, progress or Silent())
    return run.everything(), directory


def resume(
    directory: Path,
    *,
    network: object | None = None,
    budget_s: float | None = None,
    progress: Progress | None = None,
) -> tuple[Frontier, Path]:
    """Goes on with a run where it stopped. Points that are there are not measured again; what it
    was asked for is read from its record. ``network`` is needed where it was an object;
    ``budget_s`` is a new budget, from now on.

    Raises `UsageError` where there is no such run.
    """
    frontier = Frontier.read(directory / kind_of(Frontier).file)
    try:
        request = Request.from_dict(frontier.settings["request"])
        given = tuple(frontier.settings["inputs"])
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            "This run cannot be resumed: its settings are damaged.",
            where=str(directory / kind_of(Frontier).file),
            hint=str(error),
        ) from None
    model = _again(frontier, directory, given, network)
    dataset = load_data(request.data, request.data_dir)
    check_fit(model.graph, dataset, request.recipe)
    frontier.budget_s = budget_s
    subject = Subject(model, given, dataset)
    run = Optimization(subject, request, frontier, directory, progress or Silent())
    return run.everything(), directory


def _again(
    frontier: Frontier, directory: Path, inputs: tuple[str, ...], network: object | None
) -> Model:
    """The network of a run; one that had no weights of its own lies in the run's folder."""
    stored = kept(DENSE, directory)
    reference = str(frontier.model["reference"])
    if network is None and stored and not frontier.settings.get("own_weights", True):
        return Model(stored[0], reference)
    trust = bool(frontier.settings.get("trust"))
    return load(reference if network is None else network, inputs, trust=trust)


def _check(request: Request) -> None:
    """Raises `UsageError` for what cannot be measured, before anything is started."""
    if not request.batches or min(request.batches) < 1:
        raise UsageError("A batch has at least one example.", hint="Write --batch 1,8,64.")
    named = (*request.variants, *named_variants(request.only))
    check_variants(named)
    check_patterns(request.only, tuple(dict.fromkeys((*USUAL, *named))))
    if request.target:
        parse_target(request.target, request.batches)


def _new(subject: Subject, request: Request, trust: bool, command: str | None) -> Frontier:
    """An empty record."""
    model, dataset = subject.model, subject.dataset
    return Frontier(
        command=command_line(command),
        created=now(),
        model={
            **model.summary,
            "inputs": {n: list(t.shape) for n, t in model.graph.inputs.items()},
        },
        data=dataset.summary,
        training={**request.recipe.to_dict(), "epochs": request.epochs, "seed": request.seed},
        environment=environment(),
        baseline=f"{DENSE}/{_baseline()}",
        batches=list(request.batches),
        target=request.target,
        budget_s=request.budget_s,
        settings={
            "request": request.to_dict(),
            "inputs": list(subject.inputs),
            "trust": trust,
            "own_weights": model.weights is not None,
        },
    )


def _baseline() -> str:
    """The plain form of the first framework that is there."""
    for framework in MODES:
        if installed(framework):
            return next(c.id for c in CANDIDATES if c.framework == framework)
    raise MissingDependency(
        "No framework is installed.", hint="pip install 'isograd[torch]' or 'isograd[tensorflow]'"
    )
