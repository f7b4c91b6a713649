"""`claims`: what is usually said about both frameworks, judged by what was measured here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter

from isograd.claims.catalogue import Claim, chosen
from isograd.claims.record import Claims, Finding, Left, Ran, Used
from isograd.claims.rules import RULES
from isograd.errors import IsogradError, MissingDependency
from isograd.evidence import USUAL, Evidence, Found, Here, gather
from isograd.measure.environment import environment
from isograd.progress import Progress, Silent
from isograd.report.claims import write_claims
from isograd.run.experiments import EXPERIMENTS, Experiment
from isograd.run.folders import new_directory
from isograd.started import command_line, now

BUDGET_S = 300.0


def claims(
    ids: Sequence[str] = (),
    *,
    results: Sequence[Path] = (),
    budget_s: float | None = BUDGET_S,
    out: Path | None = None,
    progress: Progress | None = None,
    command: str | None = None,
    experiments: Mapping[str, Experiment] = EXPERIMENTS,
) -> tuple[Claims, Path]:
    """Judges the statements of the catalogue.

    Args:
        ids: the statements; by default all.
        results: folders with results of other runs, beside `isograd.evidence.USUAL`.
        budget_s: seconds for small runs that make what is missing: none is begun that would usually
            end later. 0 runs none; None, all.
        out: a folder that holds no record yet; by default a new one under ``isograd-runs``.
        progress: who is told about it.
        command: the line that the report shows for doing it again.
        experiments: the small runs, by name.

    Returns the record and its folder, in which ``claims.json``, the page, and a folder for each
    small run lie. Ctrl-C ends the small runs; the statements are judged by what is there.

    Raises `UsageError` for an unknown statement, a folder that is not there, or one that holds a
    record already.

    """
    picked = chosen(ids)
    here = Here.now()
    known = [*results, *([USUAL] if USUAL.is_dir() else [])]
    evidence = gather(known, here)
    folder = new_directory(out, "claims", Claims)
    record = Claims(
        command=command_line(command),
        created=now(),
        environment=environment(),
        budget_s=budget_s,
    )
    run = Judging(picked, record, folder, budget_s, progress or Silent())
    run.make(evidence, experiments)
    run.judge(gather([*known, folder], here))
    return record, folder


class Judging:
    """One run of `claims`: first what is missing is made, then all is judged."""

    def __init__(
        self,
        picked: Sequence[Claim],
        record: Claims,
        folder: Path,
        budget_s: float | None,
        progress: Progress,
    ) -> None:
        self.picked, self.record, self.folder = picked, record, folder
        self.budget_s, self.progress = budget_s, progress
        self._begin = perf_counter()
        self._slowness = 1.0

    def make(self, evidence: Evidence, experiments: Mapping[str, Experiment]) -> None:
        """Runs what is needed and not there, within the budget."""
        needed = {name for claim in self.picked for name in claim.needs}
        missing = [
            one for one in experiments.values() if one.name in needed and not one.is_there(evidence)
        ]
        self.record.status = "complete"
        for number, one in enumerate(missing):
            reason = self._too_late(one)
            if reason:
                self._note(one, "skipped", reason)
                continue
            try:
                self._run(one)
            except KeyboardInterrupt:
                self._note(one, "interrupted", "Ctrl-C")
                for other in missing[number + 1 :]:
                    self._note(other, "skipped", "interrupted before")
                self.record.status = "partial"
                self.record.reason = f"Interrupted while {one.about}."
                return

    def _run(self, one: Experiment) -> None:
        begin = perf_counter()
        place = self.folder / one.name
        place.mkdir()
        try:
            one.run(place, self.progress)
        except IsogradError as error:
            reason = error.sentence()
            status = "not installed" if isinstance(error, MissingDependency) else "failed"
            self._note(one, status, reason, perf_counter() - begin)
        else:
            spent = perf_counter() - begin
            self._slowness = max(self._slowness, spent / one.seconds)
            self._note(one, "ok", "", spent)

    def _note(self, one: Experiment, status: str, reason: str, seconds: float = 0.0) -> None:
        ran = Ran(one.name, one.about, status, reason, seconds, one.command)  # type: ignore[arg-type]
        self.record.runs.append(ran)

    def _too_late(self, one: Experiment) -> str:
        """Why it is not begun; empty if there is time. A machine that was slower than usual so far
        is expected to stay so."""
        if self.budget_s is None:
            return ""
        left = self.budget_s - (perf_counter() - self._begin)
        wanted = one.seconds * self._slowness
        if wanted <= left:
            return ""
        return f"takes about {wanted:.0f} s, and {max(left, 0):.0f} s of the budget are left"

    def judge(self, evidence: Evidence) -> None:
        """Judges all statements, and writes the record and its page."""
        self.record.findings = [self._finding(claim, evidence) for claim in self.picked]
        cited = {path for finding in self.record.findings for path in finding.evidence}
        known = map(self._used, _all(evidence))
        self.record.used = [used for used in known if used.path in cited]
        self.record.left = [Left(self._path(one.path), one.reason) for one in evidence.refused]
        if evidence.efforts:
            self.record.scripts = evidence.efforts[0].record.scripts
        self.record.duration_s = perf_counter() - self._begin
        write_claims(self.record, self.folder)

    def _finding(self, claim: Claim, evidence: Evidence) -> Finding:
        outcome = RULES[claim.id](evidence)
        return Finding(
            claim.id,
            claim.statement,
            claim.tested,
            claim.limits,
            list(claim.sources),
            outcome.verdict,
            outcome.result,
            outcome.figures,
            [self._path(Path(path)) for path in outcome.evidence],
        )

    def _used(self, one: Found[object]) -> Used:
        created = one.created.isoformat(timespec="seconds")
        age = one.age().total_seconds()
        return Used(self._path(one.path), created, age, dict(one.versions))

    def _path(self, path: Path) -> str:
        """From the run's folder, so that both may be moved together."""
        return Path(os.path.relpath(path.resolve(), self.folder.resolve())).as_posix()


def _all(evidence: Evidence) -> list[Found[object]]:
    lists = (value for name, value in vars(evidence).items() if name != "refused")
    return [found for one in lists for found in one]
