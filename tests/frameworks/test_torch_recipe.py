"""PyTorch's own losses and optimizers do what the recipe that is read from them says."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from isograd.frameworks.torch.recipe import read
from isograd.training import Adam, Clipping, Decay, Initialiser, TrainSpec

GENERATOR = np.random.default_rng(3)
LOGITS = GENERATOR.normal(0, 2, (6, 4))
SHARES = np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True)
CHANCES = np.concatenate([SHARES[:5], [[0.0, 1.0, 0.5, 1e-50]]])
INDICES = np.array([0, 1, 2, 3, 1, 0])
BITS = GENERATOR.integers(0, 2, (6, 4)).astype(float)
REALS = GENERATOR.normal(0, 2, (6, 4))
COLUMN, ROW = GENERATOR.normal(0, 2, (6, 1)), GENERATOR.normal(0, 2, 6)
IMAGE, LABELS = GENERATOR.normal(0, 2, (2, 4, 3)), GENERATOR.integers(0, 4, (2, 3))
WEIGHT = torch.tensor([0.5, 1.0, 2.0, 3.0], dtype=torch.float64)

LOSSES = [
    (nn.CrossEntropyLoss(), LOGITS, INDICES),
    (nn.CrossEntropyLoss(), IMAGE, LABELS),
    (nn.CrossEntropyLoss(), SHARES, INDICES),
    (nn.CrossEntropyLoss(reduction="sum"), LOGITS, INDICES),
    (nn.CrossEntropyLoss(label_smoothing=0.1), LOGITS, INDICES),
    (nn.CrossEntropyLoss(ignore_index=1), LOGITS, INDICES),
    (nn.CrossEntropyLoss(ignore_index=1, label_smoothing=0.1), LOGITS, INDICES),
    (nn.CrossEntropyLoss(WEIGHT), LOGITS, INDICES),
    (nn.CrossEntropyLoss(WEIGHT, label_smoothing=0.1), LOGITS, INDICES),
    (nn.CrossEntropyLoss(WEIGHT), LOGITS, SHARES),
    (nn.CrossEntropyLoss(), LOGITS, SHARES),
    (nn.NLLLoss(), LOGITS, INDICES),
    (nn.NLLLoss(WEIGHT, ignore_index=2), LOGITS, INDICES),
    (nn.BCELoss(), CHANCES, BITS),
    (nn.BCELoss(reduction="sum"), SHARES, BITS),
    (nn.BCEWithLogitsLoss(), LOGITS, BITS),
    (nn.MSELoss(), LOGITS, REALS),
    (nn.MSELoss(reduction="sum"), LOGITS, REALS),
    (nn.MSELoss(), COLUMN, ROW),
    (nn.L1Loss(), LOGITS, REALS),
    (nn.HuberLoss(delta=0.5), LOGITS, REALS),
    (F.cross_entropy, LOGITS, INDICES),
    (partial(F.cross_entropy, label_smoothing=0.2), LOGITS, INDICES),
    (F.mse_loss, LOGITS, REALS),
]


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3)).double()


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize(("loss", "outputs", "targets"), LOSSES)
def test_the_definition_is_what_pytorch_computes(loss, outputs, targets):
    found = read(TrainSpec(net, loss, data=(np.zeros((6, 5)), targets)))
    assert found.unread == ()
    native = torch.from_numpy(outputs.copy()).requires_grad_()
    value = loss(native, torch.from_numpy(targets))
    (gradient,) = torch.autograd.grad(value, native)
    assert found.loss.value(outputs, targets) == pytest.approx(float(value.detach()), rel=1e-14)
    np.testing.assert_allclose(
        found.loss.gradient(outputs, targets), gradient.numpy(), rtol=1e-13, atol=1e-16
    )


def mine(outputs, targets):
    return -(targets * torch.log(outputs)).sum(-1).mean()


def wild(outputs, targets):
    return ((outputs - targets) ** 2).mean() + outputs.abs().max()


def per_example(outputs, targets):
    return F.cross_entropy(outputs, targets, reduction="none")


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (mine, {"kind": "cross_entropy", "takes": "probabilities", "targets": "distribution"}),
        (per_example, {"kind": "cross_entropy", "takes": "logits", "reduction": "mean"}),
        (lambda o, t: F.mse_loss(o, t, reduction="sum") / len(o), {"reduction": "batch"}),
        (lambda o, t: F.nll_loss(F.log_softmax(o, -1), t), {"takes": "logits"}),
        (lambda o, t: ((o - t) ** 2).mean(), {"shapes": "broadcast"}),
        (lambda o, t: ((o.squeeze(-1) - t) ** 2).mean(), {"shapes": "aligned"}),
    ],
)
def test_a_function_of_a_users_own_is_recognised_by_what_it_computes(function, expected):
    # Rows: the fourth is the same loss of matrices only.
    found = read(TrainSpec(net, function, data=(np.zeros((6, 5)), INDICES)))
    assert found.unread == ()
    assert expected.items() <= vars(found.loss).items()


def test_a_function_that_is_no_known_loss_is_named_with_its_line():
    (unread,) = read(TrainSpec(net, wild)).unread
    assert "wild" in unread
    assert "test_torch_recipe.py:" in unread


OPTIMIZERS = [
    partial(torch.optim.SGD, lr=0.1),
    partial(torch.optim.SGD, lr=0.1, momentum=0.9),
    partial(torch.optim.SGD, lr=0.1, momentum=0.9, nesterov=True),
    partial(torch.optim.SGD, lr=0.1, momentum=0.9, dampening=0.3),
    partial(torch.optim.SGD, lr=0.1, weight_decay=0.1),
    partial(torch.optim.Adam, lr=0.01),
    partial(torch.optim.Adam, lr=0.01, eps=0.1),
    partial(torch.optim.Adam, lr=0.01, amsgrad=True),
    partial(torch.optim.Adam, lr=0.01, weight_decay=0.1),
    partial(torch.optim.AdamW, lr=0.01, weight_decay=0.1),
    partial(torch.optim.RMSprop, lr=0.01, eps=0.1),
    partial(torch.optim.RMSprop, lr=0.01, momentum=0.9),
    partial(torch.optim.RMSprop, lr=0.01, centered=True),
    partial(torch.optim.Adagrad, lr=0.1, lr_decay=0.1, initial_accumulator_value=0.2),
]


def apart(recipe, native: torch.optim.Optimizer, model, steps: int, clip=None) -> float:
    """The largest relative distance between NumPy's parameters and PyTorch's, on one sequence of
    gradients."""
    named = dict(model.named_parameters())
    ours = {name: p.detach().numpy().copy() for name, p in named.items()}
    state, generator, worst = recipe.start(ours), np.random.default_rng(0), 0.0
    for step in range(1, steps + 1):
        gradients = {n: generator.normal(0, 0.3, a.shape) for n, a in ours.items()}
        for name, parameter in named.items():
            parameter.grad = torch.from_numpy(gradients[name].copy())
        if clip:
            clip(list(named.values()))
        native.step()
        ours = recipe.update(ours, gradients, state, step)
        for name, parameter in named.items():
            there = parameter.detach().numpy()
            worst = max(worst, float(np.abs(ours[name] - there).max() / np.abs(there).max()))
    return worst


@pytest.mark.parametrize("make", OPTIMIZERS)
@pytest.mark.parametrize("steps", [1, 10, 100])
def test_the_rule_is_what_pytorch_does(make, steps):
    model = net()
    native = make(model.parameters())
    recipe = read(TrainSpec(model, nn.MSELoss(), native))
    assert recipe.unread == ()
    assert apart(recipe, native, model, steps) < 1e-15 * (10 + steps)


def test_another_form_would_be_noticed():
    model = net()
    native = torch.optim.Adam(model.parameters(), lr=0.01)
    recipe = read(TrainSpec(model, nn.MSELoss(), torch.optim.Adam(model.parameters(), eps=1e-7)))
    assert apart(recipe, native, model, 10) > 1e-9


@pytest.mark.parametrize(
    ("clip", "expected"),
    [
        (0.5, Clipping("global_norm", 0.5, 1e-6)),
        (partial(nn.utils.clip_grad_norm_, max_norm=0.7), Clipping("global_norm", 0.7, 1e-6)),
        (lambda p: nn.utils.clip_grad_value_(p, 0.2), Clipping("value", 0.2)),
    ],
)
def test_clipping_is_found_out(clip, expected):
    model = net()
    native = torch.optim.SGD(model.parameters(), lr=0.1)
    recipe = read(TrainSpec(model, nn.MSELoss(), native, clip=clip))
    assert recipe.clipping == expected
    function = clip if callable(clip) else partial(nn.utils.clip_grad_norm_, max_norm=clip)
    assert apart(recipe, native, model, 10, function) < 1e-14


def test_parameter_groups_say_what_decays_and_what_is_left_out():
    model = net()
    groups = [{"params": [model[0].weight], "weight_decay": 0.1}, {"params": [model[0].bias]}]
    recipe = read(TrainSpec(model, nn.MSELoss(), torch.optim.AdamW(groups, weight_decay=0.0)))
    assert recipe.decay == Decay(0.1, "decoupled", ("0.bias",))
    assert recipe.frozen == ("2.bias", "2.weight")
    assert recipe.optimizer == Adam()


def test_what_cannot_be_described_is_named():
    model = net()
    groups = [{"params": [model[0].weight]}, {"params": [model[0].bias], "lr": 0.5}]
    unread = read(TrainSpec(model, nn.MSELoss(), torch.optim.SGD(groups, lr=0.1))).unread
    assert unread == ("parameter groups with different lr",)
    unread = read(TrainSpec(model, nn.MSELoss(), torch.optim.Adamax(model.parameters()))).unread
    assert "Adamax" in unread[0]


def test_a_schedule_is_sampled():
    spec = TrainSpec(
        net,
        nn.MSELoss(),
        partial(torch.optim.SGD, lr=0.1),
        data=(np.zeros((10, 5)), np.zeros((10, 3))),
        batch_size=4,
        epochs=2,
        schedule=partial(torch.optim.lr_scheduler.StepLR, step_size=1, gamma=0.5),
    )
    assert read(spec).schedule == (0.1,) * 3 + (0.05,) * 3


def test_initialisers_are_read_or_estimated():
    model = nn.Sequential(nn.Linear(100, 50), nn.Linear(50, 40))
    nn.init.normal_(model[1].weight, std=0.3)
    nn.init.zeros_(model[1].bias)
    found = read(TrainSpec(model, nn.MSELoss())).initialisers
    assert found["0.weight"] == found["0.bias"] == Initialiser("uniform", 0.1)
    assert found["1.weight"].agrees(Initialiser("normal", 0.3))
    assert found["1.bias"] == Initialiser("constant", 0.0)
