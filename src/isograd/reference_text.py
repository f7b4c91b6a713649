"""What a network can be named by: text, which is parsed into a reference."""

from __future__ import annotations

import ast
import os
from pathlib import Path

from isograd import zoo
from isograd.errors import UsageError
from isograd.ir.store import GRAPH_FILE
from isograd.references import Kind, Reference
from isograd.text import hub
from isograd.text.folder import is_pretrained

_SUFFIXES: dict[str, Kind] = {".pt2": "pt2", ".keras": "keras", ".onnx": "onnx"}

_CHECKPOINTS = (".pt", ".pth", ".ckpt", ".bin", ".safetensors", ".h5", ".npz")


def parse_reference(text: str) -> Reference:
    """``mnist-mlp``, ``net.py:Net``, ``package.module:make``, ``net.pt2``, ``net.keras``,
    ``net.onnx``, or a folder with a stored graph, a SavedModel or a language model's checkpoint;
    ``hf:owner/name`` for a published one.

    Raises `UsageError` when the file is not there, or is none that holds a network.
    """
    if text.startswith(hub.PREFIX):
        hub.parse(text)
        return Reference("hub", text)
    head, colon, symbol = text.rpartition(":")
    if colon and symbol and (head.endswith(".py") or not Path(text).exists()):
        return _python(text, head, symbol)
    path = Path(text)
    if path.is_dir():
        return _folder(text, path)
    kind = _SUFFIXES.get(path.suffix.lower())
    if kind:
        return Reference(kind, text, _existing(path, text))
    if path.suffix == ".py" and path.exists():
        raise UsageError(
            "This file may define several networks.",
            where=text,
            hint=f"Name one of them: {_suggestion(path, text)}",
        )
    if path.suffix.lower() in _CHECKPOINTS:
        raise UsageError(
            "This is a checkpoint: it holds weights, but not the network they belong to.",
            where=text,
            hint="Name the network (file.py:Class), and move weights with `isograd transfer`.",
        )
    if path.exists() or path.suffix or os.sep in text:
        raise UsageError(
            "There is no network in it." if path.exists() else "There is no such file or folder.",
            where=text,
            hint="A network is a built-in name (see `isograd zoo`), file.py:symbol, "
            "package.module:symbol, a .pt2, .keras or .onnx file, or the folder of a stored graph "
            "or of a language model.",
        )
    zoo.get(text)
    return Reference("zoo", text)


def _python(text: str, head: str, symbol: str) -> Reference:
    if head.endswith(".py"):
        return Reference("python", text, _existing(Path(head), text), symbol)
    if not all(part.isidentifier() for part in head.split(".")):
        raise UsageError(
            f"{head!r} is neither a Python file nor the name of a module.",
            where=text,
            hint="Write file.py:symbol or package.module:symbol.",
        )
    return Reference("python", text, head, symbol)


def _folder(text: str, path: Path) -> Reference:
    if (path / "saved_model.pb").exists():
        return Reference("savedmodel", text, str(path))
    if (path / GRAPH_FILE).exists():
        return Reference("graph", text, str(path))
    if is_pretrained(path):
        return Reference("pretrained", text, str(path))
    raise UsageError(
        "This folder holds no network.",
        where=text,
        hint=f"A stored graph's folder has {GRAPH_FILE}, a SavedModel's has saved_model.pb, a "
        "language model's has config.json and model.safetensors.",
    )


def _existing(path: Path, text: str) -> str:
    if not path.is_file():
        raise UsageError("There is no such file.", where=text, hint="Check the path.")
    return str(path)


def _suggestion(path: Path, text: str) -> str:
    names = defined_names(path) if path.is_file() else []
    return ", ".join(f"{text}:{name}" for name in names[:4]) or f"{text}:Network"


def defined_names(path: Path) -> list[str]:
    """Public classes, functions and variables at the top of a Python file, which is not run."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return []
    names: list[str] = []
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef | ast.FunctionDef):
            names.append(statement.name)
        elif isinstance(statement, ast.Assign):
            names += [target.id for target in statement.targets if isinstance(target, ast.Name)]
    return [name for name in names if not name.startswith("_")]
