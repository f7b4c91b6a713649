"""A mapping as JSON text, and back: what stands next to a converted network.

The text may come from anywhere, so nothing in it is believed: every name and transform is checked,
and the links must form a bijection.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, TypeVar

from isograd.ir.mapping import (
    AnyLink,
    Blocks,
    Join,
    Link,
    Permute,
    Reorder,
    Reshaped,
    Split,
    Step,
    TensorMap,
    Transform,
)
from isograd.ir.ops.checks import is_whole
from isograd.ir.untrusted import field, read

SCHEMA = "isograd/mapping/1"

SIDES = ("reference", "twin")

OPTIMIZER = "optimizer/"
"""What the names of optimizer state begin with in a checkpoint, so that no tensor's may."""

T = TypeVar("T")


@dataclass(frozen=True)
class MappingDocument:
    """A mapping with what its two sides are.

    ``reference`` and ``twin`` name frameworks (the reference may also be ``isograd``, a graph).
    ``trainable`` holds the reference names of the trainable tensors, in order.
    """

    map: TensorMap
    reference: str
    twin: str
    trainable: tuple[str, ...]


def to_json(map: TensorMap, reference: str, twin: str, trainable: Sequence[str]) -> str:
    """The mapping as indented JSON of the schema ``isograd/mapping/1``."""
    document = {
        "schema": SCHEMA,
        "reference": {"framework": reference},
        "twin": {"framework": twin},
        "trainable": list(trainable),
        "links": [_link_out(link) for link in map.all_links],
    }
    return json.dumps(document, indent=1) + "\n"


def from_json(text: str, where: str = "mapping") -> MappingDocument:
    """The inverse of `to_json`; ``where`` names the text in errors.

    Raises `UsageError` when the text is no JSON, of another schema, or contradicts itself.
    """
    return read(
        text,
        _document,
        kind="mapping",
        schema=SCHEMA,
        where=where,
        hint="Convert the network again.",
    )


def _link_out(link: AnyLink) -> dict[str, Any]:
    if isinstance(link, Join):
        split = _link_out(link.split)
        return {**split, "reference": split["twin"], "twin": split["reference"]}
    if isinstance(link, Split):
        pieces = [_transform_out(piece) for piece in link.pieces]
        whole = {"reference": link.reference, "twin": list(link.twins)}
        return {**whole, "transform": _transform_out(link.transform), "pieces": pieces}
    transform = _transform_out(link.transform)
    return {"reference": link.reference, "twin": link.twin, "transform": transform}


def _transform_out(transform: Transform) -> list[dict[str, Any]]:
    return [_step_out(step) for step in transform.steps]


def _step_out(step: Step) -> dict[str, Any]:
    if isinstance(step, Permute):
        return {"permute": list(step.axes)}
    if isinstance(step, Reshaped):
        return {"reshaped": {"before": list(step.before), "after": list(step.after)}}
    if isinstance(step, Blocks):
        return {"blocks": {"axis": step.axis, "order": list(step.order)}}
    return {"reorder": {"axis": step.axis, "sizes": list(step.sizes), "order": list(step.order)}}


def _document(raw: Any) -> MappingDocument:
    links = _each(raw, "links", _link)
    map = TensorMap(
        tuple(link for link in links if isinstance(link, Link)),
        tuple(link for link in links if not isinstance(link, Link)),
    )
    trainable = tuple(_each(raw, "trainable", _name))
    if len(set(trainable)) != len(trainable):
        raise ValueError("a name stands twice in 'trainable'")
    lost = [name for name in trainable if name not in map.references]
    if lost:
        raise ValueError(f"{lost[0]!r} is trainable, but not mapped")
    return MappingDocument(map, _framework(raw, "reference"), _framework(raw, "twin"), trainable)


def _framework(raw: Any, side: str) -> str:
    name = field(field(raw, side, dict), "framework", str)
    if not name.isidentifier():
        raise ValueError(f"{name!r} cannot be the framework of {side!r}")
    return name


def _link(raw: Any) -> AnyLink:
    """One tensor to one; or, where one side has a list, a tensor to its pieces."""
    kinds = [isinstance(raw, dict) and isinstance(raw.get(side), list) for side in SIDES]
    if not any(kinds):
        reference, twin = (_name(field(raw, side, str)) for side in SIDES)
        return Link(reference, twin, _transform(raw, "transform", reference))
    if all(kinds):
        raise ValueError("a link has pieces on both sides")
    one, several = SIDES if kinds[1] else SIDES[::-1]
    whole, names = _name(field(raw, one, str)), tuple(_each(raw, several, _name))
    pieces = tuple(_each(raw, "pieces", lambda steps: _steps(steps, whole)))
    if len(names) < 2 or len(names) != len(pieces):
        raise ValueError(f"the link of {whole!r}: two pieces or more, each with a transform")
    split = Split(whole, names, _transform(raw, "transform", whole), pieces)
    return split if kinds[1] else split.inverse


def _transform(raw: Any, key: str, name: str) -> Transform:
    return _steps(field(raw, key, list), name)


def _steps(raw: Any, name: str) -> Transform:
    try:
        if not isinstance(raw, list):
            raise ValueError("a transform is a list of steps")
        return Transform(tuple(map(_step, raw)))
    except ValueError as error:
        raise ValueError(f"the link of {name!r}: {error}") from None


def _name(raw: Any) -> str:
    """A tensor's name: any printable text that no file format gives a meaning of its own."""
    reserved = isinstance(raw, str) and (raw == "__metadata__" or raw.startswith(OPTIMIZER))
    if not isinstance(raw, str) or not raw or not raw.isprintable() or reserved:
        raise ValueError(f"{raw!r} cannot be a tensor's name")
    return raw


def _step(raw: Any) -> Step:
    if not isinstance(raw, dict) or len(raw) != 1 or not set(raw) <= set(_STEPS):
        raise ValueError(f"a step of a transform must be one of {', '.join(_STEPS)}")
    ((kind, attributes),) = raw.items()
    return _STEPS[kind](attributes)


def _permute(raw: Any) -> Permute:
    return Permute(_permutation(raw))


def _reorder(raw: Any) -> Reorder:
    sizes = _wholes(field(raw, "sizes", list), 1)
    order = _permutation(field(raw, "order", list))
    if len(sizes) != len(order):
        raise ValueError("'sizes' and 'order' must be of one length")
    return Reorder(_axis(raw), sizes, order)


def _blocks(raw: Any) -> Blocks:
    order = _permutation(field(raw, "order", list))
    return Blocks(_axis(raw), order)


def _reshaped(raw: Any) -> Reshaped:
    before, after = (_wholes(field(raw, side, list), 1) for side in ("before", "after"))
    if prod(before) != prod(after):
        raise ValueError(f"{list(before)} and {list(after)} hold another number of elements")
    return Reshaped(before, after)


_STEPS: dict[str, Callable[[Any], Step]] = {
    "permute": _permute,
    "reorder": _reorder,
    "blocks": _blocks,
    "reshaped": _reshaped,
}


def _axis(raw: dict[str, Any]) -> int:
    return _wholes([raw.get("axis")], 0)[0]


def _permutation(raw: Any) -> tuple[int, ...]:
    order = _wholes(raw, 0)
    if not order or sorted(order) != list(range(len(order))):
        raise ValueError(f"{raw!r} is no order of axes")
    return order


def _wholes(raw: Any, least: int) -> tuple[int, ...]:
    if not isinstance(raw, list) or not all(is_whole(value, least) for value in raw):
        raise ValueError(f"{raw!r} must hold whole numbers from {least} on")
    return tuple(raw)


def _each(raw: Any, key: str, read: Callable[[Any], T]) -> list[T]:
    return [read(value) for value in field(raw, key, list)]
