"""A decoder that answers for one place only, and how a token is chosen from its logits."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from isograd.errors import UsageError
from isograd.ir.graph import Graph, Node
from isograd.ir.mapping import Array
from isograd.ir.ops import BroadcastTo, ExpandDims, Op, Select, TakeAlongAxis, TensorType
from isograd.text.architectures.layers import BATCH

PLACE = "place"
"""The added input: for each text the place that is asked for, [N, 1]."""


def at_one_place(graph: Graph) -> Graph:
    """``graph``, whose last node makes logits [N, T, vocabulary], with one more input `PLACE` and
    logits [N, vocabulary] of that place. The head is the widest layer; it is then computed once.
    """
    *before, head = graph.nodes
    (hidden,) = head.inputs
    types = {PLACE: TensorType((BATCH, 1), "int"), hidden: graph.type_of(hidden)}
    nodes: list[Node] = []

    def add(name: str, op: Op, *inputs: str) -> str:
        types[name] = op.infer(*(types[one] for one in inputs))
        nodes.append(Node(name, op, inputs, {}, name, None, types[name]))
        return name

    width = types[hidden].shape[-1]
    index = add("place_index", ExpandDims(2), PLACE)
    index = add("place_indices", BroadcastTo((BATCH, 1, width)), index)
    taken = add("place_taken", TakeAlongAxis(1), hidden, index)
    moved = replace(head, inputs=(taken,), type=head.op.infer(types[taken]))
    types[moved.name], tail = moved.type, len(nodes)
    output = add("place_logits", Select(1, 0), moved.name)
    inputs = {**graph.inputs, PLACE: types[PLACE]}
    order = (*before, *nodes[:tail], moved, *nodes[tail:])
    return replace(graph, inputs=inputs, nodes=order, outputs=(output,))


@dataclass
class Chooser:
    """Chooses tokens from logits [vocabulary]: the likeliest where ``temperature`` is 0, else one
    drawn from ``softmax(logits / temperature)`` over the ``top_k`` likeliest (0: over all).

    The draws come from ``seed`` through NumPy and depend on nothing else, so that two sides with
    the same logits choose the same tokens. Shares are laid out in the order of the vocabulary:
    ordered by likelihood, two that are as likely as each other could change places by rounding.
    Raises `UsageError` for numbers out of range.
    """

    temperature: float = 0.0
    top_k: int = 0
    seed: int = 0
    _draws: np.random.Generator = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < float("inf"):
            raise UsageError(f"A temperature is 0 or more, not {self.temperature}.")
        if self.top_k < 0:
            raise UsageError(f"--top-k is 0 (all tokens) or more, not {self.top_k}.")
        self._draws = np.random.default_rng(self.seed)

    def __call__(self, logits: Array) -> int:
        """The next token; one draw is used up in any case."""
        draw = self._draws.random()
        if self.temperature == 0:
            return int(np.argmax(logits))
        kept = np.sort(np.argsort(-logits, kind="stable")[: self.top_k or None])
        scaled = logits[kept].astype(np.float64) / self.temperature
        weights = np.cumsum(np.exp(scaled - scaled.max()))
        return int(kept[np.searchsorted(weights, draw * weights[-1], side="right")])
