"""Attention that projects at once in PyTorch, and with three layers in Keras: the usual port."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import torch
from keras import layers, ops
from safetensors.numpy import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from isograd.errors import UsageError
from isograd.ir.mapping import Join, Split
from isograd.models import load
from isograd.run.matching import match
from isograd.run.pair import pair_up
from isograd.run.transfer import transfer
from isograd.testing import assert_equivalent

LENGTH, WIDTH, HEADS = 6, 16, 2
INPUT = [f"x=float32[N,{LENGTH},{WIDTH}]"]
SOME = (1, 10)
"""Training steps after which two networks are compared."""


class Attends(nn.Module):
    def __init__(self, batch_first: bool = True) -> None:
        super().__init__()
        self.batch_first = batch_first
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=batch_first)
        nn.init.normal_(self.attention.in_proj_bias)

    def forward(self, x: Tensor) -> Tensor:
        x = x if self.batch_first else x.transpose(0, 1)
        x = self.attention(x, x, x, need_weights=False)[0]
        return x if self.batch_first else x.transpose(0, 1)


class Chunks(nn.Module):
    """Heads as many write them: one projection, cut into three."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        n, t, e = x.shape
        parts = self.qkv(x).chunk(3, dim=-1)
        q, k, v = (part.view(n, t, HEADS, e // HEADS).transpose(1, 2) for part in parts)
        x = F.scaled_dot_product_attention(q, k, v)
        return self.out(x.transpose(1, 2).reshape(n, t, e))


class Heads(nn.Module):
    """Heads as vision transformers have them: one reshape and one permutation of all three."""

    def __init__(self, order: tuple[int, int, int] = (0, 1, 2)) -> None:
        super().__init__()
        self.order = order
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        n, t, e = x.shape
        parts = self.qkv(x).reshape(n, t, 3, HEADS, e // HEADS).permute(2, 0, 3, 1, 4)
        q, k, v = (parts[i] for i in self.order)
        return self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class Three(nn.Module):
    """Three layers in PyTorch."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.out = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        n, t, _ = x.shape
        q, k, v = (f(x).view(n, t, HEADS, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        x = F.scaled_dot_product_attention(q, k, v)
        return self.out(x.permute(0, 2, 1, 3).reshape(n, t, -1))


def attends() -> keras.Model:
    x = keras.Input((LENGTH, WIDTH))
    layer = layers.MultiHeadAttention(HEADS, WIDTH // HEADS, bias_initializer="random_normal")
    return keras.Model(x, layer(x, x))


class Einsum(layers.Layer):
    """Scores and sums by einsum, in Keras."""

    def __init__(self, swapped: bool = False) -> None:
        super().__init__()
        self.swapped = swapped
        self.q, self.k, self.v, self.out = (layers.Dense(WIDTH) for _ in range(4))

    def call(self, x):
        heads = (-1, LENGTH, HEADS, WIDTH // HEADS)
        q, k, v = (ops.reshape(f(x), heads) for f in (self.q, self.k, self.v))
        if self.swapped:
            q, k = k, q
        scores = ops.softmax(ops.einsum("nthd,nshd->nhts", q, k) * (WIDTH // HEADS) ** -0.5)
        x = ops.einsum("nhts,nshd->nthd", scores, v)
        return self.out(ops.reshape(x, (-1, LENGTH, WIDTH)))


class Products(Three):
    """The same with matrix products, in PyTorch."""

    def forward(self, x: Tensor) -> Tensor:
        n, t, _ = x.shape
        q, k, v = (f(x).view(n, t, HEADS, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        scores = (q @ k.transpose(-2, -1) * (WIDTH // HEADS) ** -0.5).softmax(-1)
        return self.out((scores @ v).transpose(1, 2).reshape(n, t, -1))


def einsum(**options: bool) -> keras.Model:
    x = keras.Input((LENGTH, WIDTH))
    return keras.Model(x, Einsum(**options)(x))


def encoder() -> keras.Model:
    x = inputs = keras.Input((LENGTH, WIDTH))
    attended = layers.MultiHeadAttention(HEADS, WIDTH // HEADS)(x, x)
    x = layers.LayerNormalization(epsilon=1e-5)(x + layers.Dropout(0.1)(attended))
    hidden = layers.Dropout(0.1)(layers.Dense(24, "relu")(x))
    hidden = layers.Dropout(0.1)(layers.Dense(WIDTH)(hidden))
    return keras.Model(inputs, layers.LayerNormalization(epsilon=1e-5)(x + hidden))


PORTS = {
    "nn.MultiheadAttention": (Attends(), attends()),
    "with the sequence first": (Attends(batch_first=False), attends()),
    "chunks": (Chunks(), attends()),
    "one permutation": (Heads(), attends()),
    "three layers": (Three(), attends()),
    "Keras first": (attends(), Attends()),
    "in PyTorch, two ways": (Attends(), Three()),
    "in PyTorch, both packed": (Chunks(), Heads()),
    "products and einsum": (Products(), einsum()),
}


@pytest.mark.parametrize("port", PORTS.values(), ids=PORTS)
def test_ports_of_attention_are_proven(port):
    assert assert_equivalent(*port, INPUT, recorded=SOME).verdict == "equivalent"


@pytest.mark.parametrize("norm_first", [False])
def test_a_transformer_layer_is_proven(norm_first):
    module = nn.TransformerEncoderLayer(WIDTH, HEADS, 24, dropout=0.1, batch_first=True)
    module.self_attn.dropout = 0.0
    proof = assert_equivalent(module, encoder(), INPUT, recorded=SOME)
    assert proof.verdict == "equivalent"


def test_pieces_are_told_apart_by_their_part_in_attention():
    ours, theirs = load(Heads((2, 0, 1)), INPUT), load(attends(), ())
    found = pair_up(ours, theirs).alignment
    assert found.complete
    names = [name.rsplit(".", 2)[1] for name in found.splits["qkv.weight"]]
    assert names == ["key", "value", "query"]
    proof = assert_equivalent(Heads((2, 0, 1)), attends(), INPUT, recorded=SOME)
    assert proof.verdict == "equivalent"


def test_queries_and_keys_that_changed_places_are_seen():
    """Weights that are moved by structure go where they are used; by name they would not."""
    found = pair_up(load(Products(), INPUT), load(einsum(swapped=True), ())).alignment
    assert found.complete
    twin = {
        name.rsplit(".", 2)[-2]: other.rsplit(".", 2)[-2]
        for name, other in found.parameters.items()
    }
    assert (twin["q"], twin["k"]) != ("q", "k")
    turned = pair_up(load(Heads(), INPUT), load(Heads((1, 0, 2)), INPUT)).alignment
    assert turned.differences


def moved(tmp_path: Path, module: nn.Module, model: keras.Model, **arrays: np.ndarray):
    found = match(module, model, INPUT)
    state = {name: tensor.detach().numpy() for name, tensor in module.state_dict().items()}
    save_file(state | arrays, tmp_path / "a.safetensors")
    there = transfer(tmp_path / "a.safetensors", found.document, "twin", tmp_path / "b.safetensors")
    return found.document, state, load_file(there.files[0])


def test_a_packed_projection_goes_into_three_layers_and_back(tmp_path):
    module, model = Attends(), attends()
    document, state, tensors = moved(tmp_path, module, model)
    for variable in model.weights:
        if variable.path in tensors:
            variable.assign(tensors[variable.path])
    x = np.random.default_rng(0).normal(size=(3, LENGTH, WIDTH)).astype("f4")
    ours = module.eval()(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(np.asarray(model(x)), ours, rtol=1e-4, atol=1e-5)

    back = transfer(tmp_path / "b.safetensors", document, "reference", tmp_path / "c.safetensors")
    found = load_file(back.files[0])
    assert found.keys() == state.keys()
    assert all(found[name].tobytes() == array.tobytes() for name, array in state.items())
    assert {type(cut) for cut in document.map.cuts} == {Split}
    assert {type(cut) for cut in document.map.inverse.cuts} == {Join}


def test_optimizer_state_is_cut_like_its_parameter(tmp_path):
    module = Attends()
    random = np.random.default_rng(1)
    slots = {
        f"optimizer/moment_1/{name}": random.normal(size=tuple(p.shape)).astype("f4")
        for name, p in module.named_parameters()
    }
    _, _, tensors = moved(tmp_path, module, attends(), **slots, **{"optimizer/step": np.array(3)})
    whole = slots["optimizer/moment_1/attention.in_proj_weight"]
    (key,) = (name for name in tensors if name.startswith("optimizer") and "key/kernel" in name)
    expected = whole[WIDTH : 2 * WIDTH].T.reshape(WIDTH, HEADS, WIDTH // HEADS)
    np.testing.assert_array_equal(tensors[key], expected)
    assert tensors["optimizer/step"] == 3
    assert len([name for name in tensors if "moment_1" in name]) == 8


def test_a_piece_that_is_missing_is_named(tmp_path):
    document, _, tensors = moved(tmp_path, Attends(), attends())
    (key,) = (name for name in tensors if "key/kernel" in name)
    del tensors[key]
    save_file(tensors, tmp_path / "b.safetensors")
    with pytest.raises(UsageError, match=f"lacks {key}"):
        transfer(tmp_path / "b.safetensors", document, "reference", tmp_path / "c.safetensors")
