"""A checkpoint goes into a network that its user wrote in the other framework."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import torch
from keras import layers
from safetensors.numpy import load_file
from torch import Tensor, nn
from typer.testing import CliRunner

from isograd.cli import app
from isograd.errors import UsageError
from isograd.run.matching import match
from isograd.run.transfer import transfer


class Images(nn.Module):
    def __init__(self, eps: float = 1e-3) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6, eps=eps)
        self.conv2 = nn.Conv2d(6, 4, 3)
        self.drop = nn.Dropout(0.3)
        self.hidden = nn.Linear(4 * 3 * 2, 7)
        self.head = nn.Linear(7, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.max_pool2d(self.norm(self.conv1(x)).relu(), 2)
        x = torch.max_pool2d(self.conv2(x).relu(), (1, 2))
        return self.head(self.drop(self.hidden(x.flatten(1)).relu()))


def images(activation: str = "relu") -> keras.Model:
    return keras.Sequential([
        keras.Input((10, 12, 3)),
        layers.Conv2D(6, 3, padding="same"),
        layers.BatchNormalization(),
        layers.Activation(activation),
        layers.MaxPooling2D(2),
        layers.Conv2D(4, 3, activation="relu"),
        layers.MaxPooling2D((1, 2)),
        layers.Flatten(),
        layers.Dense(7, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(5),
    ])  # fmt: skip


class Words(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(20, 6)
        self.mix = nn.Conv1d(6, 8, 3, padding=1)
        self.gru = nn.GRU(8, 5, batch_first=True, bias=False)
        self.head = nn.Linear(5, 3)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.mix(self.table(tokens).transpose(1, 2)).transpose(1, 2)
        return self.head(self.gru(x)[0][:, -1])


def words() -> keras.Model:
    tokens = keras.Input((9,), dtype="int64")
    x = layers.Embedding(20, 6)(tokens)
    x = layers.Conv1D(8, 3, padding="same")(x)
    return keras.Model(tokens, layers.Dense(3)(layers.GRU(5, use_bias=False)(x)))


class Branches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.left, self.right, self.head = nn.Linear(4, 6), nn.Linear(4, 6), nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.left(x) + self.right(x))


def branches() -> keras.Model:
    x = keras.Input((4,))
    added = layers.Add()([layers.Dense(6, name="one")(x), layers.Dense(6, name="two")(x)])
    return keras.Model(x, layers.Dense(2, name="head")(added))


def moved(module: nn.Module, model: keras.Model, inputs: str, folder, **options) -> list[str]:
    """Moves the weights; returns what differs in training."""
    torch.save(module.state_dict(), folder / "a.pt")
    found = match(module, model, [inputs], **options)
    done = transfer(folder / "a.pt", found.document, "twin", folder / "b.safetensors")
    tensors = load_file(done.files[0])
    assert {variable.path for variable in model.weights} <= {*tensors, *counters(model)}
    for variable in model.weights:
        if variable.path in tensors:
            variable.assign(tensors[variable.path])
    return list(found.notes)


def counters(model: keras.Model) -> list[str]:
    return [variable.path for variable in model.weights if "seed" in variable.path]


def assert_same_outputs(module: nn.Module, model: keras.Model, x: np.ndarray) -> None:
    given = x.transpose(0, 2, 3, 1) if x.ndim == 4 else x
    ours = module.eval()(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(np.asarray(model(given)), ours, rtol=1e-4, atol=1e-5)


def disturbed(module: nn.Module) -> nn.Module:
    """Running statistics that are not those of a new network."""
    for name, buffer in module.named_buffers():
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 1.5)
        assert name
    return module


def test_images_are_channels_first_here_and_last_there(tmp_path):
    module, model = disturbed(Images()), images()
    notes = moved(module, model, "x=float32[N,3,10,12]", tmp_path)
    x = np.random.default_rng(0).normal(size=(3, 3, 10, 12)).astype("f4")
    assert_same_outputs(module, model, x)
    assert len(notes) == 3
    assert "BatchNorm: momentum=0.1 against momentum=0.01" in notes[0]
    assert "BatchNorm: unbiased=True against unbiased=False" in notes[1]
    assert "Dropout: p=0.3 against p=0.5" in notes[2]


def test_sequences_are_told_apart_from_channels(tmp_path):
    module, model = Words(), words()
    assert moved(module, model, "tokens=int64[N,9]<20", tmp_path) == []
    assert_same_outputs(module, model, np.random.default_rng(0).integers(0, 20, (3, 9)))


@pytest.mark.parametrize(
    ("module", "model", "words"),
    [
        (
            Images(eps=1e-5),
            images(),
            r"BatchNorm: eps=1e-05 against eps=0.001.*norm.*test_matching",
        ),
        (Images(), images("tanh"), r"ReLU\(\) against Tanh\(\)"),
    ],
    ids=["another epsilon", "another activation"],
)
def test_networks_that_compute_something_else_are_refused_with_the_place(module, model, words):
    with pytest.raises(UsageError, match=words):
        match(module, model, ["x=float32[N,3,10,12]"])


def test_branches_that_are_alike_are_listed_and_not_guessed(tmp_path):
    with pytest.raises(
        UsageError, match=r"cannot tell which is which: left\.bias, left\.weight"
    ) as e:
        match(Branches(), branches(), ["x=float32[N,4]"])
    assert "--pair" in str(e.value)


def test_branches_that_are_alike_are_told_apart_by_their_user(tmp_path):
    module, model = Branches(), branches()
    pairs = {
        f"{ours}.{role}": f"{theirs}/{name}"
        for ours, theirs in (("left", "two"), ("right", "one"))
        for role, name in (("weight", "kernel"), ("bias", "bias"))
    }
    moved(module, model, "x=float32[N,4]", tmp_path, pairs=pairs)
    np.testing.assert_array_equal(
        np.asarray(model.get_layer("two").kernel), module.left.weight.detach().numpy().T
    )


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ({"lift.weight": "one/kernel"}, "Did you mean 'left.weight'"),
        ({"left.weight": "uno/kernel"}, "Unknown tensor of the second network"),
        ({"left.weight": "head/kernel"}, "cannot tell which is which"),
        ({"left.weight": "one/kernel", "right.weight": "one/kernel"}, "cannot tell"),
    ],
)
def test_pairs_that_cannot_be_are_refused(pairs, words):
    with pytest.raises(UsageError, match=words):
        match(Branches(), branches(), ["x=float32[N,4]"], pairs=pairs)


def test_the_command_says_what_differs_and_writes_the_mapping(tmp_path, monkeypatch):
    (tmp_path / "ours.py").write_text(
        "from torch import nn\n\n\ndef net():\n"
        "    return nn.Sequential(nn.Linear(3, 4), nn.ReLU())\n"
    )
    (tmp_path / "theirs.py").write_text(
        "import keras\n\n\ndef net():\n"
        "    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, 'relu')])\n"
    )
    state = {"0.weight": torch.ones(4, 3), "0.bias": torch.ones(4)}
    torch.save(state, tmp_path / "a.pt")
    monkeypatch.chdir(tmp_path)
    words = "transfer a.pt --from ours.py:net --to theirs.py:net --out b.safetensors"
    done = CliRunner().invoke(app, [*words.split(), "--input", "x=float32[N,3]"])
    assert done.exit_code == 0, done.output
    assert sorted(load_file("b.safetensors")) == [
        "sequential/dense/bias",
        "sequential/dense/kernel",
    ]
    again = ["transfer", "a.pt", "--mapping", "b.mapping.json", "--to", "tensorflow"]
    assert CliRunner().invoke(app, [*again, "--out", "c.safetensors"]).exit_code == 0
    assert (tmp_path / "b.safetensors").read_bytes() == (tmp_path / "c.safetensors").read_bytes()


def test_without_a_mapping_both_networks_must_be_named():
    done = CliRunner().invoke(app, ["transfer", "a.pt", "--to", "torch", "--out", "b.safetensors"])
    assert isinstance(done.exception, UsageError)
    assert "--from net.py:Net --to port.py:Net" in str(done.exception)
