"""XLA's programs, read from their text form (https://openxla.org/xla/hlo_dumps)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from isograd.views import Value

_COMPUTATION = re.compile(r"^(ENTRY )?%?([\w.\-]+)\s*\(.*\)\s*->.*\{$")
_INSTRUCTION = re.compile(r"^\s+(ROOT )?%?([\w.\-]+) = (.*)$")
_ARRAY = re.compile(r"(\w+)\[([^\]]*)\]")
_OP_NAME = re.compile(r'op_name="([^"]*)"')
_CALLED = re.compile(r"\b(calls|to_apply|condition|body|select|scatter)=%?([\w.\-]+)")
_BRANCHES = re.compile(r"\b(branch_computations)=\{([^}]*)\}")
_DTYPES = {"pred": "bool", "bf16": "bfloat16", "token": "token", "c64": "complex64"}
_LETTERS = {"f": "float", "s": "int", "u": "uint"}


@dataclass(frozen=True)
class Instruction:
    """One instruction: what it makes, and the instructions of its computation that it reads.
    ``calls`` are the computations that it applies, by attribute; ``number`` is a parameter's."""

    name: str
    opcode: str
    values: tuple[Value, ...]
    operands: tuple[str, ...]
    rest: str
    root: bool = False
    number: int | None = None

    @property
    def op_name(self) -> str:
        """The operation that it was compiled from, empty where it does not say."""
        found = _OP_NAME.search(self.rest)
        return found[1] if found else ""

    @property
    def index(self) -> int:
        """Which of its operand's values it reads."""
        taken = self.attribute("index") if self.opcode == "get-tuple-element" else ""
        return int(taken or 0)

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Attribute and name of each computation that it applies."""
        branches = [
            (attribute, name.strip().lstrip("%"))
            for attribute, names in _BRANCHES.findall(self.rest)
            for name in names.split(",")
        ]
        return [*_CALLED.findall(self.rest), *branches]

    def attribute(self, name: str) -> str:
        """One of its attributes, empty where it has none of the name."""
        found = re.search(rf'\b{name}=("[^"]*"|\{{[^}}]*\}}|[^,\s]+)', self.rest)
        return found[1].strip('"') if found else ""


@dataclass
class Program:
    """All computations by name, in the order of the text; ``entry`` is where it begins."""

    entry: str
    computations: dict[str, list[Instruction]] = field(default_factory=dict)

    def instructions(self) -> Iterator[Instruction]:
        """Those of all computations."""
        for instructions in self.computations.values():
            yield from instructions


def parse(text: str) -> Program:
    """Reads a module's text. Raises `ValueError` where it has no entry computation."""
    program, current = Program(""), ""
    for line in text.splitlines():
        begin = _COMPUTATION.match(line)
        if begin:
            current = begin[2]
            program.computations[current] = []
            program.entry = current if begin[1] else program.entry
        elif (found := _INSTRUCTION.match(line)) and current:
            program.computations[current].append(_instruction(found))
    if not program.entry:
        raise ValueError("the program has no entry computation")
    return program


def _instruction(found: re.Match[str]) -> Instruction:
    text = re.sub(r"/\*.*?\*/", "", found[3])
    type_end = _closing(text, 0) if text.startswith("(") else text.index(" ")
    opcode, _, after = text[type_end:].strip().partition("(")
    close = _closing(f"({after}", 0) - 1
    inside, rest = after[: close - 1], after[close:]
    literal = opcode in ("constant", "parameter", "iota")
    return Instruction(
        found[2],
        opcode,
        _values(text[:type_end]),
        () if literal else tuple(_operand(part) for part in _split(inside)),
        rest if opcode != "constant" else f", value={inside}{rest}",
        bool(found[1]),
        int(inside) if opcode == "parameter" else None,
    )


def _values(text: str) -> tuple[Value, ...]:
    return tuple(
        Value(_dtype(dtype), tuple(_size(n) for n in shape.split(",") if n.strip()))
        for dtype, shape in _ARRAY.findall(text)
    )


def _size(text: str) -> int | None:
    """A size; one with a bound (``<=8``) is open."""
    return int(text) if text.strip().isdigit() else None


def _dtype(word: str) -> str:
    if word in _DTYPES or not word[1:].isdigit():
        return _DTYPES.get(word, word)
    return _LETTERS.get(word[0], word[0]) + word[1:]


def _operand(text: str) -> str:
    return text.strip().rsplit(" ", 1)[-1].lstrip("%")


def _split(text: str) -> Iterator[str]:
    """The parts between commas that are in no brackets."""
    depth, begin = 0, 0
    for i, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            yield text[begin:i]
            begin = i + 1
    if text[begin:].strip():
        yield text[begin:]


def _closing(text: str, begin: int) -> int:
    """Behind the bracket that closes the one at ``begin``."""
    depth = 0
    for i in range(begin, len(text)):
        depth += (text[i] in "([{") - (text[i] in ")]}")
        if depth == 0:
            return i + 1
    return len(text)
