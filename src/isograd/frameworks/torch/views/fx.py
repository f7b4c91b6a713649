"""FX graphs (of torch.export, AOTAutograd) as operations."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from torch import fx
from torch.utils._pytree import tree_leaves

from isograd.frameworks.torch.views.functions import ADDS
from isograd.frameworks.torch.views.located import Locator, Place, traced_frames
from isograd.frameworks.torch.views.names import Names
from isograd.frameworks.torch.views.tensors import settings_of, value_of
from isograd.views import Operation, Value


@dataclass
class Read:
    """Reads FX graphs into operations. ``ports`` knows, by FX's names, who makes a value, which
    lets a later graph read what an earlier one has made."""

    locator: Locator
    names: Names = field(default_factory=Names)
    ports: dict[str, tuple[str, int]] = field(default_factory=dict)

    def operations(
        self,
        graph: fx.Graph,
        given: Mapping[str, Operation],
        placed: Callable[[fx.Node, Place], Place] = lambda node, place: place,
    ) -> list[Operation]:
        """``given`` are operations for placeholders, by FX's names; ``placed`` may correct a place.
        The selection of one of several values is the number that its readers read."""
        found: list[Operation] = []
        for node in graph.nodes:
            if node.op == "output" or (node.op == "placeholder" and node.name in self.ports):
                continue
            if node.target is operator.getitem and node.args[0].name in self.ports:
                self.ports[node.name] = (self.ports[node.args[0].name][0], node.args[1])
            else:
                found.append(self._operation(node, given, placed))
        return found

    def _operation(
        self,
        node: fx.Node,
        given: Mapping[str, Operation],
        placed: Callable[[fx.Node, Place], Place],
    ) -> Operation:
        values = values_of(node)
        if node.op in ("placeholder", "get_attr"):
            known = given.get(node.name, Operation(str(node.target), "constant", phase="input"))
            operation = known
            operation.name, operation.values = self.names.new(known.name), values
        else:
            place = placed(node, self.locator.place(traced_frames(node.meta.get("stack_trace"))))
            reads = [self.ports[each.name] for each in node.all_input_nodes]
            operation = Operation(
                self.names.new(node.name),
                kind_of(node),
                tuple(dict.fromkeys(reads)),
                values,
                phase=place.phase,
                node=place.node,
                source=place.source,
                attributes=settings_of(node.target, node.args, node.kwargs, fx.Node)
                | ({"sums": "gradients"} if sums_gradients(node) else {}),
            )
        self.ports[node.name] = (operation.name, 0)
        return operation

    def outputs(self, graph: fx.Graph) -> list[tuple[str, int] | None]:
        """Who makes each output; None for what is none."""
        leaves = tree_leaves(next(iter(reversed(graph.nodes))).args)
        return [self.ports[leaf.name] if isinstance(leaf, fx.Node) else None for leaf in leaves]


def values_of(node: fx.Node) -> tuple[Value, ...]:
    """What a node makes, as its metadata say."""
    value = node.meta.get("val")
    several = value if isinstance(value, (list, tuple)) else () if value is None else (value,)
    return tuple(value_of(each) for each in several)


def sums_gradients(node: fx.Node) -> bool:
    """Whether it is there because several readers of a value send a gradient back."""
    return bool(node.meta.get("is_gradient_acc")) and node.target in ADDS


def settle_sums(operations: Sequence[Operation]) -> None:
    """Gives a sum of gradients the node of the gradient that reads it: what autograd says of it is
    where the last of its terms comes from."""
    readers: dict[str, Operation] = {}
    for operation in reversed(operations):
        if "sums" in operation.attributes and operation.name in readers:
            operation.node = readers[operation.name].node or operation.node
        readers |= {name: operation for name, _ in operation.reads}


def kind_of(node: fx.Node) -> str:
    """``aten.mm.default``, or the name of a function of Python's."""
    target = node.target
    if isinstance(target, str):
        return target
    return str(target) if hasattr(target, "_schema") else getattr(target, "__name__", str(target))


def selections(graph: fx.Graph) -> int:
    """How many nodes do nothing but select one of several values."""
    return sum(node.target is operator.getitem for node in graph.nodes)
