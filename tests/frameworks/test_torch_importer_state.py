"""In-place changes, random draws and both modes: what an imported network makes of them."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from originals import Network, assert_same, imported, ops_of
from torch import Tensor

from isograd.errors import UsageError
from isograd.frameworks.torch import emitter
from isograd.ir import ops
from isograd.ir.builder import Builder
from isograd.ir.ops import Dropout
from isograd.models import load


def _fill_column(m, x):
    x = x.clone()
    x[:, 0] = 0
    return x


def _change_part_then_read_all(m, x):
    x = x.clone()
    x[:, :, 2:4] += 1
    part = x[:, 1]
    part.mul_(3)
    return x + part.unsqueeze(1)


def _change_through_a_transpose(m, x):
    x = x.clone()
    turned = x.transpose(1, 2)
    turned[:, 1].add_(5)
    return x * turned.transpose(1, 2)


def _write_a_constant(m, x):
    x = x.clone()
    x[:, -2:] = torch.tensor([1.0, 2, 3, 4, 5, 6])
    return x


def _fill_an_empty_tensor(m, x):
    out = torch.zeros(x.shape[0], 5, 6)
    out[:, 1:4] = x[:, :3]
    return out


def _write_where_true(m, x):
    x = x.clone()
    x[x > 0] = 0
    return x


def _chain(m, x):
    return x.clone().mul_(2).add_(1).clamp_(min=0)


@pytest.mark.parametrize(
    "function",
    [
        _fill_column,
        _change_part_then_read_all,
        _change_through_a_transpose,
        _write_a_constant,
        _fill_an_empty_tensor,
        _write_where_true,
        _chain,
    ],
)
def test_a_change_in_place_is_seen_through_every_view(function):
    assert_same(Network(function))


def test_a_change_that_a_copy_may_or_may_not_see_is_refused():
    def function(m, x):
        flat = x.reshape(-1, 6)
        flat.add_(1)
        return x

    with pytest.raises(UsageError, match="in place"):
        imported(Network(function))


def test_a_changed_buffer_is_refused_by_name():
    def function(m, x):
        m.count.add_(1)
        return x * m.count

    module = Network(function)
    module.register_buffer("count", torch.zeros(1))
    with pytest.raises(UsageError, match="'count'"):
        imported(module)


# Random draws -------------------------------------------------------------------------------------


def _timm(m, x):
    if not m.training:
        return x
    mask = x.new_empty((x.shape[0],) + (1,) * (x.ndim - 1)).bernoulli_(0.8)
    mask.div_(0.8)
    return x * mask


def _floor(m, x):
    if not m.training:
        return x
    mask = 0.75 + torch.rand((x.shape[0], 1, 1), dtype=x.dtype)
    mask.floor_()
    return x.div(0.75) * mask


def _above(m, x):
    if not m.training:
        return x
    mask = (torch.rand(x.shape[0], 1, 1) >= 0.25).float() / 0.75
    return x * mask


def _bernoulli(m, x):
    if not m.training:
        return x
    return x / 0.75 * torch.bernoulli(torch.full((x.shape[0], 1, 1), 0.75))


@pytest.mark.parametrize("function", [_timm, _floor, _above, _bernoulli])
def test_stochastic_depth_by_hand_is_a_dropout_with_shared_draws(function):
    found = assert_same(Network(function), "x=float32[N,4,6]")
    (node,) = (node for node in found.graph.nodes if isinstance(node.op, Dropout))
    assert node.op.shared == (1, 2)
    assert node.op.p == pytest.approx(0.2 if function is _timm else 0.25)
    assert ops_of(found) == ["Linear", "Dropout"]


def test_a_mask_that_keeps_no_mean_is_a_dropout_and_a_product():
    def function(m, x):
        mask = torch.bernoulli(torch.full((x.shape[0], 1, 1), 0.75)) if m.training else 0.75
        return x * mask

    found = assert_same(Network(function))
    assert ops_of(found) == ["Linear", "Dropout", "MultiplyScalar"]


def test_whole_channels_are_dropped_at_once():
    found = assert_same(Network(lambda m, x: F.dropout1d(x, 0.5, m.training)))
    (node,) = (node for node in found.graph.nodes if isinstance(node.op, Dropout))
    assert node.op.shared == (2,)


def test_dropout_inside_of_attention_splits_it_in_both_modes():
    def function(m, x):
        p = 0.1 if m.training else 0.0
        return F.scaled_dot_product_attention(x, x, x, dropout_p=p, is_causal=True)

    found = assert_same(Network(function), "x=float32[N,T,6]")
    assert "Attention" not in ops_of(found)
    assert len(found.randoms) == 1


def test_masks_are_named_in_the_order_of_the_draws():
    def function(m, x):
        late = F.dropout(m.other(x), 0.2, m.training)
        return F.dropout(x, 0.4, m.training) + late

    found = assert_same(Network(function))
    ps = {node.name: node.op.p for node in found.graph.nodes if isinstance(node.op, Dropout)}
    assert [ps[name] for name in found.randoms] == [0.2, 0.4]


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x: x + torch.randn_like(x),
        lambda m, x: x * torch.rand_like(x),
        lambda m, x: F.alpha_dropout(x, 0.1, m.training),
    ],
)
def test_other_randomness_is_refused(function):
    with pytest.raises(UsageError, match=r"(?i)random"):
        imported(Network(function))


# Modes --------------------------------------------------------------------------------------------


def test_a_network_that_computes_something_else_in_evaluation_is_refused_with_its_line():
    def function(m, x):
        return x * 2 if m.training else x

    with pytest.raises(UsageError, match="evaluation mode") as caught:
        imported(Network(function))
    assert "originals.py:" in str(caught.value)


def test_an_output_that_evaluation_lacks_is_refused():
    with pytest.raises(UsageError, match="evaluation mode"):
        imported(Network(lambda m, x: (x, x * 2) if m.training else x))


# Gradients ----------------------------------------------------------------------------------------


def test_a_stopped_gradient_is_refused():
    with pytest.raises(UsageError, match="gradient"):
        imported(Network(lambda m, x: x - x.detach()))


def test_a_region_without_gradients_is_refused_where_it_would_stop_one():
    def function(m, x):
        with torch.no_grad():
            mean = x.mean()
        return x - mean

    with pytest.raises(UsageError, match="no_grad"):
        imported(Network(function))


def test_a_table_made_without_gradients_is_taken():
    def function(m, x: Tensor) -> Tensor:
        with torch.no_grad():
            table = (torch.arange(x.shape[1]) / 7).cos()
        return x * table[:, None]

    assert_same(Network(function), "x=float32[N,T,6]")


def _draws_for_nothing(m, x):
    F.dropout(torch.tanh(x), 0.5, m.training)
    return F.dropout(x, 0.3, m.training)


def test_a_dropout_that_nothing_reads_still_has_its_place_among_the_draws():
    assert len(assert_same(Network(_draws_for_nothing)).randoms) == 2


class Watched(torch.nn.Module):
    """Its normalisation is called twice, once for its statistics only."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(4)

    def forward(self, x: Tensor) -> Tensor:
        self.norm(x.square())
        return self.norm(x)


def test_a_normalisation_that_nothing_reads_still_moves_its_statistics():
    assert_same(Watched(), "x=float32[N,4,6]")


@pytest.mark.parametrize("size", [(), (5,), (5, 4)], ids=["1d", "2d", "3d"])
def test_a_biased_running_variance_that_was_emitted_comes_back(size, tmp_path):
    b = Builder("biased")
    x = b.input("x", ("N", 3, *size) if size else ("N", 3))
    graph = b.finish(b(ops.BatchNorm(1e-3, 0.01, unbiased=False), x, scope="bn"))
    path = tmp_path / "model.py"
    path.write_text(emitter.emit(graph).source)
    shape = ",".join(map(str, ("N", 3, *size)))
    found = load(f"{path}:Biased", [f"x=float32[{shape}]"], here=True)
    assert [node.op for node in found.graph.nodes] == [node.op for node in graph.nodes]


def test_a_form_that_its_owner_has_changed_is_no_exact_form(tmp_path):
    b = Builder("biased")
    graph = b.finish(b(ops.BatchNorm(1e-3, 0.01, unbiased=False), b.input("x", ("N", 3))))
    source = emitter.emit(graph).source.replace("(count - 1) / count", "(count - 2) / count")
    path = tmp_path / "model.py"
    path.write_text(source)
    with pytest.raises(UsageError):
        load(f"{path}:Biased", ["x=float32[N,3]"], here=True)
