"""`probe`: every question in every mode, each snippet in fresh processes with a time limit."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from isograd.bench.choosing import choose_modes
from isograd.errors import UsageError, WorkerError, unknown
from isograd.frameworks import MODES, installed
from isograd.measure.environment import environment, versions
from isograd.measure.process import death, kill_group
from isograd.measure.worker_environment import worker_environment
from isograd.probes.question import LIMIT_S, Observed, Question
from isograd.probes.questions import questions
from isograd.probes.result import Answer, Asked, Probes
from isograd.progress import Progress, Silent
from isograd.report.files import save_record
from isograd.run.folders import new_directory
from isograd.started import command_line, now

OUTPUT = 4000
"""Characters of what a snippet printed that are kept in the record: the last ones."""


def probe(
    names: Sequence[str] = (),
    *,
    modes: Sequence[str] = (),
    frameworks: Sequence[str] = (),
    out: Path | None = None,
    timeout_s: float = LIMIT_S,
    progress: Progress | None = None,
    command: str | None = None,
) -> tuple[Probes, Path]:
    """Asks questions of the frameworks, by running small programs in each mode.

    Args:
        names: of the questions; all of them by default.
        modes: as everywhere: ``torch``, ``eager``, ``torch/compile``; all by default.
        frameworks: only these, all by default.
        out: a folder that holds no result yet; by default a new one under ``isograd-runs``.
        timeout_s: how long each process may take.
        progress: who is told about it.
        command: the line that the report shows for doing it again.

    Returns the answers and their folder, with ``probes.json``, which is written anew after each
    answer, and what the snippets printed (``logs/``). Ctrl-C ends it; what was found stays.

    Raises `UsageError` for an unknown question or mode.

    """
    begin = perf_counter()
    asked = questions(names)
    wanted = _wanted(modes, frameworks)
    directory = new_directory(out, "probes", Probes)
    found = Probes(
        command=command_line(command),
        created=now(),
        environment=environment(),
        questions=[_asked(question, {framework for framework, _ in wanted}) for question in asked],
        answers=[Answer(q.name, framework, mode) for q in asked for framework, mode in wanted],
    )
    laboratory = _Laboratory(directory, timeout_s)
    watcher = progress or Silent()
    watcher.phase("probes", len(found.answers))
    try:
        for answer in found.answers:
            laboratory.ask(next(q for q in asked if q.name == answer.question), answer)
            watcher.advance(f"{answer.question} {answer.label}")
            found.duration_s = perf_counter() - begin
            save_record(found, directory)
        found.status = "complete"
    except KeyboardInterrupt:
        found.reason = "interrupted by the user; what is here was finished before"
    finally:
        laboratory.close()
    save_record(found, directory)
    return found, directory


def _wanted(modes: Sequence[str], frameworks: Sequence[str]) -> list[tuple[str, str]]:
    for name in frameworks:
        if name not in MODES:
            raise unknown("framework", name, MODES)
    wanted = [pair for pair in choose_modes(modes) if pair[0] in (frameworks or MODES)]
    if not wanted:
        raise UsageError("None of these modes is one of these frameworks'.")
    return wanted


class _Laboratory:
    """Runs snippets and judges what they saw."""

    def __init__(self, directory: Path, timeout_s: float) -> None:
        self._logs = directory / "logs"
        self._logs.mkdir(parents=True, exist_ok=True)
        self._cache = self._logs / "compiler-cache"
        self._timeout_s = timeout_s
        # as the user has it: the number of threads is not ours to choose here
        self._environment = {
            name: value
            for name, value in worker_environment("cpu", 1, self._cache).items()
            if not name.endswith("_THREADS")
        }
        self._versions = versions()

    def close(self) -> None:
        """Removes what compilers kept."""
        shutil.rmtree(self._cache, ignore_errors=True)

    def ask(self, question: Question, answer: Answer) -> None:
        """Fills in the answer; what keeps it from being had becomes its status and reason."""
        answer.versions = dict(self._versions)
        if not installed(answer.framework):
            answer.status = "not installed"
            answer.reason = f"pip install 'isograd[{answer.framework}]'"
            return
        begin = perf_counter()
        try:
            runs = [self._run(question, answer) for _ in range(question.processes)]
            answer.observed = runs[0] if len(runs) == 1 else {"runs": runs}
            answer.answer, answer.evidence = question.judge(answer.observed)
            answer.status = "ok"
        except WorkerError as error:
            answer.status, answer.reason = error.status, error.what
        except UsageError as error:
            answer.status, answer.reason = "unsupported", str(error)
        answer.seconds = perf_counter() - begin

    def _run(self, question: Question, answer: Answer) -> Observed:
        name = f"{question.name}-{answer.framework}-{answer.mode}"
        log, file = self._logs / f"{name}.log", self._logs / f"{name}.json"
        file.unlink(missing_ok=True)
        arguments = [question.module, answer.framework, answer.mode, str(file)]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "isograd.probes.worker", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **self._environment},
                start_new_session=True,
            )
            try:
                _wait(process, self._timeout_s, log)
            finally:
                kill_group(process)
                answer.output = log.read_text(encoding="utf-8", errors="replace")[-OUTPUT:]
        written: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if "unsupported" in written:
            raise UsageError(written["unsupported"]["reason"])
        observed: Observed = written["observed"]
        return observed


def _wait(process: subprocess.Popen[bytes], seconds: float, log: Path) -> None:
    """Waits for a snippet to end. Raises `WorkerError` if it does not in time, or ends badly."""
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise WorkerError(
            f"No end after {seconds:.0f} s; it was stopped.", where=str(log), status="timed out"
        ) from None
    if code < 0:
        raise death(process, "The snippet", log)
    if code:
        last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise WorkerError("".join(last) or f"It ended with code {code}.", where=str(log))


def _asked(question: Question, frameworks: set[str]) -> Asked:
    return Asked(
        question.name,
        question.title,
        question.about,
        {name: snippet(question, name) for name in sorted(frameworks, reverse=True)},
    )


def snippet(question: Question, framework: str) -> str:
    """The source of a question's snippet; the framework need not be there."""
    spec = importlib.util.find_spec(f"isograd.frameworks.{framework}.probes")
    (folder,) = spec.submodule_search_locations or [] if spec else []
    return (Path(folder) / f"{question.module}.py").read_text(encoding="utf-8")
