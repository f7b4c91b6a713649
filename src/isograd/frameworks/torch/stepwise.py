"""Recurrences of one step after the other, for what PyTorch's own layers lack: masks, and other
functions than tanh and sigmoid. They are copied into an emitted file that needs them.
"""

from __future__ import annotations

from collections.abc import Mapping

from isograd.ir.ops.recurrent import Activation

ACTIVATIONS: Mapping[Activation, str] = {
    "tanh": "torch.tanh",
    "sigmoid": "torch.sigmoid",
    "hard_sigmoid": "hard_sigmoid",
    "relu": "torch.relu",
    "linear": "nn.Identity()",
    "softsign": "F.softsign",
    "silu": "F.silu",
    "elu": "F.elu",
}
"""Activation to the function that a stepwise module is given."""


BASE = '''\
class Stepwise(nn.Module):
    """A recurrence over [batch, time, features], one step after the other. Where a mask [batch,
    time] is false, a step is skipped: it keeps the states, and gives the output of the step before,
    or zero where there is none.
    """

    gates, count = 1, 1  # of states

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: str = "double",
        activation: Callable[[Tensor], Tensor] = torch.tanh,
        recurrent_activation: Callable[[Tensor], Tensor] = torch.sigmoid,
    ) -> None:
        super().__init__()
        self.activation, self.gate = activation, recurrent_activation
        rows = self.gates * hidden_size
        self.weight_ih = nn.Parameter(torch.empty(rows, input_size))
        self.weight_hh = nn.Parameter(torch.empty(rows, hidden_size))
        one = bias in ("double", "single")
        self.bias_ih = nn.Parameter(torch.empty(rows)) if one else None
        self.bias_hh = nn.Parameter(torch.empty(rows)) if bias == "double" else None
        self.bias = nn.Parameter(torch.empty(2, rows)) if bias == "stacked" else None
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(hidden_size**-0.5), hidden_size**-0.5)

    def forward(
        self,
        x: Tensor,
        state: Tensor | tuple[Tensor, Tensor] | None = None,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor | tuple[Tensor, ...]]:
        bias_ih, bias_hh = self.bias_ih, self.bias_hh
        if self.bias is not None:
            bias_ih, bias_hh = self.bias.unbind()
        zeros = x.new_zeros(x.shape[0], self.weight_hh.shape[1])
        given = state if isinstance(state, tuple) else (state,)
        states = [zeros] * self.count if state is None else [one[0] for one in given]
        output, outputs = zeros, []
        for t, a in enumerate(F.linear(x, self.weight_ih, bias_ih).unbind(1)):
            new = self.step(a, bias_hh, *states)
            if mask is None:
                output, states = new[0], new
            else:
                keep = mask[:, t, None]
                output = torch.where(keep, new[0], output)
                states = [torch.where(keep, *pair) for pair in zip(new, states, strict=True)]
            outputs.append(output)
        last = tuple(one[None] for one in states)
        return torch.stack(outputs, 1), last if len(last) > 1 else last[0]
'''

LSTM = '''\
class StepwiseLSTM(Stepwise):
    """Long short-term memory, step by step. The gates are i, f, g, o."""

    gates, count = 4, 2

    def step(self, a: Tensor, bias: Tensor | None, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        i, f, g, o = (a + F.linear(h, self.weight_hh, bias)).chunk(4, 1)
        c = self.gate(f) * c + self.gate(i) * self.activation(g)
        return self.gate(o) * self.activation(c), c
'''

GRU = '''\
class StepwiseGRU(Stepwise):
    """A gated recurrent unit, step by step. The gates are r, z, n; the reset gate works behind the
    product with the state, or in front of it.
    """

    gates, count = 3, 1

    def __init__(
        self, input_size: int, hidden_size: int, reset_after: bool = True, **options
    ) -> None:
        super().__init__(input_size, hidden_size, **options)
        self.reset_after = reset_after

    def step(self, a: Tensor, bias: Tensor | None, h: Tensor) -> tuple[Tensor]:
        size = h.shape[1]
        if self.reset_after:
            b = F.linear(h, self.weight_hh, bias)
        else:
            b = F.linear(h, self.weight_hh[: 2 * size])
        r, z = self.gate(a[:, : 2 * size] + b[:, : 2 * size]).chunk(2, 1)
        if self.reset_after:
            b = r * b[:, 2 * size :]
        else:
            b = F.linear(r * h, self.weight_hh[2 * size :])
        n = self.activation(a[:, 2 * size :] + b)
        return ((1 - z) * n + z * h,)
'''

RNN = '''\
class StepwiseRNN(Stepwise):
    """The simple recurrent layer of Elman (1990), step by step."""

    def step(self, a: Tensor, bias: Tensor | None, h: Tensor) -> tuple[Tensor]:
        return (self.activation(a + F.linear(h, self.weight_hh, bias)),)
'''

HARD_SIGMOID = '''\
def hard_sigmoid(x: Tensor) -> Tensor:
    """The gradient of F.hardsigmoid rounds 1/6 to float32."""
    return F.relu6(x + 3) / 6
'''

STEPWISE = {
    "hard_sigmoid": HARD_SIGMOID,
    "Stepwise": BASE,
    "StepwiseLSTM": LSTM,
    "StepwiseGRU": GRU,
    "StepwiseRNN": RNN,
}
"""Name to source of each module, and of what they have in common."""
