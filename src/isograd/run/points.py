"""One point: a form is built, started alone, asked for its outputs, and timed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from isograd.bench.training import EVALUATION_BATCH
from isograd.deploy.build import Built
from isograd.deploy.candidates import Candidate
from isograd.deploy.server import CallArm, ColdStart, Server
from isograd.errors import MissingDependency, UsageError, WorkerError
from isograd.frontier import Frontier, Latency, Point
from isograd.measure.schedule import measure
from isograd.measure.stats import noise_floor, ratio
from isograd.result import Comparison
from isograd.run.forms import Forms, Network
from isograd.run.referee import agreement

COLD_STARTS = 3
"""Fresh processes that a cold start is the median of."""

LONG_START_S = 10.0
"""A start that takes longer than this is not repeated."""

FORM, BASELINE = "form", "baseline"

Rounds = dict[str, list[list[float]]]
"""Microseconds of calls, `FORM` and `BASELINE` to one list per round."""


def measure_point(forms: Forms, network: Network, candidate: Candidate, found: Frontier) -> Point:
    """Everything about one point. What keeps it from being had is in its status and reason;
    Ctrl-C comes through."""
    point = blank(network.name, candidate)
    try:
        _measure(forms, network, candidate, found, point)
        point.status = "ok"
    except MissingDependency as error:
        point.status, point.reason = "not installed", error.sentence()
    except WorkerError as error:
        point.status, point.reason = error.status, error.sentence()
    except UsageError as error:
        point.status, point.reason = "unsupported", error.sentence()
    return point


def blank(variant: str, candidate: Candidate) -> Point:
    """A point of which nothing is known yet."""
    form = candidate
    return Point(variant, form.id, form.technique, form.runtime, form.precision, command="")


def _measure(
    forms: Forms, network: Network, candidate: Candidate, found: Frontier, point: Point
) -> None:
    is_baseline = point.id == found.baseline
    built = forms.built_baseline if is_baseline else forms.build(network, candidate)
    point.size, point.build_s = built.size, built.seconds
    point.notes = list(built.artefact.notes)
    server = forms.start(built, network.graph)
    try:
        inputs = (forms.course.test_inputs,)
        starts = [server.first_output(inputs)]
        _judge(forms, network, candidate, server, point)
        starts += _more_starts(forms, network, built, starts[0])
        _write_starts(point, starts)
        server.take(inputs, forms.request.batches)
        _time(forms, server, found, point)
    finally:
        server.close()


def _judge(
    forms: Forms, network: Network, candidate: Candidate, server: Server, point: Point
) -> None:
    """Whether its outputs are what they should be."""
    course = forms.course
    outputs = server.outputs((course.test_inputs,), EVALUATION_BATCH)
    if outputs.shape != network.expectation.outputs.shape:
        raise UsageError(
            f"Its outputs have the shape {list(outputs.shape)}, "
            f"not {list(network.expectation.outputs.shape)}."
        )
    loss, dense = course.recipe.loss, forms.dense.expectation
    point.quality = loss.quality(outputs, course.test_targets)
    point.agreement = agreement(loss, outputs, dense.outputs)
    verdict, point.max_abs = network.expectation.judge(outputs)
    if candidate.exact:
        point.verdict = verdict


def _more_starts(forms: Forms, network: Network, built: Built, first: ColdStart) -> list[ColdStart]:
    if first.seconds > LONG_START_S:
        return []
    found = []
    for _ in range(COLD_STARTS - 1):
        server = forms.start(built, network.graph)
        try:
            found.append(server.first_output((forms.course.test_inputs,)))
        finally:
            server.close()
    return found


def _write_starts(point: Point, starts: Sequence[ColdStart]) -> None:
    """The start in the middle, whole, so that its parts belong together."""
    middle = sorted(starts, key=lambda start: start.seconds)[len(starts) // 2]
    point.cold_start_s, point.import_s = middle.seconds, middle.import_s
    point.load_s, point.first_call_s = middle.load_s, middle.first_call_s
    point.peak_memory_mb = middle.peak_memory_mb


# Time -----------------------------------------------------------------------------------------


def _time(forms: Forms, server: Server, found: Frontier, point: Point) -> None:
    """Latency for each batch size, in turns with the baseline's process. Of the baseline itself
    the process is a second one: what the two differ by is the noise floor."""
    kept: dict[str, NDArray[np.float64]] = {}
    for batch in forms.request.batches:
        rounds = _rounds(forms, server, batch)
        noise = found.noise_of(batch)
        against = ratio(point.id, found.baseline, rounds[FORM], rounds[BASELINE], noise)
        if point.id == found.baseline:
            found.noise[batch] = noise_floor([against])
        own = None if point.id == found.baseline else against
        point.latencies.append(_latency(batch, rounds[FORM], own))
        kept |= {f"{who}-{batch}": np.array(rounds[who]) for who in (FORM, BASELINE)}
    _save(forms.directory / "samples" / f"{point.id}.npz", kept)


def _rounds(forms: Forms, server: Server, batch: int) -> Rounds:
    arms = [CallArm(BASELINE, forms.baseline, batch), CallArm(FORM, server, batch)]
    measured = measure(arms, budget_s=forms.request.measure_s)
    if measured.partial:
        raise KeyboardInterrupt
    if BASELINE in measured.failures:
        forms.forget_baseline()
    for label, reason in measured.failures.items():
        who = "" if label == FORM else "The baseline's process failed: "
        raise WorkerError(f"{who}{reason}", status="failed")
    return measured.rounds


def _latency(batch: int, rounds: Sequence[Sequence[float]], against: Comparison | None) -> Latency:
    milliseconds = np.concatenate([np.asarray(one) for one in rounds]) / 1e3
    p50, p90, p99 = (float(np.percentile(milliseconds, p)) for p in (50, 90, 99))
    return Latency(batch, p50, p90, p99, throughput=batch / p50 * 1e3, ratio=against)


def _save(path: Path, arrays: dict[str, NDArray[np.float64]]) -> None:
    """Raw times in microseconds, [rounds, calls]."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # numpy's own stub takes a flag there
