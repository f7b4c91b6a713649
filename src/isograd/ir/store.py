"""A graph and its weights on disk: ``graph.json`` and ``weights.safetensors`` in one directory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as decode_weights
from safetensors.numpy import save as encode_weights

from isograd.errors import UsageError
from isograd.ir.document import from_json, to_json
from isograd.ir.graph import Graph, Weights

__all__ = ["GRAPH_FILE", "WEIGHTS_FILE", "from_json", "load", "save", "to_json"]

GRAPH_FILE = "graph.json"
WEIGHTS_FILE = "weights.safetensors"

_KINDS = {"float": np.floating, "int": np.integer, "bool": np.bool_}


def save(graph: Graph, weights: Weights, directory: Path) -> None:
    """Writes both files, making the directory if there is none.

    Arrays keep their precision. Raises `UsageError` when one of the files exists, the weights are
    not those of the graph, or the directory cannot be written.
    """
    _check_weights(graph, weights, "weights")
    taken = [path for path in _files(directory) if path.exists()]
    if taken:
        raise UsageError(
            "This file exists and is not overwritten.",
            where=str(taken[0]),
            hint="Choose another directory, or remove the file.",
        )
    arrays = {name: np.asarray(array, order="C") for name, array in weights.items()}
    contents = (to_json(graph).encode(), encode_weights(arrays))
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path, content in zip(_files(directory), contents, strict=True):
            with path.open("xb") as file:
                file.write(content)
    except OSError as error:
        raise UsageError(f"Cannot write: {error.strerror}.", where=str(directory)) from None


def load(directory: Path) -> tuple[Graph, Weights]:
    """Reads what `save` wrote.

    Raises `UsageError`, with the path, when a file is missing, cut off, damaged or of another
    schema, or when the weights are not those of the graph.
    """
    graph_file, weights_file = _files(directory)
    try:
        text = _read(graph_file).decode()
    except UnicodeDecodeError:
        raise UsageError("This graph is no UTF-8 text.", where=str(graph_file)) from None
    graph = from_json(text, str(graph_file))
    weights = _decode(_read(weights_file), weights_file)
    _check_weights(graph, weights, str(weights_file))
    return graph, {name: weights[name] for name in graph.parameters}


def _files(directory: Path) -> tuple[Path, Path]:
    return directory / GRAPH_FILE, directory / WEIGHTS_FILE


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"Cannot read: {error.strerror}.",
            where=str(path),
            hint=f"A stored network is a directory with {GRAPH_FILE} and {WEIGHTS_FILE}.",
        ) from None


def _decode(content: bytes, path: Path) -> Weights:
    try:
        return decode_weights(content)
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise UsageError(
            f"These weights are damaged or cut off: {error}.",
            where=str(path),
            hint="Save the network again.",
        ) from None


def _check_weights(graph: Graph, weights: Mapping[str, NDArray[np.generic]], where: str) -> None:
    lost = sorted(set(graph.parameters) ^ set(weights))
    if lost:
        side = "the graph has no such parameter" if lost[0] in weights else "it is missing"
        raise UsageError(f"These weights are not the graph's: {lost[0]!r}, {side}.", where=where)
    for name, spec in graph.parameters.items():
        array = weights[name]
        if array.shape != spec.shape:
            raise UsageError(
                f"These weights are not the graph's: {name!r} has shape {array.shape} "
                f"instead of {spec.shape}.",
                where=where,
            )
        if not np.issubdtype(array.dtype, _KINDS[spec.dtype]):
            raise UsageError(f"Weight {name!r} holds {array.dtype}, no {spec.dtype}.", where=where)
