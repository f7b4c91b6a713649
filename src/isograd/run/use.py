"""`use`: a language model does what it is for, in both frameworks, on the same inputs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from isograd.bench.workbench import Bench, Setting, Workbench
from isograd.errors import UsageError, WorkerError
from isograd.frameworks.side import native_inputs
from isograd.ir.graph import Graph
from isograd.ir.mapping import Array, Arrays
from isograd.ir.settled import with_sizes
from isograd.progress import Progress, Silent
from isograd.text import hub
from isograd.text.architectures.layers import TIME
from isograd.text.config import Config
from isograd.text.folder import Pretrained, read
from isograd.text.next_token import PLACE, Chooser, at_one_place
from isograd.text.tokenizer import Tokenizer
from isograd.text.usage import Answer, Usage
from isograd.training import Recipe

USUAL_MODES = ("torch/eager", "tensorflow/function")
"""One of each framework, as most people run them."""


@dataclass(frozen=True)
class Wish:
    """How a text is continued: by at most ``tokens`` tokens, chosen as `Chooser` says."""

    tokens: int = 40
    temperature: float = 0.0
    top_k: int = 0
    seed: int = 0

    def chooser(self) -> Chooser:
        """A new one, which starts from the seed."""
        return Chooser(self.temperature, self.top_k, self.seed)


def use(
    model: str | Path | Pretrained,
    texts: Sequence[str],
    *,
    wish: Wish | None = None,
    modes: Sequence[str] = USUAL_MODES,
    device: str = "cpu",
    threads: int = 1,
    timeout_s: float = 600.0,
    progress: Progress | None = None,
) -> Usage:
    """Continues a text, classifies texts, or fills what is masked in them, whatever the model is
    for; in every mode with a process of its own, one after the other.

    Args:
        model: a checkpoint folder (see `isograd.text.folder`), ``hf:owner/name``, or what `read`
            made of one.
        texts: what goes in. A decoder continues one text.
        wish: how a text is continued.
        modes: words such as ``torch`` or ``tensorflow/xla``.
        device: ``cpu`` or ``cuda``.
        threads: of each framework.
        timeout_s: seconds that a worker may take for one answer.
        progress: who is told about it.

    Raises `UsageError` for a model without a tokenizer or one that only gives hidden states, for
    texts that are too long or have no mask, and `WorkerError` when no mode could run.

    """
    pretrained = model if isinstance(model, Pretrained) else read(_folder(model))
    task = _task_of(pretrained, texts, wish or Wish())
    answers = _in_every_mode(
        pretrained, task, modes, device, threads, timeout_s, progress or Silent()
    )
    usage = Usage(
        pretrained.graph.name,
        pretrained.architecture.task,
        list(texts),
        answers,
        list(task.labels),
    )
    if not usage.done:
        raise WorkerError("No mode could run.", hint=answers[0].mode.reason)
    return usage


def _folder(model: str | Path) -> Path:
    """The folder itself, or that of a published model."""
    return hub.fetch(str(model)) if str(model).startswith(hub.PREFIX) else Path(model)


@dataclass
class _Task:
    """What is asked: the network with its length settled, and how many calls there will be."""

    graph: Graph
    calls: int
    tokenizer: Tokenizer
    labels: tuple[str, ...] = ()

    def ask(self, answer: Answer) -> Iterator[Arrays]:
        """Yields inputs; ``answer.logits`` has the rows of the last call when it goes on."""
        raise NotImplementedError

    def word(self, choice: int) -> str:
        """A choice, as a person reads it."""
        return self.tokenizer.decode([choice], special=True)


@dataclass
class _Generation(_Task):
    prompt: tuple[int, ...] = ()
    wish: Wish = Wish()
    ends: tuple[int, ...] = ()

    def ask(self, answer: Answer) -> Iterator[Arrays]:
        """One token after the other. The whole text is computed again each time, at its full
        length: what stands behind a place cannot be seen from it."""
        choose = self.wish.chooser()
        length = len(self.prompt) + self.wish.tokens
        tokens = np.zeros((1, length), np.int64)
        tokens[0, : len(self.prompt)] = self.prompt
        for place in range(len(self.prompt) - 1, length - 1):
            yield {"input_ids": tokens, PLACE: np.array([[place]])}
            tokens[0, place + 1] = choice = choose(answer.logits[-1])
            answer.choices.append(choice)
            if choice in self.ends:
                return


@dataclass
class _Encoding(_Task):
    inputs: Arrays | None = None
    rows: tuple[tuple[int, int], ...] = ()

    def ask(self, answer: Answer) -> Iterator[Arrays]:
        """All texts at once; then the rows that are asked for are picked."""
        assert self.inputs is not None
        yield self.inputs
        if self.rows:
            (found,) = (np.stack(answer.logits),)
            answer.logits = [found[text, place] for text, place in self.rows]
        answer.choices += [int(np.argmax(row)) for row in answer.logits]

    def word(self, choice: int) -> str:
        return self.labels[choice] if self.labels else super().word(choice)


def _task_of(model: Pretrained, texts: Sequence[str], wish: Wish) -> _Task:
    if model.tokenizer is None:
        raise UsageError(
            "This model has no tokenizer.json, so that no text can go in.",
            hint="Put the model's tokenizer.json into its folder.",
        )
    if not texts:
        raise UsageError("There is no text.", hint='Write isograd use FOLDER "a text".')
    task = model.architecture.task
    if task == "generation":
        return _generation(model, model.tokenizer, texts, wish)
    if task == "features":
        raise UsageError(
            f"{model.graph.name} gives hidden states; there is nothing in them to read.",
            hint="Use a model with a head, or hold the two frameworks together: isograd prove.",
        )
    return _encoding(model, model.tokenizer, texts, masked=task == "masked")


def _generation(model: Pretrained, tokenizer: Tokenizer, texts: Sequence[str], wish: Wish) -> _Task:
    if len(texts) > 1:
        raise UsageError("A text is continued alone.", hint="Give one text.")
    wish.chooser()  # says what is wrong with the wish
    ends = model.config.get("eos_token_id")
    ends = tuple(ends) if isinstance(ends, list) else () if ends is None else (ends,)
    prompt = tokenizer.encode(texts[0]) or list(ends[:1])
    if not prompt:
        raise UsageError("An empty text has no tokens to start from.", hint="Write a text.")
    _check_tokens(model, [prompt])
    _check_length(model, len(prompt) + wish.tokens, f"{len(prompt)} tokens and {wish.tokens} more")
    graph = with_sizes(at_one_place(model.graph), {TIME: len(prompt) + wish.tokens})
    return _Generation(graph, wish.tokens, tokenizer, (), tuple(prompt), wish, ends)


def _encoding(
    model: Pretrained, tokenizer: Tokenizer, texts: Sequence[str], *, masked: bool
) -> _Task:
    rows = [tokenizer.encode(text) for text in texts]
    length = max(map(len, rows))
    _check_tokens(model, rows)
    _check_length(model, length, f"{length} tokens")
    padding = model.config.get("pad_token_id") or 0
    tokens = np.full((len(rows), length), padding, np.int64)
    seen = np.zeros((len(rows), length), np.int64)
    for i, row in enumerate(rows):
        tokens[i, : len(row)], seen[i, : len(row)] = row, 1
    every = {"input_ids": tokens, "attention_mask": seen, "token_type_ids": np.zeros_like(seen)}
    inputs = {name: every[name] for name in model.graph.inputs}
    graph = with_sizes(model.graph, {TIME: length})
    if not masked:
        labels = Config(model.config).labels
        return _Encoding(graph, 1, tokenizer, labels, inputs)
    return _Encoding(graph, 1, tokenizer, (), inputs, _masks(tokenizer, tokens))


def _masks(tokenizer: Tokenizer, tokens: Array) -> tuple[tuple[int, int], ...]:
    found = tokenizer.token_of("mask_token")
    if found is None:
        raise UsageError("This model's tokenizer has no token for what is masked.")
    rows = tuple((int(i), int(j)) for i, j in np.argwhere(tokens == found[1]))
    if not rows:
        raise UsageError(
            "Nothing in the text is masked.", hint=f"Write {found[0]} for the word that is wanted."
        )
    return rows


def _check_tokens(model: Pretrained, rows: Sequence[Sequence[int]]) -> None:
    words, most = Config(model.config).whole("vocab_size"), max(map(max, rows))
    if most >= words:
        raise UsageError(
            f"The tokenizer gives the token {most}; the model has {words}.",
            hint="Is this tokenizer.json the model's own?",
        )


def _check_length(model: Pretrained, length: int, what: str) -> None:
    most = model.architecture.longest(Config(model.config))
    if length > most:
        raise UsageError(
            f"The text is too long: {what}, and the model was made for {most}.",
            hint="Shorten it, or ask for fewer --tokens.",
        )


def _in_every_mode(
    model: Pretrained,
    task: _Task,
    modes: Sequence[str],
    device: str,
    threads: int,
    timeout_s: float,
    progress: Progress,
) -> list[Answer]:
    with tempfile.TemporaryDirectory(prefix="isograd-") as folder:
        setting = Setting(
            task.graph,
            Recipe(),
            Path(folder),
            device=device,
            threads=threads,
            timeout_s=timeout_s,
        )
        workbench = Workbench(setting, modes)
        answers = [Answer(mode) for mode in workbench.modes]
        try:
            for answer in answers:
                progress.phase(answer.mode.label, task.calls)
                workbench.start(answer.mode)
                bench = workbench.benches.get(answer.mode.label)
                if bench:
                    ask = partial(_answer, answer=answer, model=model, task=task, progress=progress)
                    workbench.guard(bench, ask)
                    bench.close()
        finally:
            workbench.close()
    return [_as_tried(answer) for answer in answers]


def _as_tried(answer: Answer) -> Answer:
    """Without the half of an answer that a mode gave before it failed."""
    return answer if answer.mode.status == "ok" else Answer(answer.mode)


def _answer(
    bench: Bench, answer: Answer, model: Pretrained, task: _Task, progress: Progress
) -> None:
    """Everything that one mode is asked."""
    side, executor = bench.side(), bench.executor
    side.set_state(model.weights)
    (output,) = task.graph.outputs
    for inputs in task.ask(answer):
        values = tuple(inputs[name] for name in task.graph.inputs)
        native = native_inputs(task.graph, bench.emitted, values)
        seconds, found = executor.timed_forward(*native)
        answer.logits += list(bench.emitted.values[output].inverse(found))
        answer.seconds.append(seconds)
        progress.advance()
    answer.words = [task.word(choice) for choice in answer.choices]
    answer.text = task.tokenizer.decode(answer.choices) if not task.labels else ""
    answer.chances = [
        _chance(row, choice) for row, choice in zip(answer.logits, answer.choices, strict=True)
    ]


def _chance(logits: Array, choice: int) -> float:
    """What the softmax of the logits gives to one choice."""
    wide = logits.astype(np.float64)
    weights = np.exp(wide - wide.max())
    return float(weights[choice] / weights.sum())
