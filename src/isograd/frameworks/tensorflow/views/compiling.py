"""XLA's program of the training step, at one stage of its compilation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from isograd.errors import UsageError
from isograd.frameworks.protocol import Subject
from isograd.frameworks.tensorflow.views.failing import end_at_failure
from isograd.frameworks.tensorflow.views.hlo_text import Instruction, Program, parse
from isograd.frameworks.tensorflow.views.locating import INSIDE, complete
from isograd.frameworks.tensorflow.views.origins import Origins, label_fusion
from isograd.frameworks.tensorflow.views.purposes import Purposes, named
from isograd.frameworks.tensorflow.views.tracing import Tracing, batch_tensors, trace_step
from isograd.views import Operation, View

SHOWS = "experimental_get_compiler_ir"
"""TensorFlow's method that shows XLA's programs."""

NO_KERNEL = {"parameter", "constant", "tuple", "get-tuple-element", "bitcast"}
"""Instructions for which nothing runs."""

NUMBER = "number"
"""The attribute that says which parameter it is."""

_FLOW = {"while", "conditional", "call"}
"""Instructions whose computations run instruction by instruction, as if they stood there."""


def view_program(view: View, subject: Subject, stage: str) -> View:
    """Fills the view with XLA's program; where XLA refuses, with the traced operations up to the
    one that it refuses. Raises `UsageError` where TensorFlow does not show XLA's programs."""
    tracing = trace_step(subject, "xla")
    compiled = tracing.executor._compiled
    if not hasattr(compiled, SHOWS):
        raise UsageError(f"TensorFlow {tf.__version__} has no tf.function with {SHOWS}.")
    try:
        if tracing.error is not None:
            raise tracing.error
        traced = _traced(tracing, subject)
        text = _text(compiled, *batch_tensors(tracing.executor, subject), stage)
    except Exception as error:
        operations = tracing.until_failure(compiled, error)
        return end_at_failure(view, operations, error, tracing.reader.locator)
    return fill_program(view, text, traced)


def fill_program(view: View, text: str, traced: list[Operation]) -> View:
    """Fills the view with the program in XLA's text, which was made of what had been ``traced``."""
    program = parse(text)
    view.operations = _Writer(program, Origins(traced)).write()
    _name_parameters(view.operations, traced)
    complete(view.operations)
    view.figures["instructions"] = float(sum(1 for _ in program.instructions()))
    return view


def _text(compiled: Any, inputs: Any, targets: Any, stage: str) -> str:
    text: str = getattr(compiled, SHOWS)(inputs, targets)(stage=stage)
    return text


def _traced(tracing: Tracing, subject: Subject) -> list[Operation]:
    """The function that XLA compiles, as it was traced."""
    inputs, targets = batch_tensors(tracing.executor, subject)
    return tracing.operations(
        tracing.executor._compiled.get_concrete_function(inputs, targets).graph
    )


def _name_parameters(operations: list[Operation], traced: list[Operation]) -> None:
    """Says what each parameter holds, where parameters and arguments correspond one to one."""
    arguments = [op for op in traced if op.kind == "Placeholder" and INSIDE not in op.attributes]
    held = [op for op in operations if op.kind == "parameter" and INSIDE not in op.attributes]
    held.sort(key=lambda operation: int(operation.attributes[NUMBER]))
    if len(arguments) != len(held):
        return
    for operation, argument in zip(held, arguments, strict=True):
        if name := argument.attributes.get("holds"):
            operation.attributes["holds"] = name


def count_kernels(view: View) -> dict[str, float]:
    """The figures of a program as it runs: a kernel is an instruction for which something runs, a
    fusion is one."""
    kinds = [operation.kind for operation in view.operations]
    kernels = [kind for kind in kinds if kind not in NO_KERNEL | _FLOW]
    return {"kernels": float(len(kernels)), "fusions": float(kernels.count("fusion"))}


class _Writer:
    """Turns a program into operations: those of the entry, and of what it runs step by step."""

    def __init__(self, program: Program, origins: Origins) -> None:
        self._program = program
        self._origins = origins
        self._purposes = Purposes(program)

    def write(self) -> list[Operation]:
        return list(self._walk(self._program.entry, ""))

    def _walk(self, computation: str, prefix: str) -> Iterator[Operation]:
        for instruction in self._program.computations[computation]:
            operation = self._operation(computation, instruction, prefix)
            yield operation
            for attribute, name in instruction.calls if instruction.opcode in _FLOW else ():
                yield from self._walk(name, f"{operation.name}/{attribute}/{name}/")

    def _operation(self, computation: str, instruction: Instruction, prefix: str) -> Operation:
        operation = Operation(
            prefix + instruction.name,
            instruction.opcode,
            tuple((prefix + operand, instruction.index) for operand in instruction.operands),
            instruction.values,
            phase="input" if instruction.opcode in ("parameter", "constant") else "other",
            attributes=_attributes(instruction),
        )
        if prefix:
            operation.attributes[INSIDE] = prefix.split("/", 1)[0]
        if instruction.opcode != "parameter":
            self._origins.place(operation, self._purposes.find(computation, instruction))
        if instruction.opcode == "fusion":
            label_fusion(operation, self._parts(instruction))
        return operation

    def _parts(self, fusion: Instruction) -> list[Operation]:
        return [
            self._operation(name, instruction, "")
            for _, name in fusion.calls
            for instruction in self._program.computations[name]
            if instruction.opcode not in ("parameter", "constant")
        ]


def _attributes(instruction: Instruction) -> dict[str, str]:
    names = ("value", "kind", "custom_call_target", "window", "dim_labels", "direction")
    found = {name: instruction.attribute(name)[:60] for name in names}
    found["op_name"] = named(instruction)
    if instruction.number is not None:
        found[NUMBER] = str(instruction.number)
    return {name: text for name, text in found.items() if text}
