"""A PyTorch module and its graph compute the same: outputs, buffers and gradients, family by
family."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from originals import Network, assert_same, imported, ops_of
from torch import Tensor, nn

attend = F.scaled_dot_product_attention


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8, eps=1e-3, momentum=0.01)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1)
        self.drop = nn.Dropout2d(0.2)
        self.fc = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        y = self.drop(self.conv2(x))
        y += x
        y = F.max_pool2d(self.relu(y), 3, 2, 1)
        return self.fc(F.adaptive_avg_pool2d(y, 1).flatten(1))


def test_a_residual_network_keeps_its_parameters_scopes_and_lines():
    found = assert_same(Residual(), "x=float32[N,3,8,8]")
    assert "bn1.running_var" in found.weights
    assert found.modules["bn1"] == "BatchNorm2d"
    conv = next(node for node in found.graph.nodes if node.scope == "conv2")
    assert conv.parameters == {"weight": "conv2.weight", "bias": "conv2.bias"}
    assert conv.source is not None
    assert "test_torch_importer.py:" in conv.source


def test_the_weights_are_the_originals_in_its_own_precision():
    module = Residual()
    found = imported(module, "x=float32[N,3,8,8]")
    array = found.weights["conv1.weight"]
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, module.conv1.weight.detach().numpy())


def test_the_module_itself_is_left_as_it_was():
    module = Residual()
    module.bn1.eval()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    imported(module, "x=float32[N,3,8,8]")
    assert module.training
    assert not module.bn1.training
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, before[name])


ELEMENTWISE = {
    "arithmetic": lambda m, x: (
        1 - x + x * 0.1 - torch.rsub(x, 2, alpha=3) + torch.add(x, x, alpha=2)
    ),
    "division": lambda m, x: x / 8 + x / math.sqrt(6) + 2 / x.exp() + x.div(0.3),
    "powers": lambda m, x: x**2 + x**3 + x.abs() ** 1.5 + (x * x + 1) ** x + (x * x + 1) ** 0.5,
    "whole numbers": lambda m, x: x + torch.arange(6) // 4 + torch.arange(6) % 4,
    "numbers of float32": lambda m, x: x / torch.sqrt(torch.tensor(8, dtype=torch.float32) * 3),
    "promotion": lambda m, x: x * m.mask + m.mask.sum() + torch.arange(6) / 4,
    "functions": lambda m, x: x.sin() + x.cos().exp() + (x * x + 1).log() + (x * x + 1).rsqrt(),
    "error function": lambda m, x: x.erf() + x.expm1() + (x * x).log1p(),
    "clamps": lambda m, x: x.clamp(-0.5, 0.5) + x.clamp(min=0.1) + torch.clamp_max(x, 0.2),
    "extrema": lambda m, x: torch.maximum(x, m.other(x)) + torch.minimum(x, -x * 2),
    "activations": lambda m, x: F.gelu(x) + F.gelu(x, approximate="tanh") + F.silu(x) + F.elu(x),
    "more activations": lambda m, x: F.mish(x) + F.softplus(x) + F.leaky_relu(x, 0.2) + F.selu(x),
    "bounded activations": lambda m, x: F.relu6(x) + F.hardtanh(x, -0.1, 0.2) + F.hardswish(x),
    "softmax": lambda m, x: x.softmax(-1) + x.log_softmax(1) + F.softmin(x, 2),
    "gated": lambda m, x: F.glu(x, -1) + F.logsigmoid(x[..., :3]) + F.softsign(x[..., 3:]),
    "fused": lambda m, x: torch.addcmul(x, x, m.other(x), value=0.5) + torch.lerp(x, x * x, 0.3),
    "by decomposition": lambda m, x: F.softshrink(x) + F.hardshrink(x) + F.threshold(x, 0.1, 2.0),
}

REDUCTIONS = {
    "mean": lambda m, x: x - x.mean() + x.mean(1, keepdim=True),
    "sum": lambda m, x: x.sum((0, 2)) + x.sum(-1) * 2,
    "spread": lambda m, x: x.var(1) + x.std(1, unbiased=False) + torch.var(x, 1, correction=0),
    "largest": lambda m, x: x.amax(-1) + x.max(2)[0] + x.min(2).values + x.max(),
    "where the largest is": lambda m, x: F.one_hot(x.argmax(-1), 6) * x,
    "products": lambda m, x: x.prod(-1) + x.logsumexp(-1),
    "norms": lambda m, x: F.normalize(x, dim=-1) + x.norm(dim=1, keepdim=True) + x.norm(p=1, dim=0),
    "angle": lambda m, x: F.cosine_similarity(x, m.other(x), dim=-1),
    "running sum": lambda m, x: x.cumsum(1),
    "truth": lambda m, x: x * (m.mask.any() & ~m.mask.all()),
}

SHAPES = {
    "views": lambda m, x: x.view(-1, 24).reshape(x.size(0), 4, 6).flatten(1).unflatten(1, (6, 4)),
    "axes": lambda m, x: x.permute(2, 0, 1).transpose(0, 1).mT.movedim(0, -1).swapaxes(1, 2),
    "ones": lambda m, x: x.unsqueeze(1).squeeze(1)[:, None, :, None].squeeze(),
    "parts": lambda m, x: torch.cat(
        [b * c for b, c in [x.chunk(2, -1)]] + [x.split([2, 4], 2)[1]], 2
    ),
    "stacks": lambda m, x: torch.stack(x.unbind(1), 2) + sum(x.unbind(1))[..., None],
    "copies": lambda m, x: x.repeat(1, 2, 1) + x.tile(2, 1) + x.repeat_interleave(2, 1),
    "expansion": lambda m, x: (
        x.mean(1, keepdim=True).expand(-1, 4, -1) + x.mean(1, True).expand_as(x)
    ),
    "slices": lambda m, x: x[:, 1:-1, ::2] + x[:, 0, :3, None].mT + x.narrow(1, 1, 2)[..., -3:],
    "turns": lambda m, x: x.flip(1).roll(1, 2) + x.roll((1, -1), (1, 2)),
    "padding": lambda m, x: (
        F.pad(x, (1, 2)) + F.pad(x, (3, 0), value=2.0) + F.pad(x, (1, 2), "reflect")
    ),
    "triangles": lambda m, x: x @ torch.tril(m.table) + x @ m.table.triu(1),
    "pixels": lambda m, x: F.pixel_shuffle(x[:, :, :, None].expand(-1, -1, -1, 2), 2),
}

CHOICES = {
    "where": lambda m, x: torch.where(x > 0, x, torch.zeros_like(x)) + torch.where(x < 1, 1.0, -x),
    "masks": lambda m, x: x.masked_fill(m.mask, -torch.inf).softmax(-1) + x.masked_fill(x > 0, 0.5),
    "one index": lambda m, x: x[:, [0, 2, 1]] + m.table[torch.tensor([1, 3, 5])],
    "several indices": lambda m, x: x[torch.arange(x.shape[0]), torch.tensor([-1])],
    "indices from the end": lambda m, x: x[:, torch.tensor([-1, 0])] + x[:, torch.arange(2) - 2],
    "differences": lambda m, x: x.diff(1, 1, x[:, :1] - 1) + x.diff(n=2, append=x[..., :2]),
    "differences of truth": lambda m, x: x * m.mask.diff(append=m.mask[:1]),
    "along an axis": lambda m, x: x.gather(2, torch.zeros(x.shape[0], 4, 2, dtype=torch.long)),
    "selected rows": lambda m, x: x.index_select(1, torch.tensor([3, 0])),
    "grids": lambda m, x: (
        x @ sum(torch.meshgrid(torch.arange(6), torch.arange(6), indexing="xy")).float()
    ),
    "one hot": lambda m, x: x + F.one_hot(torch.arange(4) % 3, 6) + torch.eye(4, 6),
}

PRODUCTS = {
    "products": lambda m, x: x @ m.table + x.matmul(m.table[0])[..., None] + x.bmm(x.mT).sum(),
    "weights that are computed": lambda m, x: F.linear(x, m.table.t() * 2, m.table[0]),
    "tied layers": lambda m, x: m.fc(m.other(x)),
    "convolution with kernels that are computed": lambda m, x: F.conv1d(
        x, m.table[:, :4, None].expand(-1, -1, 2) * 0.5, m.table[0], stride=2, padding=1
    ),
    "einsum": lambda m, x: torch.einsum("...ij,jk", x, m.table),
    "explicit einsum": lambda m, x: torch.einsum("nij,nkj->ni", x, x),
    "attention": lambda m, x: attend(x, m.other(x), x),
    "causal attention": lambda m, x: attend(x, x, x, is_causal=True, scale=0.3),
    "masked attention": lambda m, x: attend(x, x, x, torch.eye(4).bool()),
    "biased attention": lambda m, x: attend(x, x, x, m.table[:4, :4]),
}


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(function, id=name)
        for family in (ELEMENTWISE, REDUCTIONS, SHAPES, CHOICES, PRODUCTS)
        for name, function in family.items()
    ],
)
def test_a_function_is_imported_with_its_gradients(function):
    assert_same(Network(function))


LAYERS = {
    "conv1d": (nn.Conv1d(4, 6, 3, stride=2, padding=2, dilation=2), "x=float32[N,4,12]"),
    "same padding": (nn.Conv2d(4, 6, 4, padding="same", groups=2), "x=float32[N,4,9,9]"),
    "reflected padding": (
        nn.Conv2d(4, 6, 3, padding=1, padding_mode="reflect"),
        "x=float32[N,4,9,9]",
    ),
    "transposed": (nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, groups=2), "x=float32[N,4,5,5]"),
    "pools": (
        nn.Sequential(nn.AvgPool2d(3, 2, 1), nn.MaxPool2d(2, ceil_mode=True)),
        "x=float32[N,4,9,9]",
    ),
    "adaptive pools": (
        nn.Sequential(nn.AdaptiveMaxPool2d(6), nn.AdaptiveAvgPool2d(4)),
        "x=float32[N,4,9,9]",
    ),
    "layer norm": (nn.LayerNorm((4, 6)), "x=float32[N,4,6]"),
    "layer norm without bias": (nn.LayerNorm(6, bias=False), "x=float32[N,4,6]"),
    "group norm": (nn.GroupNorm(2, 4), "x=float32[N,4,6]"),
    "instance norm": (nn.InstanceNorm2d(4, affine=True), "x=float32[N,4,6,6]"),
    "rms norm": (nn.RMSNorm(6, eps=1e-5), "x=float32[N,4,6]"),
    "batch statistics at all times": (
        nn.BatchNorm1d(4, track_running_stats=False),
        "x=float32[N,4,6]",
    ),
    "prelu": (nn.PReLU(4), "x=float32[N,4,6]"),
    "upsampling": (nn.Upsample(scale_factor=2, mode="bilinear"), "x=float32[N,4,5,5]"),
    "nearest": (nn.Upsample(size=(7, 8)), "x=float32[N,4,5,5]"),
    "weight norm": (nn.utils.parametrizations.weight_norm(nn.Linear(6, 4)), "x=float32[N,6]"),
    "bilinear": (nn.Bilinear(6, 5, 4), "input1=float32[N,6]", "input2=float32[N,5]"),
}


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_a_layer_is_imported_with_its_gradients(layer):
    assert_same(*layer)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize(
    "layer",
    [
        lambda **k: nn.LSTM(6, 5, 2, bidirectional=True, dropout=0.2, **k),
        lambda **k: nn.GRU(6, 5, 2, dropout=0.2, **k),
        lambda **k: nn.RNN(6, 5, nonlinearity="relu", bias=False, **k),
    ],
    ids=["lstm", "gru", "rnn"],
)
def test_a_recurrent_layer_becomes_one_node_for_each_layer_and_direction(layer, batch_first):
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = layer(batch_first=batch_first)

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            outputs, state = self.rnn(x)
            hidden = state[0] if isinstance(state, tuple) else state
            return outputs, hidden.transpose(0, 1), hidden[-1]

    shape = "x=float32[N,T,6]" if batch_first else "x=float32[T,N,6]"
    found = assert_same(Recurrent(), shape)
    assert len(found.randoms) == (0 if isinstance(Recurrent().rnn, nn.RNN) else 1)


class Reading(nn.Module):
    """Every state of two layers in two directions, and another layer that starts from some."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(6, 5, 2, bidirectional=True, batch_first=True)
        self.after = nn.LSTM(6, 5, batch_first=True)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        _, (h, c) = self.lstm(x)
        outputs, (_, last) = self.after(x.flip(1), (h[1:2], c[2:3]))
        return outputs, torch.cat([h, c]).transpose(0, 1) + last.squeeze(0)[:, None]


def test_final_cell_states_of_an_lstm_are_imported():
    found = assert_same(Reading(), "x=float32[N,T,6]")
    assert ops_of(found).count("LSTM") == 5
    assert ops_of(found).count("CellState") == 5


class Greedy(nn.Module):
    """A decoder that goes on from its own states, one step after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(6, 6, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        y, state = self.lstm(x)
        for _ in range(3):
            y, state = self.lstm(y[:, -1:], state)
        return y


def test_states_go_from_layer_to_layer_without_an_axis_more_or_less():
    found = assert_same(Greedy(), "x=float32[N,4,6]")
    assert {"ExpandDims", "Squeeze"}.isdisjoint(ops_of(found))


@pytest.mark.parametrize("cell", [nn.LSTMCell(6, 6), nn.GRUCell(6, 6), nn.RNNCell(6, 6)])
def test_a_cell_in_a_loop_shares_its_parameters(cell):
    class Loop(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = cell

        def forward(self, x: Tensor) -> Tensor:
            state = None
            for step in range(3):
                state = self.cell(x[:, step], state)
            return state[0] if isinstance(state, tuple) else state

    found = assert_same(Loop(), "x=float32[N,3,6]")
    assert len(found.graph.parameters) == 4


def test_multihead_attention_is_imported_with_its_dropout():
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(6, 2, dropout=0.1, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            return x + self.attention(x, x, x, need_weights=False)[0]

    found = assert_same(Block(), "x=float32[N,T,6]")
    assert "attention.in_proj_weight" in found.weights
    assert len(found.randoms) == 1


class Attending(nn.Module):
    """All ways in which a layer that attends to itself is called."""

    def __init__(self, options: dict[str, object], batch_first: bool) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(6, 2, batch_first=batch_first)
        self.options = options

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        known = {
            "mask": torch.triu(torch.full((5, 5), float("-inf")), 1),
            "padding": padding & (torch.arange(5) > 0),
        }
        options = {name: known.get(value, value) for name, value in self.options.items()}
        x = x if self.attention.batch_first else x.transpose(0, 1)
        x = self.attention(x, x, x, **options)[0]
        return x if self.attention.batch_first else x.transpose(0, 1)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"need_weights": False},
        {"attn_mask": "mask"},
        {"attn_mask": "mask", "need_weights": False, "is_causal": True},
        {"attn_mask": "mask", "key_padding_mask": "padding", "need_weights": False},
        {"key_padding_mask": "padding", "average_attn_weights": False},
    ],
    ids=lambda options: " ".join(options),
)
def test_multihead_attention_is_recorded_in_its_short_form(options, batch_first):
    network = Attending(options, batch_first)
    found = assert_same(network, "x=float32[N,5,6]", "padding=bool[N,5]", allowed=1e-12)
    assert ops_of(found).count("Slice") == 3
    assert ops_of(found).count("Linear") == 2


def test_what_the_short_form_lacks_is_recorded_as_pytorch_does_it():
    class Crossed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(6, 2, batch_first=True, add_bias_kv=True)

        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return self.attention(x, y, y, need_weights=False)[0]

    own = nn.MultiheadAttention.forward
    assert_same(Crossed(), "x=float32[N,5,6]", "y=float32[N,3,6]", allowed=1e-12)
    assert nn.MultiheadAttention.forward is own


def test_an_encoder_layer_is_imported_with_a_mask():
    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layer = nn.TransformerEncoderLayer(6, 2, 8, batch_first=True, norm_first=True)
            self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

        def forward(self, x: Tensor, padding: Tensor) -> Tensor:
            return self.encoder(x, src_key_padding_mask=padding)

    assert_same(Encoder(), "x=float32[N,T,6]", "padding=bool[N,T]", allowed=1e-12)


def test_a_tied_embedding_is_one_parameter_with_an_alias():
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(11, 6, padding_idx=0)
            self.head = nn.Linear(6, 11, bias=False)
            self.head.weight = self.embedding.weight

        def forward(self, tokens: Tensor) -> Tensor:
            return self.head(self.embedding(tokens))

    found = assert_same(Tied(), "tokens=int64[N,T]<11")
    assert list(found.graph.parameters) == ["embedding.weight"]
    assert found.aliases == {"head.weight": "embedding.weight"}
    assert found.inputs[0].below == 11


def test_a_tied_layer_may_have_a_bias_of_its_own():
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(11, 6)
            self.head = nn.Linear(6, 11)
            self.head.weight = self.embedding.weight

        def forward(self, tokens: Tensor) -> Tensor:
            return self.head(self.embedding(tokens))

    found = assert_same(Tied(), "tokens=int64[N,T]<11")
    assert list(found.graph.parameters) == ["embedding.weight", "head.bias"]


def test_parameters_outside_of_layers_become_sources():
    class Token(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.token = nn.Parameter(torch.randn(1, 1, 6))
            self.frozen = nn.Parameter(torch.randn(6), requires_grad=False)

        def forward(self, x: Tensor) -> Tensor:
            return torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) * self.frozen

    found = assert_same(Token(), "x=float32[N,T,6]")
    assert found.graph.parameters["token"].trainable
    assert not found.graph.parameters["frozen"].trainable


def test_a_frozen_batch_norm_is_arithmetic_with_its_buffers():
    class Frozen(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bn = nn.BatchNorm2d(3)
            self.bn.running_mean += 0.5

        def train(self, mode: bool = True) -> Frozen:
            super().train(mode)
            self.bn.eval()
            return self

        def forward(self, x: Tensor) -> Tensor:
            return self.bn(x)

    found = assert_same(Frozen(), "x=float32[N,3,4,4]")
    assert "BatchNorm" not in ops_of(found)


def test_several_outputs_keep_their_order():
    found = assert_same(Network(lambda m, x: {"a": x, "b": (x * 2, x.mean(1))}))
    assert len(found.graph.outputs) == 3


def test_what_no_output_needs_is_left_out():
    found = imported(Network(lambda m, x: (m.other(x), x)[1]))
    assert list(found.graph.parameters) == ["fc.weight", "fc.bias"]
