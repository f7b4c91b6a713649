"""Which whole numbers can never be below zero, so that as indices they never count from the end."""

from __future__ import annotations

from isograd.frameworks.torch.importing.values import Value
from isograd.frameworks.torch.importing.writer import Writer
from isograd.ir import ops
from isograd.ir.graph import Node
from isograd.ir.ops import Op

ALWAYS: tuple[type[Op], ...] = (ops.ArgMax, ops.ArgMin, ops.Abs, ops.Square)
"""Whatever they are given."""

INHERITED: tuple[type[Op], ...] = (
    ops.Add, ops.Multiply, ops.Maximum, ops.Minimum, ops.Sum, ops.Prod, ops.Max, ops.Min,
    ops.CumSum, ops.Reshape, ops.Flatten, ops.Transpose, ops.ExpandDims, ops.Squeeze, ops.Slice,
    ops.Select, ops.BroadcastTo, ops.Tile, ops.RepeatInterleave, ops.Flip, ops.Roll, ops.Concat,
    ops.Triangle,
)  # fmt: skip
"""If nothing that they are given is below zero."""


def never_negative(writer: Writer, value: Value | str) -> bool:
    """Whether it is certain, from how ``value`` is made; an input is trusted to keep the range
    that the user gave for it."""
    if isinstance(value, Value):
        if value.number is not None:
            return value.number >= 0
        if not value.name:
            return value.parameter is not None and writer.parameters[value.parameter].nonnegative
        value = value.name
    node = writer.made_by(value)
    return value in writer.bounded if node is None else _follows(writer, node)


def _follows(writer: Writer, node: Node) -> bool:
    op = node.op
    if isinstance(op, ALWAYS) or writer.type_of(node.name).dtype == "bool":
        return True
    if isinstance(op, ops.Buffer):
        return writer.parameters[node.parameters["value"]].nonnegative
    if isinstance(op, ops.Arange):
        return op.step > 0 and not str(op.start).startswith("-") and not _subtracts(op.start)
    if isinstance(op, ops.Scalar | ops.Full):
        return op.value >= 0
    if isinstance(op, ops.AddScalar | ops.MultiplyScalar):
        return op.value >= 0 and never_negative(writer, node.inputs[0])
    if isinstance(op, ops.Where):
        return all(never_negative(writer, name) for name in node.inputs[1:])
    if isinstance(op, ops.Take | ops.TakeAlongAxis | ops.Cast):
        return never_negative(writer, node.inputs[0])
    inherited = isinstance(op, INHERITED)
    return inherited and all(never_negative(writer, name) for name in node.inputs)


def _subtracts(size: object) -> bool:
    return isinstance(size, str) and "-" in size
