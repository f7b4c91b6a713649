"""Checkpoint folders as language models are published: ``config.json``, ``model.safetensors`` (or
shards with an index), ``tokenizer.json``.

Nothing in a folder is run: no pickle, no Python file, no remote code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isograd.checkpoints import Checkpoint
from isograd.checkpoints.safetensors import INDEX_FILE, SafetensorsFile, ShardedSafetensors
from isograd.checkpoints.writing import write_safetensors
from isograd.errors import UsageError
from isograd.ir.graph import Graph, Weights
from isograd.text import tokenizer as tokenizers
from isograd.text.architectures import Architecture, architecture_of, build
from isograd.text.config import Config
from isograd.text.tensors import layout_of, tensors_of, weights_of
from isograd.text.tokenizer import Tokenizer

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"

SHARD_BYTES = 5_000_000_000
"""What one file holds at most, unless the caller says otherwise."""

_PICKLES = (
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "tf_model.h5",
    "flax_model.msgpack",
)


@dataclass(frozen=True)
class Pretrained:
    """A language model with all that belongs to it. ``tokenizer`` is None where the folder has no
    ``tokenizer.json``."""

    graph: Graph
    weights: Weights
    config: Mapping[str, Any]
    tokenizer: Tokenizer | None = None

    @property
    def architecture(self) -> Architecture:
        """What is known of its kind of network."""
        return architecture_of(Config(self.config))


def is_pretrained(path: Path) -> bool:
    """Whether a folder looks like one of these; nothing is read."""
    others = (WEIGHTS_FILE, INDEX_FILE, *_PICKLES)
    return (path / CONFIG_FILE).is_file() and any((path / name).exists() for name in others)


def read(path: str | Path) -> Pretrained:
    """The network, its weights and its tokenizer.

    Raises `UsageError` when a file is missing or damaged, when the architecture is not known, and
    when the tensors are not those that ``config.json`` describes; `MissingDependency` when there is
    a tokenizer and the library for it is not installed.
    """
    folder = Path(path)
    config = read_config(folder)
    graph = build(config, str(folder / CONFIG_FILE))
    with open_weights(folder) as checkpoint:
        architecture = architecture_of(Config(config))
        weights = weights_of(checkpoint, graph, architecture, str(folder))
    file = folder / tokenizers.FILE
    return Pretrained(graph, weights, config, tokenizers.load(file) if file.exists() else None)


def write(path: str | Path, model: Pretrained, *, shard_bytes: int = SHARD_BYTES) -> list[Path]:
    """Writes such a folder, in float32, and returns the files; other tools can read it.

    Raises `UsageError` when one of the files exists or cannot be written.
    """
    folder = Path(path)
    architecture = model.architecture
    names = {"architectures": [architecture.name], "model_type": architecture.model_type}
    config = {**model.config, **names, "dtype": "float32"}
    if (folder / CONFIG_FILE).exists():
        raise UsageError(
            "This folder holds a model already, which is not overwritten.",
            where=str(folder),
            hint="Choose another folder.",
        )
    tensors = tensors_of(model.weights, architecture)
    files = write_safetensors(
        folder / WEIGHTS_FILE, layout_of(tensors), tensors.__getitem__, shard_size=shard_bytes
    )
    files += model.tokenizer.save(folder) if model.tokenizer else []
    (folder / CONFIG_FILE).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    return [*files, folder / CONFIG_FILE]


def read_config(folder: Path) -> Mapping[str, Any]:
    """``config.json``. Raises `UsageError` when it is missing or no JSON object."""
    path = folder / CONFIG_FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"Cannot read: {error.strerror}.",
            where=str(path),
            hint=f"A checkpoint folder holds {CONFIG_FILE} and {WEIGHTS_FILE}.",
        ) from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"This is no valid JSON: {error}.", where=str(path)) from None
    if not isinstance(found, dict):
        raise UsageError("This is no JSON object.", where=str(path))
    return found


def open_weights(folder: Path) -> Checkpoint:
    """The checkpoint in a folder. Raises `UsageError` when there is none in safetensors."""
    if (folder / INDEX_FILE).exists():
        return ShardedSafetensors(folder / INDEX_FILE)
    if (folder / WEIGHTS_FILE).exists():
        return SafetensorsFile(folder / WEIGHTS_FILE)
    others = [name for name in _PICKLES if (folder / name).exists()]
    if others:
        raise UsageError(
            f"This folder has its weights in {others[0]} only, which can run code when it is "
            "opened.",
            where=str(folder),
            hint=f"Get {WEIGHTS_FILE}: most have it in another revision, or save the model again "
            "with save_pretrained.",
        )
    raise UsageError(f"This folder has no {WEIGHTS_FILE} and no {INDEX_FILE}.", where=str(folder))
