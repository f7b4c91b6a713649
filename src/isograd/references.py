"""What a network can be named by, and how a Python reference becomes an object."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import os
import sys
import traceback
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from isograd import zoo
from isograd.errors import UsageError, unknown
from isograd.ir.store import GRAPH_FILE
from isograd.text import hub
from isograd.text.folder import is_pretrained

Kind = Literal["zoo", "graph", "python", "pt2", "keras", "savedmodel", "onnx", "pretrained", "hub"]
"""What a reference names. ``python`` runs the user's own code, all others read data."""

_SUFFIXES: dict[str, Kind] = {".pt2": "pt2", ".keras": "keras", ".onnx": "onnx"}

_CHECKPOINTS = (".pt", ".pth", ".ckpt", ".bin", ".safetensors", ".h5", ".npz")


AUTOGRAPH = "__autograph_generated_file"
"""How the files begin that TensorFlow's AutoGraph writes its own code to."""


@dataclass(frozen=True)
class Reference:
    """A parsed reference. ``path`` is the file or folder, for ``python`` the file or the name of
    the module; ``symbol`` is what it is called there.
    """

    kind: Kind
    text: str
    path: str = ""
    symbol: str = ""


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


def load_object(reference: Reference, what: str = "network") -> Any:
    """The network, or ``what`` else, that a ``python`` reference names: an instance as it is, a
    class or a function called without arguments. Runs the user's code.

    Raises `UsageError`, with the user's file and line, when that code raises, when there is no such
    symbol, or when it needs arguments.
    """
    module = _import(reference)
    found: Any = module
    for name in reference.symbol.split("."):
        if not hasattr(found, name):
            public = [n for n in vars(found) if not n.startswith("_")]
            own = [
                n for n in public if getattr(vars(found)[n], "__module__", "") == module.__name__
            ]
            error = unknown("symbol", name, own or public)
            raise UsageError(error.what, where=reference.text, hint=error.hint)
        found = getattr(found, name)
    if inspect.isclass(found) or inspect.isroutine(found):
        _check_callable(found, reference, what)
        return _guarded(found, reference, f"Making the {what}")
    return found


def _check_callable(factory: Any, reference: Reference, what: str) -> None:
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        return
    free = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in free]
    if needed:
        raise UsageError(
            f"{reference.symbol!r} needs arguments: {', '.join(needed)}.",
            where=reference.text,
            hint=f"Write a function without arguments that makes the {what}, and name that.",
        )


def _import(reference: Reference) -> ModuleType:
    def load() -> ModuleType:
        if not reference.path.endswith(".py"):
            sys.path.insert(0, str(Path.cwd()))
            return importlib.import_module(reference.path)
        path = Path(reference.path).resolve()
        sys.path.insert(0, str(path.parent))  # its neighbours can be imported, as in a script
        name = f"{path.stem}_{sha256(str(path).encode()).hexdigest()[:8]}"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    module: ModuleType = _guarded(load, reference, "Importing it")
    return module


def _guarded(work: Any, reference: Reference, what: str) -> Any:
    try:
        return work()
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{what} failed: no module named {error.name!r}.",
            where=user_line(error) or reference.text,
            hint="Install it, or start isograd from the folder that holds it.",
        ) from None
    except Exception as error:
        raise UsageError(
            f"{what} raised {type(error).__name__}: {first_line(error)}",
            where=user_line(error) or reference.text,
            hint="The code must run by itself; try it with Python first.",
        ) from None


def first_line(error: BaseException) -> str:
    """The first line of an error's message, at most 300 letters."""
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else "no message"


def user_line(error: BaseException) -> str | None:
    """``file:line`` of the innermost frame of the user's own code in an error's traceback: not this
    package's, not the standard library's and not an installed package's.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if is_user_file(frame.filename):
            return f"{frame.filename}:{frame.lineno}"
    return None


def is_user_file(filename: str) -> bool:
    """Whether a source file is the user's own."""
    path = Path(filename)
    if filename.startswith("<") or path.name.startswith(AUTOGRAPH):
        return False
    installed = {"site-packages", "dist-packages"} & set(path.parts)
    own = path.is_relative_to(Path(__file__).parent)
    standard = path.is_relative_to(Path(ast.__file__).parent)
    return not (installed or own or standard)
