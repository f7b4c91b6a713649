"""Which kernels a generated program of inductor's launches, in order, and what each reads and
writes: read from the program itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_PARAMETERS = re.compile(r"(?:void +kernel|def +\w+)\((.*?)\)", re.DOTALL)
_LAST_NAME = re.compile(r"(\w+)\s*(?:=[^,]*)?$")
_HANDLE = re.compile(r"# \[Provenance debug handles\] (\S+)")


@dataclass(frozen=True)
class Launch:
    """``kernel`` is its name in the program; ``handle`` is what inductor's notes on where kernels
    come from call this launch. ``reads`` and ``writes`` are buffers of the program."""

    kernel: str
    handle: str
    generated: bool
    reads: tuple[str, ...]
    writes: tuple[str, ...]


@dataclass
class Program:
    """``inputs`` are its arguments; ``aliases`` are other names for a buffer's memory, ``parts``
    names of one of several results, with the name of all of them and the number."""

    inputs: tuple[str, ...]
    launches: list[Launch]
    aliases: dict[str, str]
    parts: dict[str, tuple[str, int]]
    outputs: tuple[str, ...]


def read_program(code: str) -> Program:
    """The program that is this code. Raises `ValueError` when it has no ``call``."""
    tree = ast.parse(code)
    kernels = dict(_kernels(tree))
    call = next(
        (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "call"), None
    )
    if call is None:
        raise ValueError("generated code without a function 'call'")
    return _Reader(code.splitlines(), kernels).read(call)


def _kernels(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """Name and parameters of each kernel that the program defines."""
    for statement in tree.body:
        if not (isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)):
            continue
        if not ast.unparse(statement.value.func).startswith("async_compile."):
            continue
        sources = [a.value for a in statement.value.args if isinstance(a, ast.Constant)]
        source = max((s for s in sources if isinstance(s, str)), key=len, default="")
        yield ast.unparse(statement.targets[0]), _parameters(source)


def _parameters(source: str) -> list[str]:
    found = _PARAMETERS.search(source)
    if found is None:
        return []
    names = [_LAST_NAME.search(part.strip()) for part in found[1].split(",")]
    return [name[1] for name in names if name is not None]


class _Reader:
    def __init__(self, lines: Sequence[str], kernels: dict[str, list[str]]) -> None:
        self._lines = lines
        self._kernels = kernels
        self._known: set[str] = set()
        self._program = Program((), [], {}, {}, ())

    def read(self, call: ast.FunctionDef) -> Program:
        for statement in _statements(call.body):
            self._statement(statement)
        return self._program

    def _statement(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.Return) and statement.value is not None:
            self._program.outputs = self._buffers(statement.value)
        elif isinstance(statement, ast.Assign):
            self._assignment(statement.targets[0], statement.value)
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            self._launch(statement.value, ())

    def _assignment(self, target: ast.expr, value: ast.expr) -> None:
        names = tuple(n.id for n in ast.walk(target) if isinstance(n, ast.Name))
        if isinstance(value, ast.Name) and value.id == "args":
            self._program.inputs = names
            self._known |= set(names)
        elif isinstance(value, ast.Call) and (_allocates(value) or self._launch(value, names)):
            self._known |= set(names)
        elif origins := self._buffers(value):
            self._name(names[0], origins[0], value)

    def _name(self, name: str, origin: str, value: ast.expr) -> None:
        self._known.add(name)
        if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant):
            self._program.parts[name] = (origin, int(str(value.slice.value)))
        else:
            self._program.aliases[name] = origin

    def _launch(self, call: ast.Call, results: tuple[str, ...]) -> bool:
        name = _called(call).removesuffix(".run")
        if name in self._kernels:
            reads, writes = self._directions(name, call.args)
        elif name.startswith(("extern_kernels.", "torch.ops.", "aten.")):
            reads, writes = self._outside(name, call, results)
        else:
            return False
        handle = self._handle(call.lineno) or name
        self._program.launches.append(Launch(name, handle, name in self._kernels, reads, writes))
        return True

    def _directions(
        self, kernel: str, arguments: Sequence[ast.expr]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        reads: list[str] = []
        writes: list[str] = []
        for parameter, argument in zip(self._kernels[kernel], arguments, strict=False):
            if not parameter.startswith("out_ptr"):
                reads += self._buffers(argument)
            if parameter.startswith(("out_ptr", "in_out_ptr")):
                writes += self._buffers(argument)
        return tuple(dict.fromkeys(reads)), tuple(dict.fromkeys(writes))

    def _outside(
        self, name: str, call: ast.Call, results: tuple[str, ...]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        into = [k.value for k in call.keywords if k.arg == "out"]
        given = [*call.args, *(k.value for k in call.keywords if k.arg != "out")]
        reads = tuple(dict.fromkeys(b for argument in given for b in self._buffers(argument)))
        writes = results + tuple(b for argument in into for b in self._buffers(argument))
        if not writes and reads:
            writes = reads[:1]  # an operator such as index_put_ changes its first argument
        return reads, writes

    def _buffers(self, expression: ast.expr) -> tuple[str, ...]:
        names = [n.id for n in ast.walk(expression) if isinstance(n, ast.Name)]
        return tuple(name for name in names if name in self._known)

    def _handle(self, line: int) -> str | None:
        """The note above a launch."""
        for text in reversed(self._lines[max(0, line - 4) : line - 1]):
            found = _HANDLE.search(text)
            if found or not text.strip().startswith("#"):
                return found[1] if found else None
        return None


def _allocates(call: ast.Call) -> bool:
    return _called(call).startswith("empty_strided")


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func)


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        yield statement
        if isinstance(statement, ast.With):
            yield from _statements(statement.body)
