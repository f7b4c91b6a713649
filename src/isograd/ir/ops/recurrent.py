"""Recurrent ops: `LSTM`, `GRU` and `RNN`, one layer in one direction each.

A stack is several nodes, a bidirectional layer is two nodes (one with ``reverse``) and a `Concat`,
dropout between layers is a `Dropout` node. The last hidden state is a slice of the outputs, the
last cell state a `CellState` node behind the `LSTM`; with a mask and initial states, the last
hidden state is no output, but a `HiddenState` node.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import ClassVar, Literal, get_args

from isograd.ir.ops.base import Initializer, Op, ParameterSpec, ShapeError, TensorType, static
from isograd.ir.ops.checks import check_flag, check_whole, refuse

Activation = Literal["tanh", "sigmoid", "hard_sigmoid", "relu", "linear", "softsign", "silu", "elu"]
"""A function of each element, as in ``keras.activations``."""

ACTIVATIONS: tuple[str, ...] = get_args(Activation)

Bias = Literal["double", "single", "stacked", "none"]


@dataclass(frozen=True)
class _Recurrent(Op):
    """What the recurrent ops share: from x [N, T, I] to outputs [N, T, hidden_size], in the time
    order of x; further inputs are initial states [N, hidden_size], zero where they are left out.

    A recurrence that is ``masked`` has one more input behind all others, of truth values [N, T]: a
    step where it is false is skipped. It keeps the states, and its output is that of the step
    before, or zero where there is none: ``keras.layers.RNN``.

    Each of the ``gates`` has a block of ``hidden_size`` rows in every parameter: ``weight_ih``
    [gates * hidden_size, I], ``weight_hh`` [gates * hidden_size, hidden_size] and the biases
    [gates * hidden_size]. All start uniform in +-1/sqrt(hidden_size), which is what
    ``torch.nn.RNN`` documents.
    """

    gates: ClassVar[int] = 1
    states: ClassVar[int] = 1
    biases: ClassVar[tuple[str, ...]] = ("double", "single", "none")

    hidden_size: int
    bias: Bias = "double"
    reverse: bool = False
    masked: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        check_whole(self, "hidden_size", minimum=1)
        check_flag(self, "reverse")
        check_flag(self, "masked")
        if self.bias not in self.biases:
            refuse(self, "bias", " or ".join(map(repr, self.biases)))

    @property
    def functions(self) -> dict[str, Activation]:
        """Attribute to activation, of those that are not the usual ones."""
        chosen = (one for one in fields(self) if one.default in ACTIVATIONS)
        held = ((one.name, getattr(self, one.name), one.default) for one in chosen)
        return {name: own for name, own, usual in held if own != usual}

    def check_arity(self, count: int) -> None:
        super().check_arity(count - self.masked)

    def infer(self, *inputs: TensorType) -> TensorType:
        x, *initial = inputs[:-1] if self.masked else inputs
        name = type(self).__name__
        if any(value.dtype != "float" for value in (x, *initial)):
            raise ShapeError(f"{name} needs floating-point values")
        if x.rank != 3:
            raise ShapeError(f"{name} needs [batch, time, features], got {x.shape}")
        static(x.shape[2], "the number of input features")
        if len(initial) not in (0, self.states):
            raise ShapeError(f"{name} takes all {self.states} initial states or none")
        wanted = (x.shape[0], self.hidden_size)
        for state in initial:
            if state.shape != wanted:
                raise ShapeError(f"{name}: an initial state must be {wanted}, got {state.shape}")
        if self.masked and inputs[-1] != TensorType(x.shape[:2], "bool"):
            raise ShapeError(f"{name}: a mask must hold truth values {x.shape[:2]}")
        return x.with_shape((*x.shape[:2], self.hidden_size))

    def parameters(self, *inputs: TensorType) -> dict[str, ParameterSpec]:
        features = static(inputs[0].shape[2], "the number of input features")
        rows = self.gates * self.hidden_size
        init = Initializer("uniform", 1 / math.sqrt(self.hidden_size))
        roles = {"double": ("bias_ih", "bias_hh"), "none": ()}.get(self.bias, ("bias",))
        return {
            "weight_ih": ParameterSpec((rows, features), init),
            "weight_hh": ParameterSpec((rows, self.hidden_size), init),
            **{role: ParameterSpec(self._bias_shape(rows), init) for role in roles},
        }

    def _bias_shape(self, rows: int) -> tuple[int, ...]:
        return (2, rows) if self.bias == "stacked" else (rows,)


def _check_activations(op: Op, *names: str) -> None:
    for name in names:
        if getattr(op, name) not in ACTIVATIONS:
            refuse(op, name, " or ".join(map(repr, ACTIVATIONS)))


@dataclass(frozen=True)
class LSTM(_Recurrent):
    """Long short-term memory (Hochreiter & Schmidhuber, 1997; with the forget gate of Gers et al.,
    2000), as ``torch.nn.LSTM`` documents it.

    ``i, f, g, o`` are the blocks of ``weight_ih @ x + bias_ih + weight_hh @ h + bias_hh``, then
    ``c = sigmoid(f) * c + sigmoid(i) * tanh(g)`` and ``h = sigmoid(o) * tanh(c)``. Optional second
    and third inputs: the initial h and c. ``bias`` is "double" (both trainable, as in PyTorch),
    "single" (role ``bias``, as in Keras) or "none"; ``reverse`` goes from the last step to the
    first and leaves every output at its place. ``activation`` takes the place of tanh,
    ``recurrent_activation`` that of the sigmoid.
    """

    arity: ClassVar[int | tuple[int, int] | None] = (1, 3)
    gates: ClassVar[int] = 4
    states: ClassVar[int] = 2

    activation: Activation = field(default="tanh", kw_only=True)
    recurrent_activation: Activation = field(default="sigmoid", kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_activations(self, "activation", "recurrent_activation")


@dataclass(frozen=True)
class GRU(_Recurrent):
    """Gated recurrent unit (Cho et al., 2014). Gates r, z, n.

    ``r = sigmoid(a_r)`` and ``z = sigmoid(a_z)`` of ``a = weight_ih @ x + weight_hh @ h`` and the
    biases; ``h = (1 - z) * n + z * h``. With ``reset_after`` the reset gate works behind the
    product, ``n = tanh(W_n x + bias_ih_n + r * (U_n h + bias_hh_n))``, as in ``torch.nn.GRU`` and
    cuDNN; its ``bias`` is "double", "none", or "stacked": both in one ``bias`` [2, 3 hidden].
    Without, it works in front of it, as in the paper,
    ``n = tanh(W_n x + bias_n + U_n (r * h))``; its ``bias`` is "single" or "none". Optional second
    input: the initial h. The activations are as in `LSTM`.
    """

    arity: ClassVar[int | tuple[int, int] | None] = (1, 2)
    gates: ClassVar[int] = 3
    biases: ClassVar[tuple[str, ...]] = ("double", "single", "stacked", "none")

    reset_after: bool = True
    activation: Activation = field(default="tanh", kw_only=True)
    recurrent_activation: Activation = field(default="sigmoid", kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_activations(self, "activation", "recurrent_activation")
        check_flag(self, "reset_after")
        wanted = ("double", "stacked", "none") if self.reset_after else ("single", "none")
        if self.bias not in wanted:
            where = "with" if self.reset_after else "without"
            refuse(self, "bias", f"{' or '.join(map(repr, wanted))} {where} reset_after")


@dataclass(frozen=True)
class RNN(_Recurrent):
    """The simple recurrent layer of Elman (1990): ``h = activation(weight_ih @ x + bias_ih +
    weight_hh @ h + bias_hh)``, as ``torch.nn.RNN`` documents it. Optional second input: the initial
    h.
    """

    arity: ClassVar[int | tuple[int, int] | None] = (1, 2)

    activation: Activation = "tanh"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_activations(self, "activation")


@dataclass(frozen=True)
class _FinalState(Op):
    """A state [N, hidden_size] that a recurrence ends with. Its input is the recurrence's value
    [N, T, hidden_size], which says what recurrence is meant: the state is no function of it.
    """

    def infer(self, *inputs: TensorType) -> TensorType:
        (outputs,) = inputs
        if outputs.rank != 3:
            raise ShapeError(
                f"{type(self).__name__} needs the outputs of a recurrence, got {outputs.shape}"
            )
        return outputs.with_shape((outputs.shape[0], outputs.shape[2]))


@dataclass(frozen=True)
class CellState(_FinalState):
    """The cell state c that an `LSTM` ends with."""

    behind: ClassVar[tuple[type[Op], ...]] = (LSTM,)


@dataclass(frozen=True)
class HiddenState(_FinalState):
    """The hidden state h that a masked recurrence ends with: the last output that is no repetition,
    or the initial state where every step is skipped.
    """

    behind: ClassVar[tuple[type[Op], ...]] = (LSTM, GRU, RNN)
