"""Byte-level BPE tokenizers: trained on texts, and read from ``tokenizer.json``.

Source: Radford et al., "Language models are unsupervised multitask learners", 2019, section 2.2:
pairs are merged over bytes, so that every text has tokens. The ``tokenizers`` library does it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from isograd.errors import MissingDependency, UsageError

FILE = "tokenizer.json"
SETTINGS_FILE = "tokenizer_config.json"

END = "<|endoftext|>"
"""What stands between texts for a decoder."""

DECODER = (END,)
ENCODER = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
"""Special tokens, in the order of their numbers; with [CLS] and [SEP], texts stand between them."""

BYTES = 256
"""A vocabulary holds at least every byte and the special tokens."""

_ROLES = {
    "pad_token": ("[PAD]", "<pad>", "<|pad|>"),
    "unk_token": ("[UNK]", "<unk>"),
    "cls_token": ("[CLS]",),
    "sep_token": ("[SEP]",),
    "mask_token": ("[MASK]", "<mask>", "<|mask|>"),
    "bos_token": (END, "<s>"),
    "eos_token": (END, "</s>"),
}
"""What other tools call the special tokens, to how they are written."""


class Tokenizer:
    """Text to token numbers and back. Made by `train` and `load`."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __len__(self) -> int:
        """How many tokens there are, the special ones included."""
        return int(self._inner.get_vocab_size())

    def encode(self, text: str, *, special: bool = True) -> list[int]:
        """The numbers of a text's tokens; with ``special``, those around it too, if it has any."""
        return list(self._inner.encode(text, add_special_tokens=special).ids)

    def encode_pair(self, first: str, second: str) -> tuple[list[int], list[int]]:
        """The tokens of two texts in one sequence, and for each which text it belongs to."""
        found = self._inner.encode(first, second)
        return list(found.ids), list(found.type_ids)

    def decode(self, tokens: Iterable[int], *, special: bool = False) -> str:
        """The text of some tokens; special ones only where ``special`` asks for them."""
        return str(self._inner.decode([int(t) for t in tokens], skip_special_tokens=not special))

    def id_of(self, token: str) -> int | None:
        """The number of a token; None where there is no such one."""
        found: int | None = self._inner.token_to_id(token)
        return found

    def token_of(self, role: str) -> tuple[str, int] | None:
        """The special token in a role such as ``mask_token``, and its number; None without one."""
        for written in _ROLES[role]:
            number = self.id_of(written)
            if number is not None:
                return written, number
        return None

    def save(self, folder: Path) -> list[Path]:
        """Writes ``tokenizer.json``, and what other tools want to know beside it.

        Raises `UsageError` when one of them exists or cannot be written.
        """
        roles = {role: found[0] for role in _ROLES if (found := self.token_of(role))}
        settings = {"tokenizer_class": "PreTrainedTokenizerFast", **roles}
        contents = {
            folder / FILE: self._inner.to_str(pretty=True),
            folder / SETTINGS_FILE: json.dumps(settings, indent=2) + "\n",
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for path, text in contents.items():
                with path.open("x", encoding="utf-8") as file:
                    file.write(text)
        except FileExistsError as error:
            raise UsageError(
                "This file exists and is not overwritten.", where=str(error.filename)
            ) from None
        except OSError as error:
            raise UsageError(f"Cannot write: {error.strerror}.", where=str(folder)) from None
        return list(contents)


def train(texts: Iterable[str], vocabulary: int, *, special: Sequence[str] = DECODER) -> Tokenizer:
    """A byte-level BPE tokenizer of at most ``vocabulary`` tokens, learned from ``texts``.

    The same texts in the same order give the same tokenizer. Raises `UsageError` for a vocabulary
    that cannot hold all bytes and the ``special`` tokens, and `MissingDependency`.
    """
    least = BYTES + len(special)
    if vocabulary < least:
        raise UsageError(
            f"A vocabulary of {vocabulary} is too small.",
            hint=f"Every byte has a token, and each special one: at least {least}.",
        )
    library = _library()
    inner = library.Tokenizer(library.models.BPE())
    inner.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = library.decoders.ByteLevel()
    trainer = library.trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(special),
        initial_alphabet=sorted(library.pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    inner.train_from_iterator(texts, trainer)
    _surround(inner, library)
    return Tokenizer(inner)


def load(path: str | Path) -> Tokenizer:
    """The tokenizer in a ``tokenizer.json``, of whatever kind it is.

    Raises `UsageError` for a file that is missing or damaged, and `MissingDependency`.
    """
    library = _library()
    try:
        return Tokenizer(library.Tokenizer.from_str(Path(path).read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"Cannot read: {error.strerror}.", where=str(path)) from None
    except Exception as error:  # the library has no class of its own for it
        raise UsageError(f"This is no tokenizer: {error}.", where=str(path)) from None


def _surround(inner: Any, library: ModuleType) -> None:
    """Puts [CLS] in front of a text and [SEP] behind it, if there are such tokens."""
    marks = [(mark, inner.token_to_id(mark)) for mark in ("[CLS]", "[SEP]")]
    if all(number is not None for _, number in marks):
        inner.post_processor = library.processors.TemplateProcessing(
            single="[CLS] $A [SEP]",
            pair="[CLS] $A [SEP] $B:1 [SEP]:1",
            special_tokens=marks,
        )


def _library() -> Any:
    try:
        import tokenizers
    except ModuleNotFoundError:
        raise MissingDependency(
            "The tokenizers library is not installed.",
            hint="Install it: pip install 'isograd[text]'",
        ) from None
    return tokenizers
