"""PyTorch files: weights, optimizer state, and nothing that runs."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from isograd.checkpoints import Known, open_checkpoint
from isograd.errors import UsageError
from isograd.frameworks.torch.checkpoint import load_optimizer_state

OPTIMIZERS: dict[str, Callable] = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "adam": lambda p: torch.optim.Adam(p, lr=0.1),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.1),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.1, momentum=0.5),
}
TRAINABLE = ("0.weight", "0.bias", "1.weight", "1.bias", "2.weight", "2.bias")


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 3))


def train(model: nn.Module, optimizer: torch.optim.Optimizer, steps: int) -> None:
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.randn(8, 3, generator=generator)).square().mean().backward()
        optimizer.step()


def trained(path: Path, make: Callable = OPTIMIZERS["adam"]) -> torch.optim.Optimizer:
    model = network()
    optimizer = make(model.parameters())
    train(model, optimizer, 3)
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, path)
    return optimizer


class Harmful:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("key", [None, "model", "state_dict", "model_state_dict"])
def test_a_state_dict_is_found_by_itself_or_under_the_usual_keys(tmp_path, key):
    state = network().state_dict()
    torch.save(state if key is None else {key: state, "epoch": 3}, tmp_path / "x.pt")
    with open_checkpoint(tmp_path / "x.pt") as opened:
        assert opened.names == tuple(state)
        for name, value in state.items():
            np.testing.assert_array_equal(opened.read(name), value.numpy())


@pytest.mark.parametrize("zipped", [True, False])
def test_files_of_old_versions_are_read_too(tmp_path, zipped):
    torch.save(
        {"w": torch.arange(6.0).reshape(2, 3).T},
        tmp_path / "x.pth",
        _use_new_zipfile_serialization=zipped,
    )
    with open_checkpoint(tmp_path / "x.pth") as opened:
        np.testing.assert_array_equal(opened.read("w"), [[0, 3], [1, 4], [2, 5]])
        assert opened.read("w").flags.c_contiguous


def test_bfloat16_keeps_its_bits(tmp_path):
    values = torch.tensor([[1.0, -0.0], [float("nan"), 3e38]], dtype=torch.bfloat16)
    torch.save({"w": values, "n": torch.tensor(2)}, tmp_path / "x.pt")
    with open_checkpoint(tmp_path / "x.pt") as opened:
        assert opened.info("w") == ("BF16", (2, 2))
        np.testing.assert_array_equal(opened.read("w"), values.view(torch.int16).numpy().view("u2"))
        assert opened.read("n").shape == ()


@pytest.mark.parametrize("bare", [False, True])
def test_a_file_with_code_is_refused_and_the_code_not_run(tmp_path, bare):
    path, trace = tmp_path / "x.pt", tmp_path / "trace"
    if bare:
        path.write_bytes(pickle.dumps(Harmful(trace), protocol=2))
    else:
        torch.save({"model": network().state_dict(), "more": Harmful(trace)}, path)
    with pytest.raises(UsageError, match="nothing of it was run") as caught:
        open_checkpoint(path)
    assert not trace.exists()
    assert caught.value.where == str(path)
    assert "weights_only" not in str(caught.value)


@pytest.mark.parametrize("kept", [0, 10, 1000, -1])
def test_a_truncated_file_is_reported_with_its_path(tmp_path, kept):
    trained(tmp_path / "x.pt")
    (tmp_path / "x.pt").write_bytes((tmp_path / "x.pt").read_bytes()[:kept])
    with pytest.raises(UsageError, match="damaged") as caught:
        open_checkpoint(tmp_path / "x.pt")
    assert caught.value.where == str(tmp_path / "x.pt")


@pytest.mark.parametrize("content", [[torch.ones(1)], {"a": 3}, torch.ones(2)])
def test_what_is_no_state_dict_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "x.pt")
    with pytest.raises(UsageError, match=r"no state_dict|no tensor"):
        open_checkpoint(tmp_path / "x.pt")


def test_optimizer_state_has_the_definitions_names(tmp_path):
    optimizer = trained(tmp_path / "x.pt")
    with open_checkpoint(tmp_path / "x.pt", Known(trainable=TRAINABLE[::-1])) as opened:
        assert opened.read("optimizer/step") == 3
        state = list(optimizer.state.values())
        for name, of in zip(TRAINABLE, state, strict=True):
            np.testing.assert_array_equal(opened.read(f"optimizer/moment_1/{name}"), of["exp_avg"])
            np.testing.assert_array_equal(
                opened.read(f"optimizer/moment_2/{name}"), of["exp_avg_sq"]
            )


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_goes_on_from_restored_state_as_if_never_interrupted(tmp_path, name):
    trained(tmp_path / "x.pt", OPTIMIZERS[name])
    model = network(seed=5)
    optimizer = OPTIMIZERS[name](model.parameters())
    with open_checkpoint(tmp_path / "x.pt", Known(trainable=TRAINABLE)) as opened:
        arrays = {name: opened.read(name) for name in opened.names}
    model.load_state_dict(
        {name: torch.from_numpy(np.array(arrays[name])) for name in model.state_dict()}
    )
    load_optimizer_state(optimizer, TRAINABLE, arrays)
    train(model, optimizer, 2)

    uninterrupted = network()
    whole = OPTIMIZERS[name](uninterrupted.parameters())
    train(uninterrupted, whole, 3)
    train(uninterrupted, whole, 2)
    for found, expected in zip(model.parameters(), uninterrupted.parameters(), strict=True):
        np.testing.assert_array_equal(found.detach(), expected.detach())


def test_parameters_that_the_optimizer_names_need_no_order(tmp_path):
    model = network()
    optimizer = torch.optim.Adam(reversed(list(model.named_parameters())))
    train(model, optimizer, 1)
    torch.save(
        {"model": model.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "x.pt"
    )
    with open_checkpoint(tmp_path / "x.pt") as opened:
        expected = optimizer.state[model[0].weight]["exp_avg"]
        np.testing.assert_array_equal(opened.read("optimizer/moment_1/0.weight"), expected)


def test_state_of_parameters_that_nobody_names_is_refused(tmp_path):
    trained(tmp_path / "x.pt")
    with pytest.raises(UsageError, match="is not clear"):
        open_checkpoint(tmp_path / "x.pt", Known(trainable=TRAINABLE[:3]))


def test_state_that_has_no_counterpart_is_refused_and_can_be_left_out(tmp_path):
    trained(tmp_path / "x.pt", lambda p: torch.optim.Adam(p, amsgrad=True))
    with pytest.raises(UsageError, match="max_exp_avg_sq"):
        open_checkpoint(tmp_path / "x.pt", Known(trainable=TRAINABLE))
    with open_checkpoint(tmp_path / "x.pt", Known(optimizer=False)) as opened:
        assert not any(name.startswith("optimizer/") for name in opened.names)


@pytest.mark.parametrize("state", [{"state": 3}, {"state": {0: 3}, "param_groups": []}])
def test_a_damaged_optimizer_state_is_reported(tmp_path, state):
    torch.save({"model": network().state_dict(), "optimizer": state}, tmp_path / "x.pt")
    with pytest.raises(UsageError) as caught:
        open_checkpoint(tmp_path / "x.pt", Known(trainable=TRAINABLE))
    assert caught.value.where == str(tmp_path / "x.pt")


def test_state_of_a_parameter_that_the_optimizer_lacks_is_refused():
    model = network()
    optimizer = torch.optim.Adam(model.parameters())
    with pytest.raises(UsageError, match="'other'"):
        load_optimizer_state(optimizer, TRAINABLE, {"optimizer/moment_1/other": np.zeros(3)})
