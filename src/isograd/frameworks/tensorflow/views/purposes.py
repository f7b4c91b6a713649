"""What an instruction of XLA's is for that has lost its name: what it makes is first read for it.

Optimisation makes instructions (a transposed copy, a convolution in another layout) that say no
TensorFlow operation. Those that read them do, inside of fusions too.
"""

from __future__ import annotations

from collections import defaultdict

from isograd.frameworks.tensorflow.views.hlo_text import Instruction, Program

_OWN_WORDS = {"XLA_Args", "XLA_Retvals"}
"""Names that XLA gives by itself."""


class Purposes:
    """The TensorFlow operation of each instruction of a program."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._users: dict[tuple[str, str], list[tuple[Instruction, int]]] = defaultdict(list)
        for computation, instructions in program.computations.items():
            for user in instructions:
                for position, operand in enumerate(user.operands):
                    self._users[computation, operand].append((user, position))

    def find(self, computation: str, instruction: Instruction) -> str:
        """Its own name, that of what it holds, or that of the nearest that reads it; empty where
        nothing says it."""
        if instruction.opcode == "tuple":
            return named(instruction)
        return (
            named(instruction)
            or self._held(instruction)
            or self._read(computation, instruction.name)
        )

    def _held(self, instruction: Instruction) -> str:
        """The last name inside of a fusion: that of its result, if that has one."""
        if instruction.opcode != "fusion":
            return ""
        parts = [p for _, name in instruction.calls for p in self._program.computations[name]]
        return next(
            (named(part) for part in reversed(parts) if _computes(part) and named(part)), ""
        )

    def _read(self, computation: str, name: str) -> str:
        """Breadth first through those that read it, first inside of a fusion and then behind it."""
        waiting, seen = [name], {name}
        for made in waiting:
            for user, position in self._users[computation, made]:
                found = self._read_inside(user, position) or named(user)
                if found:
                    return found
                if user.name not in seen:
                    seen.add(user.name)
                    waiting.append(user.name)
        return ""

    def _read_inside(self, user: Instruction, position: int) -> str:
        """What a fusion needs the operand at this position for."""
        if user.opcode != "fusion":
            return ""
        computation = user.calls[0][1]
        parameters = self._program.computations[computation]
        inside = next((p.name for p in parameters if p.number == position), "")
        return self._read(computation, inside)


def named(instruction: Instruction) -> str:
    """The TensorFlow operation that it says, empty where it says none."""
    name = instruction.op_name
    return "" if name in _OWN_WORDS else name


def _computes(instruction: Instruction) -> bool:
    return instruction.opcode not in ("parameter", "constant")
