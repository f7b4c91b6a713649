"""Recurrent ops in Keras: ``keras.layers.LSTM``, ``GRU`` and ``SimpleRNN``, and small layers on
their basis where there are two biases.

Keras keeps its kernels transposed, and the gates of a GRU in the order z, r, n.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from isograd.frameworks.dialect import Layer, Site
from isograd.frameworks.final_states import Unpacking
from isograd.frameworks.formatting import Source, call
from isograd.ir import ops
from isograd.ir.mapping import Blocks, Permute, Transform
from isograd.ir.ops import Op

_NATIVE = {
    "weight_ih": "cell.kernel",
    "weight_hh": "cell.recurrent_kernel",
    "bias": "cell.bias",
    "bias_ih": "bias_ih",
    "bias_hh": "bias_hh",
}


def lstm(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.LSTM)
    return _layer(site, "TwoBiasLSTM" if op.bias == "double" else "keras.layers.LSTM", op, {})


def gru(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.GRU)
    options = {} if op.reset_after else {"reset_after": False}
    name = "TwoBiasGRU" if op.bias == "double" else "keras.layers.GRU"
    return _layer(site, name, op, options, order=(1, 0, 2))


def rnn(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.RNN)
    name = "TwoBiasRNN" if op.bias == "double" else "keras.layers.SimpleRNN"
    return _layer(site, name, op, {})


def recurrence(site: Site) -> Source:
    """The outputs of all steps, or of the last one where no other is read. A layer that goes
    backwards gives them in the order in which it made them, which is turned around again.
    """
    op = site.node.op
    assert isinstance(op, ops.LSTM | ops.GRU | ops.RNN)
    x, *states = site.arguments
    mask = {"mask": states.pop()} if op.masked else {}
    initial = {"initial_state": f"[{', '.join(states)}]"} if states else {}
    outputs = call(site.layer, x, **initial, **mask)
    if site.apart:
        return outputs
    if site.handing_out:
        outputs = replace(outputs, closing=")[0]")
    return call("ops.flip", outputs, axis=1) if op.reverse and not site.last else outputs


def handed_out(site: Site) -> Source:
    """A state that its recurrence's call has made, which needs no expression of its own."""
    return site.x


def _layer(
    site: Site,
    name: str,
    op: ops.LSTM | ops.GRU | ops.RNN,
    options: Mapping[str, object],
    order: tuple[int, ...] | None = None,
) -> Layer:
    """``order`` is the framework's order of the gates, as numbers of the IR's."""
    without = {"use_bias": False} if op.bias == "none" else {}
    functions = {name: f'"{chosen}"' for name, chosen in op.functions.items()}
    backwards = {"go_backwards": True} if op.reverse else {}
    whole = {} if site.last else {"return_sequences": True}
    states = {"return_state": True} if site.handing_out else {}
    constructor = call(
        name, op.hidden_size, **functions, **options, **without, **backwards, **whole, **states
    )
    return Layer(
        constructor,
        {
            role: (_NATIVE[role], _held(role, order, op.bias == "stacked"))
            for role in site.node.parameters
        },
    )


def _held(role: str, order: tuple[int, ...] | None, stacked: bool) -> Transform:
    """From a role's logical form to the framework's."""
    is_weight = role.startswith("weight")
    steps: tuple[Permute | Blocks, ...] = (Permute((1, 0)),) if is_weight else ()
    if order is not None:
        steps += (Blocks(1 if is_weight or stacked else 0, order),)
    return Transform(steps)


TWO_BIAS_LSTM = '''\
class TwoBiasLSTM(keras.layers.LSTM):
    """keras.layers.LSTM with a bias for the input and another for the state, both trained."""

    def __init__(self, units, **options):
        super().__init__(units, use_bias=False, **options)

    def build(self, sequences_shape, initial_state_shape=None):
        super().build(sequences_shape, initial_state_shape)
        shape = (4 * self.units,)
        self.bias_ih = self.add_weight(shape=shape, initializer="zeros", name="bias_ih")
        self.bias_hh = self.add_weight(shape=shape, initializer="zeros", name="bias_hh")
        self.cell.use_bias = True

    def inner_loop(self, sequences, initial_state, mask, training=False):
        self.cell.bias = self.bias_ih + self.bias_hh
        found = super().inner_loop(sequences, initial_state, mask, training)
        self.cell.bias = None
        return found
'''

TWO_BIAS_GRU = '''\
class TwoBiasGRU(keras.layers.GRU):
    """keras.layers.GRU whose two biases, for the input and for the state, are separate weights."""

    def __init__(self, units, **options):
        super().__init__(units, use_bias=False, **options)

    def build(self, sequences_shape, initial_state_shape=None):
        super().build(sequences_shape, initial_state_shape)
        shape = (3 * self.units,)
        self.bias_ih = self.add_weight(shape=shape, initializer="zeros", name="bias_ih")
        self.bias_hh = self.add_weight(shape=shape, initializer="zeros", name="bias_hh")
        self.cell.use_bias = True

    def inner_loop(self, sequences, initial_state, mask, training=False):
        both = ops.concatenate([self.bias_ih, self.bias_hh])
        self.cell.bias = ops.reshape(both, (2, -1))
        found = super().inner_loop(sequences, initial_state, mask, training)
        self.cell.bias = None
        return found
'''

TWO_BIAS_RNN = '''\
class TwoBiasRNN(keras.layers.SimpleRNN):
    """keras.layers.SimpleRNN with a bias for the input and another for the state, both trained."""

    def __init__(self, units, **options):
        super().__init__(units, use_bias=False, **options)

    def build(self, sequences_shape, initial_state_shape=None):
        super().build(sequences_shape, initial_state_shape)
        shape = (self.units,)
        self.bias_ih = self.add_weight(shape=shape, initializer="zeros", name="bias_ih")
        self.bias_hh = self.add_weight(shape=shape, initializer="zeros", name="bias_hh")
        self.cell.use_bias = True

    def inner_loop(self, sequences, initial_state, mask, training=False):
        self.cell.bias = self.bias_ih + self.bias_hh
        found = super().inner_loop(sequences, initial_state, mask, training)
        self.cell.bias = None
        return found
'''

EXACT: dict[str, str] = {
    "TwoBiasLSTM": TWO_BIAS_LSTM,
    "TwoBiasGRU": TWO_BIAS_GRU,
    "TwoBiasRNN": TWO_BIAS_RNN,
}
"""Name to source of the layers that are copied into an emitted file that needs them."""

LAYERS: dict[type[Op], Callable[[Site], Layer]] = {ops.LSTM: lstm, ops.GRU: gru, ops.RNN: rnn}
"""Op to its layer."""

UNPACK: dict[type[Op], Unpacking] = {
    ops.LSTM: Unpacking("{}, {}, {}"),
    **dict.fromkeys((ops.GRU, ops.RNN), Unpacking("{}, {}")),
}
"""Op to how its layer hands out states."""

EXPRESSIONS: dict[type[Op], Callable[[Site], Source]] = {
    **dict.fromkeys(LAYERS, recurrence),
    **dict.fromkeys((ops.CellState, ops.HiddenState), handed_out),
}
"""Op to its expression."""
