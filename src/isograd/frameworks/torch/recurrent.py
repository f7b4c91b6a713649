"""Recurrent ops in PyTorch: ``nn.LSTM``, ``nn.GRU`` and ``nn.RNN``, and small modules where these
have other parameters.

PyTorch's order of the gates and orientation of the weights are the IR's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from isograd.frameworks.dialect import Layer, Site
from isograd.frameworks.final_states import Unpacking
from isograd.frameworks.formatting import Bracket, Source, call
from isograd.frameworks.torch.stepwise import ACTIVATIONS, STEPWISE
from isograd.ir import ops
from isograd.ir.mapping import Transform
from isograd.ir.ops import Op

_NATIVE = {
    "weight_ih": "weight_ih_l0",
    "weight_hh": "weight_hh_l0",
    "bias_ih": "bias_ih_l0",
    "bias_hh": "bias_hh_l0",
    "bias": "bias_ih_l0",
}


def lstm(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.LSTM)
    if op.masked or op.functions:
        return _stepwise(site, "StepwiseLSTM", {})
    return _stock(site, "SingleBiasLSTM" if op.bias == "single" else "nn.LSTM", op, {})


def gru(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.GRU)
    if op.masked or op.functions:
        return _stepwise(site, "StepwiseGRU", {} if op.reset_after else {"reset_after": False})
    if op.reset_after and op.bias != "stacked":
        return _stock(site, "nn.GRU", op, {})
    options = {"bias": False} if op.bias == "none" else {}
    name = "StackedBiasGRU" if op.reset_after else "ResetBeforeGRU"
    constructor = call(name, site.types[0].shape[2], op.hidden_size, **options)
    return Layer(constructor, {role: (role, Transform()) for role in site.node.parameters})


def rnn(site: Site) -> Layer:
    op = site.node.op
    assert isinstance(op, ops.RNN)
    if op.masked or op.activation not in ("tanh", "relu"):
        return _stepwise(site, "StepwiseRNN", {})
    options = {"nonlinearity": '"relu"'} if op.activation == "relu" else {}
    return _stock(site, "SingleBiasRNN" if op.bias == "single" else "nn.RNN", op, options)


def _stepwise(site: Site, name: str, options: Mapping[str, object]) -> Layer:
    """A module of one step after the other: PyTorch's own takes no mask and no other functions."""
    op = site.node.op
    assert isinstance(op, ops.LSTM | ops.GRU | ops.RNN)
    biases = {} if op.bias == "double" else {"bias": f'"{op.bias}"'}
    functions = {name: ACTIVATIONS[chosen] for name, chosen in op.functions.items()}
    constructor = call(
        name, site.types[0].shape[2], op.hidden_size, **biases, **options, **functions
    )
    single = {"bias": "bias_ih"} if op.bias == "single" else {}
    return Layer(
        constructor, {role: (single.get(role, role), Transform()) for role in site.node.parameters}
    )


def recurrence(site: Site) -> Source:
    """The outputs of all steps; for the reverse direction, time is turned around on both sides.
    Where the states are taken too, the outputs are left in the order in which they were made.
    """
    op = site.node.op
    assert isinstance(op, ops.LSTM | ops.GRU | ops.RNN)
    x, *rest = site.arguments
    mask = [rest.pop()] if op.masked else []
    states = tuple(map(_with_layers, rest))
    initial = (f"({', '.join(states)})",) if len(states) > 1 else states
    turned = ".flip(1)" if op.reverse else ""
    given = (f"{x}{turned}", *initial, *(f"mask={name}{turned}" for name in mask))
    return Bracket(f"{site.layer}(", given, ")" if site.apart else f")[0]{turned}")


def handed_out(site: Site) -> Source:
    """A state that its recurrence's call has made, which needs no expression of its own."""
    return site.x


def _with_layers(state: str) -> str:
    """A state of the one layer, as PyTorch takes it; one that it handed out is so already."""
    return state.removesuffix("[0]") if state.endswith("[0]") else f"{state}[None]"


def _stock(
    site: Site, name: str, op: ops.LSTM | ops.GRU | ops.RNN, options: Mapping[str, object]
) -> Layer:
    without = {"bias": False} if op.bias == "none" else {}
    constructor = call(
        name, site.types[0].shape[2], op.hidden_size, **options, **without, batch_first=True
    )
    return Layer(constructor, {role: (_NATIVE[role], Transform()) for role in site.node.parameters})


SINGLE_BIAS_LSTM = '''\
class SingleBiasLSTM(nn.LSTM):
    """nn.LSTM with one bias: the second one stays zero and belongs neither to the parameters nor
    to the state.
    """

    def __init__(self, input_size: int, hidden_size: int, **options: bool) -> None:
        super().__init__(input_size, hidden_size, **options)
        del self.bias_hh_l0
        self.bias_hh_l0 = nn.Buffer(torch.zeros(4 * hidden_size), persistent=False)
'''

SINGLE_BIAS_RNN = '''\
class SingleBiasRNN(nn.RNN):
    """nn.RNN with one bias: the second one stays zero and belongs neither to the parameters nor
    to the state.
    """

    def __init__(self, input_size: int, hidden_size: int, **options: str | bool) -> None:
        super().__init__(input_size, hidden_size, **options)
        del self.bias_hh_l0
        self.bias_hh_l0 = nn.Buffer(torch.zeros(hidden_size), persistent=False)
'''

STACKED_BIAS_GRU = '''\
class StackedBiasGRU(nn.Module):
    """nn.GRU over [batch, time, features] whose biases, for the input and for the state, are the
    rows of one tensor. The gates are r, z, n.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.weight_ih = nn.Parameter(torch.empty(3 * hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.empty(3 * hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.empty(2, 3 * hidden_size))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(hidden_size**-0.5), hidden_size**-0.5)

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        if state is None:
            state = x.new_zeros(1, x.shape[0], self.weight_hh.shape[1])
        weights = [self.weight_ih, self.weight_hh, *self.bias.unbind()]
        return torch.gru(x, state, weights, True, 1, 0.0, self.training, False, True)
'''

RESET_BEFORE_GRU = '''\
class ResetBeforeGRU(nn.Module):
    """A gated recurrent unit over [batch, time, features] whose reset gate works in front of the
    product, as in the paper (Cho et al., 2014).

    In nn.GRU it works behind the product. The gates are r, z, n.
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True) -> None:
        super().__init__()
        self.weight_ih = nn.Parameter(torch.empty(3 * hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.empty(3 * hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.empty(3 * hidden_size)) if bias else None
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(hidden_size**-0.5), hidden_size**-0.5)

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        size = self.weight_hh.shape[1]
        h = x.new_zeros(x.shape[0], size) if state is None else state[0]
        gates, candidate = self.weight_hh[: 2 * size], self.weight_hh[2 * size :]
        outputs = []
        for a in F.linear(x, self.weight_ih, self.bias).unbind(1):
            r, z = torch.sigmoid(a[:, : 2 * size] + F.linear(h, gates)).chunk(2, 1)
            n = torch.tanh(a[:, 2 * size :] + F.linear(r * h, candidate))
            h = (1 - z) * n + z * h
            outputs.append(h)
        return torch.stack(outputs, 1), h[None]
'''

EXACT: dict[str, str] = {
    **STEPWISE,
    "SingleBiasLSTM": SINGLE_BIAS_LSTM,
    "SingleBiasRNN": SINGLE_BIAS_RNN,
    "StackedBiasGRU": STACKED_BIAS_GRU,
    "ResetBeforeGRU": RESET_BEFORE_GRU,
}
"""Name to source of the modules that are copied into an emitted file that needs them."""

LAYERS: dict[type[Op], Callable[[Site], Layer]] = {ops.LSTM: lstm, ops.GRU: gru, ops.RNN: rnn}
"""Op to its layer."""

UNPACK: dict[type[Op], Unpacking] = {
    ops.LSTM: Unpacking("{}, ({}, {})", "{}[0]"),
    **dict.fromkeys((ops.GRU, ops.RNN), Unpacking("{}, {}", "{}[0]")),
}
"""Op to how its layer hands out states."""

EXPRESSIONS: dict[type[Op], Callable[[Site], Source]] = {
    **dict.fromkeys(LAYERS, recurrence),
    **dict.fromkeys((ops.CellState, ops.HiddenState), handed_out),
}
"""Op to its expression."""
