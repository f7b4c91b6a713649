"""Random networks over all ops: several inputs and outputs, open sizes, shared layers, modules.

An op is drawn as a `Form`, which says what its operands go through first, so that it stays where it
is defined and well conditioned: a logarithm sees positive numbers, a step function no number that
it jumps at. Which forms fit which values is what the ops themselves say.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from random import Random
from typing import NamedTuple, TypeVar

from hypothesis import strategies as st

from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.graph import Graph
from isograd.ir.ops import Op, ShapeError, TensorType
from isograd.ir.sizes import evaluate, symbols

BOUND = 5
"""Inputs that are whole numbers stay below it."""

MOST_ELEMENTS = 1200
"""Of one value, where every open size is 3."""

MOST_AXES = 5

RECENT = 4
"""How many of the last values the next op chooses from."""

T = TypeVar("T")
Chain = tuple[Op, ...]


class Form(NamedTuple):
    """An op, what each operand goes through first, and whether the operands must be two values."""

    op: Op
    guards: tuple[Chain, ...] = ()
    distinct: bool = False


POSITIVE: Chain = (ops.Square(), ops.AddScalar(0.5))
BOUNDED: Chain = (ops.Tanh(), ops.MultiplyScalar(0.9))
BETWEEN: Chain = (ops.MultiplyScalar(0.7312), ops.AddScalar(0.1371))
"""Off the whole numbers and other round ones, at which step functions jump."""
INDEX: Chain = (ops.Clip(0, 1),)
"""Of two places at least."""


def _plain(*found: Op) -> tuple[Form, ...]:
    return tuple(map(Form, found))


def _of(guard: Chain, *found: Op) -> tuple[Form, ...]:
    return tuple(Form(op, (guard,)) for op in found)


ACTIVATIONS = _plain(
    ops.ReLU(),
    ops.LeakyReLU(0.2),
    ops.GELU(),
    ops.GELU("tanh"),
    ops.SiLU(),
    ops.Sigmoid(),
    ops.Tanh(),
    ops.Softmax(-1),
    ops.Softmax(1),
    ops.LogSoftmax(-1),
    ops.LogSoftmax(1),
    ops.ELU(0.7),
    ops.SELU(),
    ops.CELU(0.4),
    ops.Softplus(2.0),
    ops.Softplus(0.7, None),
    ops.Softsign(),
    ops.Mish(),
    ops.LogSigmoid(),
    ops.PReLU(),
    ops.PReLU(4),
    ops.Dropout(0.5),
    ops.Dropout(0.25, (1,)),
    ops.Dropout(0.5, (0, -1)),
) + _of(
    BETWEEN, ops.HardSwish(), ops.HardSigmoid(), ops.HardTanh(-0.4, 0.6), ops.HardTanh(0.0, 6.0)
)

ELEMENTWISE = (
    _plain(
        ops.Negative(),
        ops.Square(),
        ops.Erf(),
        ops.Sin(),
        ops.Cos(),
        ops.Atan(),
        ops.AddScalar(-0.3),
        ops.AddScalar(2),
        ops.MultiplyScalar(0.7),
        ops.MultiplyScalar(-2),
        ops.PowerScalar(2.0),
        ops.PowerScalar(3),
        ops.Cast("float"),
    )
    + _of(POSITIVE, ops.Log(), ops.Log1p(), ops.Sqrt(), ops.Rsqrt(), ops.Reciprocal())
    + _of(POSITIVE, ops.PowerScalar(0.5), ops.PowerScalar(-1.5))
    + _of(BOUNDED, ops.Exp(), ops.Expm1(), ops.Sinh(), ops.Cosh(), ops.Tan(), ops.Asin())
    + _of(BOUNDED, ops.Acos())
    + _of(BETWEEN, ops.Sign(), ops.Floor(), ops.Ceil(), ops.Round(), ops.Abs())
    + _of(BETWEEN, ops.Clip(-0.3, 0.7), ops.Clip(minimum=0.11), ops.Clip(maximum=0.41))
    + _of(BETWEEN, ops.Cast("int"), ops.Cast("bool"))
    + _of(BETWEEN, *(ops.CompareScalar(r, 0.05) for r in ("!=", "<", "<=", ">", ">=")))
    + _of((ops.Cast("int"),), ops.Abs(), ops.Clip(0, 1), ops.CompareScalar("==", 1))
)

SPATIAL = _plain(
    ops.conv2d(4, 3, padding=1),
    ops.conv2d(4, 2),
    ops.conv2d(2, 3, 2, 1, bias=False),
    ops.conv2d(4, 1),
    ops.conv2d(4, 3, padding=2, dilation=2, groups=2),
    ops.Conv(4, (2, 3), (1, 2), ((0, 1), (2, 0)), (1, 1)),
    ops.conv1d(4, 3, padding=1),
    ops.conv1d(4, 2, 2),
    ops.Conv(2, (2, 2, 3), (1, 2, 1), ((0, 0), (0, 0), (1, 1)), (1, 1, 1)),
    ops.ConvTranspose(4, (3, 2), (2, 2), ((1, 1), (0, 0)), (1, 0), (1, 1)),
    ops.ConvTranspose(4, (3,), (2,), ((0, 1),), (0,), (1,)),
    ops.max_pool2d(2),
    ops.max_pool2d(3, 2, 1),
    ops.max_pool2d(2, ceil_mode=True),
    ops.avg_pool2d(3, 1, 1),
    ops.AvgPool((3, 3), (2, 2), ((0, 1), (1, 1)), False, False),
    ops.MaxPool((2,), (2,), ((0, 0),), (1,)),
    ops.AvgPool((3,), (1,), ((1, 1),)),
    ops.GlobalAvgPool(),
    ops.GlobalAvgPool(True),
    ops.GlobalMaxPool(),
    ops.AdaptiveAvgPool((2, 3)),
    ops.AdaptiveMaxPool((2, 2)),
    ops.AdaptiveAvgPool((3,)),
    ops.Resize((5, 6), None, "nearest"),
    ops.Resize(None, (2.0, 2.0), "nearest"),
    ops.Resize(None, (2.0, 2.0), "bilinear"),
    ops.Resize((5, 7), None, "bilinear", True),
)

LAYERS = _plain(
    ops.Linear(4),
    ops.Linear(6),
    ops.Linear(8, bias=False),
    ops.BatchNorm(),
    ops.BatchNorm(eps=0.01, momentum=0.3),
    ops.BatchNorm(affine=False),
    ops.LayerNorm((4,)),
    ops.LayerNorm((6,), eps=0.01, bias=False),
    ops.LayerNorm((4, 4), affine=False),
    ops.GroupNorm(2),
    ops.GroupNorm(4, affine=False),
    ops.RMSNorm((4,)),
    ops.RMSNorm((6,), eps=0.1),
) + _of(
    (ops.Clip(0, BOUND - 1),),
    ops.Embedding(BOUND, 4),
    ops.Embedding(BOUND, 6, padding_idx=1),
    ops.OneHot(BOUND),
)

RECURRENT = _plain(
    ops.LSTM(4),
    ops.LSTM(6, reverse=True),
    ops.GRU(4),
    ops.GRU(6, reverse=True),
    ops.RNN(4, "none"),
    ops.RNN(4, activation="relu"),
)

MOVEMENT = _plain(
    ops.Flatten(),
    ops.Flatten(2),
    ops.Flatten(1, 2),
    ops.Flatten(0, 1),
    ops.Transpose((1, 0)),
    ops.Transpose((0, 2, 1)),
    ops.Transpose((1, 0, 2)),
    ops.Transpose((0, 2, 3, 1)),
    ops.Transpose((0, 3, 1, 2)),
    ops.Transpose((0, 1, 3, 2)),
    ops.Transpose((0, 2, 1, 3)),
    ops.Reshape(("N", 4, -1)),
    ops.Reshape(("N", 2, 2, -1)),
    ops.Reshape(("N", -1)),
    ops.Reshape((-1, 4)),
    ops.Reshape(("N", "T", 2, -1)),
    ops.Slice(1, 1),
    ops.Slice(1, 0, -1),
    ops.Slice(-1, 0, None, 2),
    ops.Slice(2, -2),
    ops.Select(1, 0),
    ops.Select(1, -1),
    ops.Select(-1, 1),
    ops.ExpandDims(1),
    ops.ExpandDims(-1),
    ops.Squeeze((1,)),
    ops.Squeeze((-1,)),
    ops.BroadcastTo(("N", 3, 4)),
    ops.BroadcastTo(("N", 4, 4, 4)),
    ops.Tile((1, 2)),
    ops.Tile((1, 2, 1)),
    ops.Tile((1, 1, 2, 1)),
    ops.RepeatInterleave(2, 1),
    ops.RepeatInterleave(2, -1),
    ops.Flip((1,)),
    ops.Flip((0, -1)),
    ops.Roll((1,), (1,)),
    ops.Roll((2, -1), (1, -1)),
    ops.Pad(((0, 0), (1, 2))),
    ops.Pad(((0, 0), (1, 0), (0, 2)), value=0.5),
    ops.Pad(((0, 0), (0, 0), (-1, 2)), value=-0.5),
    ops.Pad(((0, 0), (0, 0), (1, 1), (2, 0))),
    *(ops.Pad(((0, 0), (0, 0), (1, 2), (0, 1)), m) for m in ("reflect", "replicate", "circular")),
    ops.Triangle(True, 1),
    ops.Triangle(False),
)

REDUCTIONS = _plain(
    *(
        op(axes, keepdims)
        for op in (ops.Mean, ops.Sum, ops.Max, ops.Min, ops.LogSumExp)
        for axes, keepdims in (((-1,), False), ((1,), True), ((1, -1), False))
    ),
    ops.Variance((-1,)),
    ops.Variance((1,), 0, True),
    ops.CumSum(1),
    ops.CumSum(-1),
    ops.ArgMax(1),
    ops.ArgMin(-1, keepdims=True),
) + _of(BOUNDED, ops.Prod((1,)), ops.Prod((-1,), True))

ARITHMETIC = (
    _plain(ops.Add(), ops.Multiply(), ops.Concat(1), ops.Concat(-1))
    + tuple(Form(op, distinct=True) for op in (ops.Subtract(), ops.Maximum(), ops.Minimum()))
    + (
        Form(ops.Divide(), ((), POSITIVE), distinct=True),
        Form(ops.Remainder(), (BETWEEN, POSITIVE), distinct=True),
        Form(ops.FloorDivide(), (BETWEEN, POSITIVE), distinct=True),
        Form(ops.Power(), (POSITIVE, BOUNDED), distinct=True),
        Form(ops.Atan2(), (BETWEEN, POSITIVE), distinct=True),
    )
)

CONTRACTIONS = _plain(
    ops.MatMul(),
    ops.Einsum("ntc,nsc->nts"),
    ops.Einsum("nchw,ncij->nhj"),
    ops.Attention(),
    ops.Attention(causal=True, scale=0.4),
)

LOGIC = _plain(
    ops.LogicalAnd(),
    ops.LogicalOr(),
    ops.LogicalXor(),
    ops.Compare("=="),
    ops.Where(),
    ops.LogicalNot(),
    ops.All((1,)),
    ops.Any((-1,), keepdims=True),
) + tuple(Form(ops.Compare(r), (BETWEEN,), distinct=True) for r in ("<", ">=", "!="))

INDEXING = (
    Form(ops.Take(1), ((), INDEX)),
    Form(ops.Take(0), ((), INDEX)),
    Form(ops.TakeAlongAxis(1), ((), INDEX)),
    Form(ops.TakeAlongAxis(-1), ((), INDEX)),
)

SOURCES = _plain(
    ops.Parameter((4, 1, 4)),
    ops.Parameter((4,)),
    ops.Parameter((1, 2, 4, 1)),
    ops.Parameter((4, 6)),
    ops.Buffer((6, 1)),
    ops.Buffer((4,), "bool"),
    ops.Full(("N", 1), 0.3),
    ops.Full(("N", 4), True, "bool"),
    ops.Scalar(0.7),
    ops.Scalar(-1.3),
    ops.Scalar(2, "int"),
    ops.Arange(0, 4),
)

FAMILIES = {
    "activations": ACTIVATIONS,
    "elementwise": ELEMENTWISE,
    "spatial": SPATIAL,
    "layers": LAYERS,
    "recurrent": RECURRENT,
    "movement": MOVEMENT,
    "reductions": REDUCTIONS,
    "arithmetic": ARITHMETIC,
    "contractions": CONTRACTIONS,
    "logic": LOGIC,
    "indexing": INDEXING,
    "sources": SOURCES,
}

INPUTS = (
    TensorType(("N", 4, 6, 6)),
    TensorType(("N", 2, 4, 4)),
    TensorType(("N", 4, 9)),
    TensorType(("N", "T", 4)),
    TensorType(("N", 6, 4)),
    TensorType(("N", 8)),
    TensorType(("N", 2, 3, 4, 4)),
    TensorType(("N", "T"), "int"),
    TensorType(("N", 6), "int"),
    TensorType(("N", 4), "bool"),
)


def _operands(op: Op) -> tuple[int, ...]:
    """How many operands the op is given."""
    if isinstance(op.arity, tuple):
        return tuple(range(op.arity[0], op.arity[1] + 1))
    return (2,) if op.arity is None else (op.arity,)


@cache
def result_of(form: Form, kinds: tuple[TensorType, ...]) -> TensorType | None:
    """The type of the result, or None where the form does not fit, or its result is too large."""
    try:
        guards = itertools.zip_longest(form.guards[: len(kinds)], kinds, fillvalue=())
        guarded = [_through(guard, kind) for guard, kind in guards]
        if isinstance(form.op, ops.Take | ops.TakeAlongAxis):
            ops.Slice(form.op.axis, 1).infer(kinds[0])  # `INDEX` asks for two places
        if isinstance(form.op, ops.Pad) and form.op.mode != "constant":
            ops.AdaptiveAvgPool((1, 1)).infer(kinds[0])  # known sizes only
        form.op.check_arity(len(kinds))
        result = form.op.infer(*guarded)
        form.op.parameters(*guarded)
    except ShapeError:
        return None
    sizes = [evaluate(size, dict.fromkeys(symbols(size), 3)) for size in result.shape]
    count = 1
    for size in sizes:
        count *= size
    fits = min(sizes, default=1) > 0 and count <= MOST_ELEMENTS and result.rank <= MOST_AXES
    return result if fits else None


def _through(chain: Chain, kind: TensorType) -> TensorType:
    for op in chain:
        kind = op.infer(kind)
    return kind


@dataclass
class _Network:
    """A network that grows; ``random`` makes every choice."""

    random: Random
    builder: Builder = field(default_factory=lambda: Builder("random"))
    kinds: dict[str, TensorType] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    layers: list[tuple[Form, str, tuple[TensorType, ...]]] = field(default_factory=list)
    constants: set[str] = field(default_factory=set)
    path: tuple[str, ...] = ()

    def choose(self, items: Iterable[T]) -> T:
        return self.random.choice(list(items))

    def input(self, kind: TensorType) -> None:
        name = f"x{len(self.kinds)}"
        self.kinds[self.builder.input(name, kind.shape, kind.dtype)] = kind

    def apply(self) -> None:
        """One more op of some family, where one fits."""
        by_op: dict[type[Op], list[tuple[Form, tuple[str, ...]]]] = {}
        for form, names in self._fitting(FAMILIES[self.choose(FAMILIES)]):
            by_op.setdefault(type(form.op), []).append((form, names))
        if by_op:
            self.add(*self.choose(self.choose(by_op.values())))

    def share(self) -> None:
        """A layer again, on another value of its kinds."""
        uses = [
            (form, names, scope)
            for form, scope, kinds in self.layers
            for names in self._recent(len(kinds))
            if tuple(self.kinds[name] for name in names) == kinds
            and not self.constants.issuperset(names)
        ]
        if uses:
            self.add(*self.choose(uses))

    def enter(self) -> None:
        self.path = (*self.path, f"part{len(self.modules)}")
        self.modules[".".join(self.path)] = self.choose(("Block", "Stage"))

    def leave(self) -> None:
        self.path = self.path[:-1]

    def repeat(self) -> None:
        """Some ops, twice, in two modules of one class."""
        (name,) = self.choose(self._recent(1))
        if name in self.constants:
            return
        keeping = [
            form
            for family in (ACTIVATIONS, SPATIAL, LAYERS)
            for form in family
            if len(form.guards) < 2 and result_of(form, (self.kinds[name],)) == self.kinds[name]
        ]
        if not keeping:
            return
        forms = self.random.choices(keeping, k=self.random.randint(1, 3))
        outside, number = self.path, len(self.modules)
        for _ in range(2):
            self.path = (*outside, f"block{len(self.modules)}")
            self.modules[".".join(self.path)] = f"Repeated{number}"
            for index, form in enumerate(forms):
                name = self.add(form, (name,), ".".join((*self.path, f"step{index}")))
        self.path = outside

    def add(self, form: Form, names: tuple[str, ...], scope: str = "") -> str:
        kinds = tuple(self.kinds[name] for name in names)
        guards = itertools.zip_longest(form.guards[: len(names)], names, fillvalue=())
        operands = [self._guard(guard, name) for guard, name in guards]
        scope = scope or ".".join((*self.path, f"op{len(self.kinds)}"))
        owner = any(other == scope for _, other, _ in self.layers)
        name = self.builder(form.op, *operands, scope=scope)
        result = result_of(form, kinds)
        assert result is not None
        self.kinds[name] = result
        if not names and not isinstance(form.op, ops.Parameter):
            self.constants.add(name)
        if names and not owner:
            self.layers.append((form, scope, kinds))
        return name

    def finish(self, batched: bool) -> Graph:
        """Outputs are among the last values; what is no floating-point number becomes one."""
        last = [n for n, k in self.kinds.items() if not batched or k.shape[:1] == ("N",)]
        recent = last[-2:] if self.random.random() < 0.3 else last[-1:]
        floats = [
            name if self.kinds[name].dtype == "float" else self.builder(ops.Cast("float"), name)
            for name in recent
        ]
        return replace(self.builder.finish(*floats), modules=self.modules)

    def _guard(self, guard: Chain, name: str) -> str:
        for op in guard:
            name = self.builder(op, name, scope=".".join((*self.path, "guard")))
        return name

    def _recent(self, count: int) -> Iterator[tuple[str, ...]]:
        return itertools.product(list(self.kinds)[-RECENT:], repeat=count)

    def _fitting(self, family: tuple[Form, ...]) -> Iterator[tuple[Form, tuple[str, ...]]]:
        for form in family:
            for names in (n for count in _operands(form.op) for n in self._recent(count)):
                kinds = tuple(self.kinds[name] for name in names)
                alike = form.distinct and len(set(names)) == 1
                constant = names and self.constants.issuperset(names)
                if not alike and not constant and result_of(form, kinds) is not None:
                    yield form, names


STEPS = (*(_Network.apply,) * 6, _Network.share, _Network.enter, _Network.leave, _Network.repeat)


def random_network(seed: int, steps: Iterable[int], batched: bool = False) -> Graph:
    """The network of some ``steps``: each makes its own choices, with ``seed``, so that a failing
    network shrinks by leaving steps out. Where it is ``batched``, every output has an entry for
    each example, as every input has.
    """
    network = _Network(Random(seed))
    for _ in range(network.choose((1, 1, 2, 3))):
        network.input(network.choose(INPUTS))
    for step in sorted(steps):
        network.random.seed(f"{seed} {step}")
        network.choose(STEPS)(network)
    return network.finish(batched)


def networks(most: int = 12, batched: bool = False) -> st.SearchStrategy[Graph]:
    """Networks of up to ``most`` steps."""
    steps = st.lists(st.integers(0, most - 1), min_size=most // 3, unique=True)
    return st.builds(random_network, st.integers(0, 2**20), steps, st.just(batched))
