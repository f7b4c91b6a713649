"""`pretrain`: a small language model, trained from the same start in both frameworks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from isograd.bench.workbench import Setting, Workbench, choose_modes
from isograd.data import batch_order
from isograd.errors import unknown
from isograd.ir.graph import Weights
from isograd.ir.mapping import Array
from isograd.ir.settled import with_sizes
from isograd.progress import Progress, Silent
from isograd.run.folders import new_directory
from isograd.run.stepwise import Material
from isograd.run.tuning import Attempt, Start, describe
from isograd.run.tuning_record import Saver, begin, kept
from isograd.run.tuning_speed import compare_steps
from isograd.run.writing import continued, told
from isograd.text.architectures import build
from isograd.text.corpus import read_texts, stories
from isograd.text.folder import Pretrained, write
from isograd.text.presets import PRESETS, Sizes
from isograd.text.tokenizer import Tokenizer
from isograd.text.tokenizer import train as train_tokenizer
from isograd.text.windows import Vocabulary, masked_tokens, next_tokens, padded, pieces, stream
from isograd.training import AdamW, Recipe
from isograd.tuning import Sample, Tuning

USUAL_MODES = ("torch/eager", "tensorflow/function")
"""What is trained in unless modes are named: what a user of each framework begins with."""

HELD_OUT = 0.1
"""The part of the texts that is tested on."""

TESTED = 64
"""Held-out windows that are tested on, at most."""

WRITTEN = 40
"""Tokens of a sample."""

CHECKPOINT = "checkpoint"
"""The folder of the trained model, in the run's folder."""


@dataclass(frozen=True)
class Request:
    """What `pretrain` is asked for."""

    kind: Literal["gpt", "bert"] = "gpt"
    text: Path | None = None
    sizes: Sizes = field(default_factory=Sizes)
    vocabulary: int = 1024
    steps: int = 1000
    batch_size: int = 16
    learning_rate: float = 1e-3
    seed: int = 0
    modes: tuple[str, ...] = USUAL_MODES
    threads: int = 1
    measure_s: float = 4.0
    timeout_s: float = 600.0


def pretrain(
    request: Request,
    *,
    out: Path | None = None,
    progress: Progress | None = None,
    command: str | None = None,
) -> tuple[Tuning, Path]:
    """Trains a tokenizer and a small language model, step by step the same in every mode.

    Args:
        request: what to train.
        out: a folder that holds no result yet; by default a new one under ``isograd-runs``.
        progress: who is told about it.
        command: the line that the report shows for doing it again.

    Returns the record and its folder, in which ``tuning.json``, the page, and in ``checkpoint/``
    the model as language models are published lie. Ctrl-C ends it with what was found so far.

    Raises `UsageError` for bad input, and `MissingDependency`.

    """
    if request.kind not in PRESETS:
        raise unknown("kind of language model", request.kind, PRESETS)
    choose_modes(request.modes)  # a wrong one leaves no folder behind
    texts = read_texts(request.text) if request.text else stories()
    held_out = max(1, round(HELD_OUT * len(texts)))
    preset = PRESETS[request.kind]
    tokenizer = train_tokenizer(texts[held_out:], request.vocabulary, special=preset.special)
    config = preset.config(request.sizes, tokenizer)
    graph = build(config)
    material = _material(request, graph, tokenizer, texts[held_out:], texts[:held_out])
    found = begin(
        "pretraining",
        command,
        model={"name": graph.name, "kind": request.kind, **asdict(request.sizes)}
        | {"vocabulary": len(tokenizer), "parameters": graph.count_parameters()},
        data=_described(request, texts, material),
        training={**material.recipe.to_dict(), "steps": request.steps, "seed": request.seed},
    )
    directory = new_directory(out, f"pretrain-{request.kind}", Tuning)
    start = _start(request, graph.initialize(request.seed), len(material.targets))
    attempt = _attempt(found, request, material, start, directory, progress or Silent())
    with kept(found, directory):
        try:
            _run(found, attempt, request, tokenizer)
        finally:
            attempt.bench.close()
            if attempt.latest:
                model = Pretrained(graph, attempt.latest, config, tokenizer)
                write(directory / CHECKPOINT, model)
                found.written["checkpoint"] = CHECKPOINT
    return found, directory


_ABOUT = {
    "gpt": "The next token, of every token",
    "bert": "Tokens that are hidden, from the others",
}


def _described(request: Request, texts: Sequence[str], material: Material) -> dict[str, Any]:
    """What is read."""
    return {
        "text": str(request.text) if request.text else "stories made by isograd's own grammar",
        "characters": sum(map(len, texts)),
        "windows": len(material.targets),
        "held out": len(material.test_targets),
    }


def _attempt(
    found: Tuning,
    request: Request,
    material: Material,
    start: Start,
    directory: Path,
    progress: Progress,
) -> Attempt:
    """The only method there is, whose record is in ``found`` from now on."""
    setting = Setting(
        material.graph,
        material.recipe,
        directory,
        threads=request.threads,
        timeout_s=request.timeout_s,
    )
    method = describe(request.kind, _ABOUT[request.kind], material.graph, material.recipe)
    found.methods.append(method)
    bench = Workbench(setting, request.modes)
    return Attempt(method, material, [start], bench, progress, Saver(found, directory))


def _run(found: Tuning, attempt: Attempt, request: Request, tokenizer: Tokenizer) -> None:
    attempt.open()
    found.reference = attempt.bench.reference.mode.label
    attempt.prove()
    attempt.train()
    attempt.conclude()
    found.samples = _samples(attempt, request, tokenizer)
    compare_steps(found, [attempt], budget_s=request.measure_s, progress=attempt.progress)
    found.verdict = attempt.verdict


def _start(request: Request, weights: Weights, examples: int) -> Start:
    """Epochs after one another, as one long row of steps that ends where asked."""
    per_epoch = max(1, examples // request.batch_size)
    epochs = -(-request.steps // per_epoch)
    order = batch_order(examples, request.batch_size, epochs, request.seed)
    steps = order.reshape(1, -1, request.batch_size)[:, : request.steps]
    return Start(request.seed, weights, steps)


def _material(
    request: Request, graph: Any, tokenizer: Tokenizer, texts: list[str], held_out: list[str]
) -> Material:
    """Windows of all texts; test windows are masked with a seed of their own."""
    make = {"gpt": _next, "bert": _hidden}[request.kind]
    length = request.sizes.context
    inputs, targets = make(tokenizer, texts, length, request.seed)
    test_inputs, test_targets = make(tokenizer, held_out, length, request.seed + 1)
    return Material(
        with_sizes(graph, {"T": length}),
        inputs,
        targets,
        tuple(array[:TESTED] for array in test_inputs),
        test_targets[:TESTED],
        Recipe("token_cross_entropy", AdamW(request.learning_rate), request.batch_size),
        "loss",
    )


def _next(
    tokenizer: Tokenizer, texts: list[str], length: int, seed: int
) -> tuple[tuple[Array, ...], Array]:
    end = tokenizer.token_of("eos_token")
    tokens = [tokenizer.encode(text) for text in texts]
    windows = stream(tokens, length + 1, [end[1]] if end else [])
    inputs, targets = next_tokens(windows)
    return (inputs,), targets


def _hidden(
    tokenizer: Tokenizer, texts: list[str], length: int, seed: int
) -> tuple[tuple[Array, ...], Array]:
    tokens = [tokenizer.encode(text, special=False) for text in texts]
    begin, end, padding, mask = (
        tokenizer.token_of(f"{role}_token")[1]  # type: ignore[index]
        for role in ("cls", "sep", "pad", "mask")
    )
    rows = [[begin, *piece, end] for piece in pieces(tokens, length - 2)]
    ids, seen = padded(rows, length, padding)
    vocabulary = Vocabulary(len(tokenizer), mask, (begin, end, padding, mask))
    inputs, targets = masked_tokens(ids, vocabulary, seed)
    return (inputs, seen, np.zeros_like(ids)), targets


def _samples(attempt: Attempt, request: Request, tokenizer: Tokenizer) -> list[Sample]:
    samples = []
    material = attempt.material
    for one in attempt.bench.alive:
        side = one.side()
        if request.kind == "gpt":
            prompt = " ".join(tokenizer.decode(material.test_inputs[0][0]).split()[:3])
            text = continued(side, tokenizer, prompt, count=WRITTEN, length=request.sizes.context)
        else:
            mask = tokenizer.token_of("mask_token")
            prompt = tokenizer.decode(material.test_inputs[0][0], special=True)
            text = told(side, tokenizer, material.test_inputs, mask[1] if mask else -1)
        samples.append(Sample(one.mode.label, prompt, text))
    return samples
