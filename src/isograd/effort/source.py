"""What a script uses, read from its source alone: nothing is imported or run.

- A *statement* is a statement of Python's grammar; docstrings are none.
- An *API name* is a name that comes out of an import of neither the standard library nor the
  user's own modules, in full (``torch.nn.Linear``), however the script abbreviates it.
- A *method* is an attribute that is read from a value (``loss.backward``), so that no import says
  whose it is; attributes that the script defines itself are none.
- A *namespace* is what an API name is in (``torch.nn``).
- The *first result* is the first statement that shows a number: a call of ``print``, or of Keras'
  ``fit`` or ``evaluate``, which print by themselves.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

SHOWING = {"print"}
SHOWING_METHODS = {"fit", "evaluate"}

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass
class Usage:
    """What some source uses. ``before_result`` counts the statements up to the first result, that
    one included; None where the source shows none."""

    statements: int
    names: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    namespaces: list[str] = field(default_factory=list)
    before_result: int | None = None


def usage(sources: Sequence[str], own: Sequence[str] = ()) -> Usage:
    """What these files use together, read one after the other; ``own`` are modules of the user's.

    Raises `SyntaxError` for what is no Python.
    """
    trees = [ast.parse(source) for source in sources]
    statements = [one for tree in trees for one in _statements(tree)]
    names = sorted({name for tree in trees for name in _names(tree, own)})
    defined = {name for tree in trees for name in _defined(tree)}
    methods = sorted({name for tree in trees for name in _methods(tree)} - defined)
    shown = next((n for n, one in enumerate(statements, 1) if _shows(one)), None)
    spaces = sorted({name.rpartition(".")[0] or name for name in names})
    return Usage(len(statements), names, methods, spaces, shown)


def _statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """In the order of the text; a compound one comes before what is in it."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.stmt) and not _is_docstring(tree, child):
            yield child
        yield from _statements(child)


def _is_docstring(owner: ast.AST, one: ast.stmt) -> bool:
    return (
        isinstance(owner, DOCUMENTED)
        and one is owner.body[0]
        and isinstance(one, ast.Expr)
        and isinstance(one.value, ast.Constant)
        and isinstance(one.value.value, str)
    )


def _shows(one: ast.stmt) -> bool:
    """Whether it shows a number itself; what is inside of a compound statement comes after it."""
    if hasattr(one, "body"):
        return False
    calls = (node.func for node in ast.walk(one) if isinstance(node, ast.Call))
    return any(
        (isinstance(called, ast.Name) and called.id in SHOWING)
        or (isinstance(called, ast.Attribute) and called.attr in SHOWING_METHODS)
        for called in calls
    )


# Names ----------------------------------------------------------------------------------------


def _names(tree: ast.AST, own: Sequence[str]) -> Iterator[str]:
    """In full, without the modules that are on the way to a longer name."""
    bound = _imports(tree)
    inside = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if id(node) in inside or not isinstance(node, ast.Name | ast.Attribute):
            continue
        name = _resolved(node, bound)
        if name and _is_api(name, own):
            yield name


def _imports(tree: ast.AST) -> dict[str, str]:
    """A name in the file to what it stands for."""
    bound: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                bound[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                bound[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return bound


def _resolved(node: ast.expr, bound: Mapping[str, str]) -> str | None:
    """The full name of ``nn.Linear``; None where its first part is no import."""
    if isinstance(node, ast.Name):
        return bound.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _resolved(node.value, bound)
        return f"{owner}.{node.attr}" if owner else None
    return None


def _is_api(name: str, own: Sequence[str]) -> bool:
    first = name.partition(".")[0]
    return first not in sys.stdlib_module_names and first not in own


def _methods(tree: ast.AST) -> Iterator[str]:
    bound = _imports(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            special = node.attr.startswith("__")
            if not special and _resolved(node, bound) is None:
                yield node.attr


def _defined(tree: ast.AST) -> Iterator[str]:
    """Attributes and functions that the source makes itself; a framework calls ``forward``, and
    whoever writes one has to know that name, so that methods which are overridden are its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
