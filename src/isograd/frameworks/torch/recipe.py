"""Reading PyTorch's losses, optimizers and schedulers as a `Recipe`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from isograd.frameworks.torch.initialisers import initialisers
from isograd.ir.mapping import Array
from isograd.training import (
    SGD,
    Adagrad,
    Adam,
    Clipping,
    Decay,
    Loss,
    Optimizer,
    Recipe,
    RMSprop,
    TrainSpec,
    identify,
)
from isograd.training.description import summary
from isograd.training.losses import TORCH_LOG_FLOOR

NORM_EPSILON = 1e-6
"""What ``clip_grad_norm_`` adds to the norm."""

IGNORED = -100
"""The index that PyTorch ignores unless told otherwise: nobody's class."""

_CROSS = Loss(axis=1)
_CHANCES = Loss("binary_cross_entropy", takes="probabilities", floor=TORCH_LOG_FLOOR)

_LOSSES: dict[type[nn.Module], Loss] = {
    nn.CrossEntropyLoss: _CROSS,
    nn.NLLLoss: Loss(axis=1, takes="log_probabilities"),
    nn.BCELoss: _CHANCES,
    nn.BCEWithLogitsLoss: Loss("binary_cross_entropy"),
    nn.MSELoss: Loss("mean_squared_error", shapes="broadcast"),
    nn.L1Loss: Loss("mean_absolute_error", shapes="broadcast"),
    nn.HuberLoss: Loss("huber", shapes="broadcast"),
}

_FUNCTIONS: dict[Any, type[nn.Module]] = {
    F.cross_entropy: nn.CrossEntropyLoss,
    F.nll_loss: nn.NLLLoss,
    F.binary_cross_entropy: nn.BCELoss,
    F.binary_cross_entropy_with_logits: nn.BCEWithLogitsLoss,
    F.mse_loss: nn.MSELoss,
    F.l1_loss: nn.L1Loss,
    F.huber_loss: nn.HuberLoss,
}


def read(spec: TrainSpec) -> Recipe:
    """What ``spec`` does; whatever cannot be described is named in `Recipe.unread`.

    Parameters are named as in the module.
    """
    model = network(spec)
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    unread: list[str] = []
    loss = read_loss(spec.loss, spec.examples, unread) if spec.loss is not None else None
    optimizer = native_optimizer(spec, model)
    rule, decay, frozen = read_optimizer(optimizer, named, unread)
    return Recipe(
        loss or Loss(),
        rule,
        spec.batch_size,
        clipping=read_clipping(spec.clip, unread),
        decay=decay,
        frozen=frozen,
        schedule=read_schedule(spec, rule.learning_rate, unread),
        drop_last=spec.drop_last,
        shuffle=spec.shuffle,
        epochs=spec.epochs,
        precision=", ".join(sorted({str(p.dtype).removeprefix("torch.") for p in named.values()})),
        data=summary(spec.examples),
        initialisers=initialisers(model),
        unread=tuple(unread),
    )


def network(spec: TrainSpec) -> nn.Module:
    """The module that is, or is made by, ``spec.model``."""
    model = spec.model
    return model if isinstance(model, nn.Module) else model()


def native_optimizer(spec: TrainSpec, model: nn.Module) -> torch.optim.Optimizer | None:
    """The user's optimizer; one that is made by a function gets the parameters of ``model``."""
    if spec.optimizer is None or isinstance(spec.optimizer, torch.optim.Optimizer):
        return spec.optimizer
    made: torch.optim.Optimizer = spec.optimizer(model.parameters())
    return made


# Losses ---------------------------------------------------------------------------------------


def read_loss(loss: Any, examples: tuple[Array, Array] | None, unread: list[str]) -> Loss | None:
    """The definition of a module, of a function, or of what a user wrote."""
    module = as_module(loss)
    if module is None:
        found = identify(lambda outputs, targets: _called(loss, outputs, targets), examples)
        if found is None:
            unread.append(f"loss {described(loss)}")
        return found
    return _of_module(module, examples, unread)


def as_module(loss: Any) -> nn.Module | None:
    """A stock loss as a module: itself, or the one of the function's name."""
    if type(loss) in _LOSSES:
        return loss
    function, keywords = (loss.func, loss.keywords) if isinstance(loss, partial) else (loss, {})
    if not callable(function) or isinstance(function, nn.Module):
        return None
    kind = _FUNCTIONS.get(function)
    return kind(**keywords) if kind else None


def _of_module(
    module: nn.Module, examples: tuple[Array, Array] | None, unread: list[str]
) -> Loss | None:
    changes: dict[str, Any] = {"reduction": getattr(module, "reduction", "mean")}
    if changes["reduction"] == "none":
        changes["reduction"] = "mean"
    if getattr(module, "pos_weight", None) is not None:
        unread.append(f"loss {type(module).__name__} with pos_weight")
    weight = getattr(module, "weight", None)
    if weight is not None and type(module) in (nn.CrossEntropyLoss, nn.NLLLoss):
        changes["class_weights"] = tuple(weight.double().tolist())
    elif weight is not None:
        unread.append(f"loss {type(module).__name__} with weight")
    targets = examples[1] if examples else None
    ignored = getattr(module, "ignore_index", IGNORED)
    if ignored != IGNORED or (targets is not None and np.any(targets == IGNORED)):
        changes["ignored"] = ignored
    if getattr(module, "label_smoothing", 0.0):
        changes["smoothing"] = module.label_smoothing
    if isinstance(module, nn.HuberLoss):
        changes["delta"] = module.delta
    known = _LOSSES[type(module)]
    if known.kind == "cross_entropy" and targets is not None and targets.dtype.kind == "f":
        changes["targets"] = "distribution"
    return Loss(**{**vars(known), **changes})


def _called(loss: Callable[..., Any], outputs: Array, targets: Array) -> float | None:
    try:
        with torch.no_grad():
            found = loss(torch.from_numpy(outputs.copy()), torch.from_numpy(targets.copy()))
    except Exception:
        return None
    return float(found.double().mean()) if isinstance(found, Tensor) else None


def described(user: Any) -> str:
    """A user's function or class by its name, file and line."""
    target = user.func if isinstance(user, partial) else user
    target = target if inspect.isroutine(target) or inspect.isclass(target) else type(target)
    name = getattr(target, "__qualname__", repr(target))
    try:
        return f"{name} ({inspect.getsourcefile(target)}:{inspect.getsourcelines(target)[1]})"
    except (TypeError, OSError):
        return f"{target.__module__}.{name}"


# Optimizers -----------------------------------------------------------------------------------


def read_optimizer(
    optimizer: torch.optim.Optimizer | None, named: Mapping[str, Tensor], unread: list[str]
) -> tuple[Optimizer, Decay, tuple[str, ...]]:
    """Rule, decay, and the parameters that the optimizer was not given."""
    if optimizer is None:
        return Adam(), Decay(), ()
    group = optimizer.param_groups[0]
    kind = type(optimizer)
    rule = _RULES[kind](group) if kind in _RULES else Adam(float(group["lr"]))
    if kind not in _RULES:
        unread.append(f"optimizer {kind.__module__}.{kind.__qualname__}")
    if group.get("maximize"):
        unread.append("an optimizer that maximizes")
    alike = {"params", "weight_decay", "foreach", "fused", "capturable", "differentiable"}
    for other in optimizer.param_groups[1:]:
        for key in sorted(set(group) - alike):
            if other[key] != group[key]:
                unread.append(f"parameter groups with different {key}")
    names = {id(parameter): name for name, parameter in named.items()}
    groups = [
        (float(g.get("weight_decay") or 0.0), {names.get(id(p), "") for p in g["params"]})
        for g in optimizer.param_groups
    ]
    known = set().union(*(members for _, members in groups)) & set(named.keys())
    frozen = tuple(sorted(set(named) - known)) if known else ()
    rates = {rate for rate, _ in groups if rate}
    if len(rates) > 1:
        unread.append("parameter groups with different weight decays")
    if not rates:
        return rule, Decay(), frozen
    decoupled = bool(group.get("decoupled_weight_decay")) or kind is torch.optim.AdamW
    spared = {name for rate, members in groups if not rate for name in members if name}
    decay = Decay(max(rates), "decoupled" if decoupled else "coupled", tuple(sorted(spared)))
    return rule, decay, frozen


def _sgd(group: Mapping[str, Any]) -> Optimizer:
    momentum = float(group["momentum"])
    dampening = float(group["dampening"]) if momentum else 0.0
    return SGD(float(group["lr"]), momentum, bool(group["nesterov"]), dampening)


def _adam(group: Mapping[str, Any]) -> Optimizer:
    beta_1, beta_2 = map(float, group["betas"])
    return Adam(
        float(group["lr"]), beta_1, beta_2, float(group["eps"]), amsgrad=bool(group["amsgrad"])
    )


def _rmsprop(group: Mapping[str, Any]) -> Optimizer:
    rate, rho, epsilon, momentum = (float(group[k]) for k in ("lr", "alpha", "eps", "momentum"))
    return RMSprop(rate, rho, epsilon, momentum, centered=bool(group["centered"]))


def _adagrad(group: Mapping[str, Any]) -> Optimizer:
    start, decay = float(group["initial_accumulator_value"]), float(group["lr_decay"])
    return Adagrad(float(group["lr"]), float(group["eps"]), start, decay)


_RULES: dict[type[torch.optim.Optimizer], Callable[[Mapping[str, Any]], Optimizer]] = {
    torch.optim.SGD: _sgd,
    torch.optim.Adam: _adam,
    torch.optim.AdamW: _adam,
    torch.optim.RMSprop: _rmsprop,
    torch.optim.Adagrad: _adagrad,
}


# Around the step ------------------------------------------------------------------------------


def clipper(clip: Any) -> Callable[[Iterable[Tensor]], Any] | None:
    """What is called with the parameters after the backward pass."""
    if clip is None or callable(clip):
        return clip
    return partial(nn.utils.clip_grad_norm_, max_norm=float(clip))


def read_clipping(clip: Any, unread: list[str]) -> Clipping:
    """The definition of a norm, or of a function; one of a user's own is found out by calling."""
    function = clipper(clip)
    if function is None:
        return Clipping()
    generator = torch.Generator().manual_seed(0)
    shapes = ((3, 4), (5,))
    probes = [
        [torch.randn(shape, generator=generator, dtype=torch.float64) * scale for shape in shapes]
        for scale in (1e9, 1e3, 1e-9)
    ]
    try:
        seen = [_clipped(function, gradients) for gradients in probes]
    except Exception:
        unread.append(f"clipping by {described(clip)}")
        return Clipping()
    for candidate in _clippings(seen[0]):
        ours = [candidate.apply(_numbered(gradients)) for gradients in probes]
        pairs = zip(ours, map(_numbered, seen), strict=True)
        if all(np.allclose(a[k], b[k], rtol=1e-11, atol=0) for a, b in pairs for k in a):
            return candidate
    unread.append(f"clipping by {described(clip)}")
    return Clipping()


def _clipped(function: Callable[..., Any], gradients: list[Tensor]) -> list[Tensor]:
    parameters = [nn.Parameter(torch.zeros_like(gradient)) for gradient in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient.clone()
    function(parameters)
    return [parameter.grad for parameter in parameters if parameter.grad is not None]


def _numbered(tensors: Iterable[Tensor]) -> dict[str, Array]:
    return {str(number): tensor.numpy() for number, tensor in enumerate(tensors)}


def _clippings(seen: list[Tensor]) -> list[Clipping]:
    """What could have made these of very large gradients."""
    largest = max(float(tensor.abs().max()) for tensor in seen)
    together = float(sum(float((tensor**2).sum()) for tensor in seen) ** 0.5)
    alone = float(seen[0].norm())
    rounded = [float(f"{number:.10g}") for number in (largest, together, alone)]
    return [
        Clipping("value", rounded[0]),
        *(Clipping("global_norm", rounded[1], epsilon) for epsilon in (NORM_EPSILON, 0.0)),
        *(Clipping("norm", rounded[2], epsilon) for epsilon in (NORM_EPSILON, 0.0)),
    ]


def read_schedule(spec: TrainSpec, rate: float, unread: list[str]) -> tuple[float, ...]:
    """The learning rate of each step, taken from the scheduler itself."""
    if spec.schedule is None:
        return ()
    steps = spec.steps_per_epoch
    if steps is None:
        unread.append("a schedule, with data of unknown size")
        return ()
    probe = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=rate)
    scheduler = spec.schedule(probe)
    each, count = (steps, spec.epochs) if spec.schedule_per == "epoch" else (1, steps * spec.epochs)
    rates: list[float] = []
    try:
        for _ in range(count):
            rates += [float(probe.param_groups[0]["lr"])] * each
            probe.step()
            scheduler.step()
    except (TypeError, ValueError):  # ReduceLROnPlateau wants to see the loss
        unread.append(f"schedule {type(scheduler).__name__}")
        return ()
    return tuple(rates)
