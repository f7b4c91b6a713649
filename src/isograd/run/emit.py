"""`emit`: native source of a network, and its weights under native names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import save

from isograd.errors import UsageError
from isograd.frameworks import part
from isograd.frameworks.protocol import Emitted
from isograd.ir.mapping import Array
from isograd.models import load


def emit(
    model: object, to: str, *, idiomatic: bool = False, input_layout: str | None = None
) -> Emitted:
    """The network's source in the framework ``to``, with the mapping of its tensors.

    ``model`` is whatever `isograd.load` takes. No framework needs to be installed for a network
    that is a graph already. ``input_layout`` is ``channels-first`` or ``channels-last``: how images
    are handed in and out, by default as the framework prefers it. Raises `UsageError` for an
    unknown model or framework.
    """
    emitted: Emitted = part(to, "emitter").emit(
        load(model).graph, idiomatic=idiomatic, input_layout=input_layout
    )
    return emitted


def write_emitted(model: object, emitted: Emitted, directory: Path, *, seed: int = 0) -> list[Path]:
    """Writes ``model.py`` and ``weights.safetensors`` (float32, native names and layout).

    Raises `UsageError` when one of them exists or the directory cannot be written.
    """
    weights = emitted.parameters.forward(load(model).initial_state(seed))
    arrays = {name: np.asarray(single(a), order="C") for name, a in weights.items()}
    contents = {
        directory / "model.py": emitted.source.encode(),
        directory / "weights.safetensors": save(arrays),
    }
    taken = [path for path in contents if path.exists()]
    if taken:
        raise UsageError(
            "This file exists and is not overwritten.",
            where=str(taken[0]),
            hint="Choose another --out.",
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path, content in contents.items():
            path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"Cannot write: {error.strerror}.", where=str(directory)) from None
    return list(contents)


def single(array: Array) -> Array:
    """Floating-point values in float32, others as they are."""
    floating = np.issubdtype(array.dtype, np.floating)
    return array.astype(np.float32, copy=False) if floating else array
