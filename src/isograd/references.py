"""What names a network, how Python code that is named becomes an object, and where it lies."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import sys
import traceback
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from isograd.errors import UsageError, unknown

Kind = Literal["zoo", "graph", "python", "pt2", "keras", "savedmodel", "onnx", "pretrained", "hub"]
"""What a reference names. ``python`` runs the user's own code, all others read data."""

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
