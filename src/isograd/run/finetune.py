"""`finetune`: a classification head on a checkpoint, trained the same way in both frameworks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from isograd.bench.workbench import Setting, Workbench, choose_modes
from isograd.data import batch_order
from isograd.errors import UsageError
from isograd.ir.mapping import Array
from isograd.ir.settled import with_sizes
from isograd.progress import Progress, Silent
from isograd.proof.judge import worst
from isograd.run.folders import new_directory
from isograd.run.pretrain import USUAL_MODES
from isograd.run.stepwise import Material
from isograd.run.tuning import Attempt, Start, describe
from isograd.run.tuning_record import Saver, begin, kept
from isograd.run.tuning_speed import compare_steps
from isograd.text.corpus import Labelled
from isograd.text.folder import Pretrained, read, write
from isograd.text.head import Classifier, classifier
from isograd.text.labelled import Task, embedded, read_task
from isograd.text.lora import USUAL, Adaptation, Adapted, adapt, merge, save_adapter
from isograd.text.tokenizer import Tokenizer
from isograd.text.windows import padded
from isograd.training import AdamW, Recipe
from isograd.tuning import Tuning

FULL_RATE, LORA_RATE = 5e-4, 2e-3
"""Learning rates where none is given: thin matrices take larger steps (Hu et al., table 11)."""

MERGED_WITHIN = 1e-9
"""Merging must not move float64 outputs by more, relative to the largest: other sums of the same
terms err by some 1e-14, and a wrong factor by 1e-3 and more."""

MERGED_ON = 64
"""Test examples that merged and adapted networks are compared on."""

FULL = "full"


@dataclass(frozen=True)
class Request:
    """What `finetune` is asked for. ``rank`` 0 leaves adapters out; ``learning_rate`` None takes
    `FULL_RATE` and `LORA_RATE`."""

    data: Path | None = None
    rank: int = 8
    alpha: float = 16.0
    targets: tuple[str, ...] = USUAL
    epochs: int = 4
    seeds: int = 3
    batch_size: int = 32
    learning_rate: float | None = None
    length: int | None = None
    modes: tuple[str, ...] = USUAL_MODES
    threads: int = 1
    measure_s: float = 6.0
    timeout_s: float = 600.0


def finetune(
    folder: Path,
    request: Request,
    *,
    out: Path | None = None,
    progress: Progress | None = None,
    command: str | None = None,
) -> tuple[Tuning, Path]:
    """Fine-tunes a checkpoint as a whole and with adapters of low rank, from the same start on the
    same batches in every mode.

    Args:
        folder: a checkpoint as language models are published, with its tokenizer.
        request: what to train.
        out: a folder that holds no result yet; by default a new one under ``isograd-runs``.
        progress: who is told about it.
        command: the line that the report shows for doing it again.

    Returns the record and its folder, in which ``tuning.json``, the page, and the models lie:
    ``full/checkpoint``, ``lora-8/adapter`` and ``lora-8/merged``. Ctrl-C ends it with what was
    found so far.

    Raises `UsageError` for bad input, and `MissingDependency`.

    """
    model = read(folder)
    if model.tokenizer is None:
        raise UsageError("This checkpoint has no tokenizer.json.", where=str(folder))
    task = read_task(request.data) if request.data else embedded()
    choose_modes(request.modes)  # a wrong one leaves no folder behind
    head = classifier(model, task.train.classes)
    plan = _Plan(request, model, model.tokenizer, head, task)
    found = begin(
        "fine-tuning",
        command,
        model={"name": head.graph.name, "checkpoint": str(folder), "tokens": plan.length}
        | {"parameters": head.graph.count_parameters(), "new": list(head.new)},
        data=task.summary,
        training={"epochs": request.epochs, "seeds": request.seeds}
        | {"batch_size": request.batch_size, "optimizer": "adamw", "loss": "cross_entropy"},
    )
    directory = new_directory(out, "finetune", Tuning)
    with kept(found, directory), ExitStack() as stack:
        attempts: list[Attempt] = []
        for attempt in plan.attempts(found, directory, progress or Silent()):
            stack.callback(attempt.bench.close)
            attempts.append(attempt)
            _carry_out(found, attempt)
            plan.keep(found, attempt, directory)
        if plan.adapted:
            _check_merged(attempts[0], attempts[-1], plan.adapted)
        compare_steps(found, attempts, budget_s=request.measure_s, progress=progress or Silent())
        _check_learned(found, task.test)
        found.verdict = worst([one.verdict for one in attempts])
        if any(moved > MERGED_WITHIN for m in found.methods for moved in m.merged.values()):
            found.verdict = "different"
    return found, directory


def _carry_out(found: Tuning, attempt: Attempt) -> None:
    found.methods.append(attempt.method)
    attempt.open()
    found.reference = found.reference or attempt.bench.reference.mode.label
    attempt.prove()
    attempt.train()
    attempt.conclude()


@dataclass
class _Plan:
    """What all methods have in common; ``adapted`` is there where adapters are trained. What they
    cannot stand beside is refused here, before anything is trained."""

    request: Request
    model: Pretrained
    tokenizer: Tokenizer
    head: Classifier
    task: Task
    adapted: Adapted | None = field(init=False)

    def __post_init__(self) -> None:
        texts = [self.tokenizer.encode(text) for text in self.task.train.texts]
        tests = [self.tokenizer.encode(text) for text in self.task.test.texts]
        longest = max(map(len, texts))
        self.length = min(longest, self.request.length or longest, self._context)
        self.inputs, self.test_inputs = (self._arrays(part) for part in (texts, tests))
        self.graph = with_sizes(self.head.graph, {"T": self.length})
        self.adapted = self._adapt(0) if self.request.rank else None

    @property
    def _context(self) -> int:
        keys = ("max_position_embeddings", "n_positions")
        return next(int(self.model.config[key]) for key in keys if key in self.model.config)

    def _arrays(self, texts: list[list[int]]) -> tuple[Array, ...]:
        padding = self.tokenizer.token_of("pad_token") or self.tokenizer.token_of("eos_token")
        ids, seen = padded(texts, self.length, padding[1] if padding else 0)
        known = {"input_ids": ids, "attention_mask": seen, "token_type_ids": np.zeros_like(ids)}
        return tuple(known[name] for name in self.head.graph.inputs)

    def attempts(self, found: Tuning, directory: Path, progress: Progress) -> Iterator[Attempt]:
        """One method after the other: everything, then adapters."""
        yield self._attempt(FULL, None, found, directory, progress)
        if self.adapted:
            name = f"lora-{self.request.rank}"
            yield self._attempt(name, self.adapted, found, directory, progress)

    def _attempt(
        self,
        name: str,
        adapted: Adapted | None,
        found: Tuning,
        directory: Path,
        progress: Progress,
    ) -> Attempt:
        request = self.request
        rate = request.learning_rate or (LORA_RATE if adapted else FULL_RATE)
        recipe = Recipe("cross_entropy", AdamW(rate), request.batch_size)
        starts = [self._start(seed, with_adapters=bool(adapted)) for seed in range(request.seeds)]
        graph = adapted.graph if adapted else self.graph
        material = Material(
            graph,
            self.inputs,
            _labels(self.task.train),
            self.test_inputs,
            _labels(self.task.test),
            recipe,
            "accuracy",
        )
        setting = Setting(
            graph,
            recipe,
            directory / name,
            threads=request.threads,
            timeout_s=request.timeout_s,
        )
        about = "Adapters of low rank and the new head" if adapted else "All weights"
        method = describe(name, f"{about}, AdamW at {rate:g}", graph, recipe)
        bench = Workbench(setting, request.modes)
        return Attempt(method, material, starts, bench, progress, Saver(found, directory))

    def _adapt(self, seed: int) -> Adapted:
        adaptation = Adaptation(self.request.rank, self.request.alpha, self.request.targets)
        weights = self.head.weights(seed)
        return adapt(self.graph, weights, adaptation, seed=seed, trained=self.head.new)

    def _start(self, seed: int, *, with_adapters: bool) -> Start:
        request = self.request
        weights = self._adapt(seed).weights if with_adapters else self.head.weights(seed)
        count = len(self.task.train.labels)
        return Start(seed, weights, batch_order(count, request.batch_size, request.epochs, seed))

    def keep(self, found: Tuning, attempt: Attempt, directory: Path) -> None:
        """Writes what the reference has learned with the first seed."""
        weights = attempt.ends[found.reference]
        name = attempt.method.name
        if name == FULL:
            found.written[name] = f"{name}/checkpoint"
        else:
            assert self.adapted is not None
            found.written["adapter"] = f"{name}/adapter"
            save_adapter(self.adapted, weights, directory / found.written["adapter"])
            weights = merge(self.adapted, weights)
            found.written[name] = f"{name}/merged"
        model = replace(self.model, graph=self.head.graph, weights=weights, config=self.head.config)
        write(directory / found.written[name], model)


def _check_learned(found: Tuning, test: Labelled) -> None:
    """Equal accuracy says nothing of networks that learned nothing: each method must be better than
    the most frequent class by two standard errors."""
    counts = np.bincount(_labels(test))
    found.chance = chance = float(counts.max() / counts.sum())
    least = chance + 2 * float(np.sqrt(chance * (1 - chance) / counts.sum()))
    for method in found.methods:
        ends = [one.quality[-1] for one in method.of(found.reference)]
        if np.mean(ends) >= least:
            continue
        found.findings.append(
            f"{method.name} did not learn the task: its accuracy is not measurably above that of "
            f"the most frequent class, {chance:.1%}. More --epochs, another --learning-rate or "
            "more pretraining may help."
        )
        for course in method.courses:
            course.quality_verdict = worst([course.quality_verdict, "inconclusive"])


def _labels(labelled: Labelled) -> Array:
    return np.array(labelled.labels, np.int64)


def _check_merged(full: Attempt, adapted: Attempt, adapter: Adapted) -> None:
    """How far the outputs of the adapted network move when its adapters are merged, in float64."""
    some = tuple(array[:MERGED_ON] for array in adapted.material.test_inputs)
    plain = {one.mode.label: one for one in full.bench.alive}
    for one in adapted.bench.alive:
        if one.mode.label not in plain:
            continue
        weights = adapted.ends[one.mode.label]
        sides: list[Any] = [
            bench.side("float64", shared_masks=True) for bench in (one, plain[one.mode.label])
        ]
        sides[0].set_state(weights)
        sides[1].set_state(merge(adapter, weights))
        ours, merged = (side.forward(some) for side in sides)
        moved = np.abs(merged - ours).max() / max(1e-300, np.abs(ours).max())
        adapted.method.merged[one.mode.label] = float(moved)
